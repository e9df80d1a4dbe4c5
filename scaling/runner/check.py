"""Whether the images or the model set the pace of a training on this machine."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import stats

from scaling.datasets import DataError, DatasetInfo, dataset_info
from scaling.errors import UserError
from scaling.runner.data import Augmentation, Batch, ImageDataset, load
from scaling.runner.data.cores import threads
from scaling.schema import Dataset, Recipe, Variant

GROUPS = 10
"""Of batches, each of which gives a rate; their spread gives the interval."""

WARMUP_BATCHES = 4

Bottleneck: TypeAlias = Literal["data", "model", "undecided"]


@dataclass(frozen=True)
class Rate:
    """Images per second, with the 95% interval of their mean."""

    mean: float
    low: float
    high: float


def check(
    dataset: Dataset, variant: Variant | None, resolution: int | None, recipe: Recipe, seconds: float
) -> dict[str, Any]:
    """Measures a data set's pipeline alone and, where a variant is given, its training step alone; JSON values.

    Args:
        dataset: which, and how many images.
        variant: the model to compare with.
        resolution: pixels a side; None: the variant's, else the data set's own.
        recipe: batch size, and RandAugment's layers and magnitude.
        seconds: to measure each for.

    Raises:
        DataError: if the images are not there, or do not fill a batch.
        UserError: if the variant has another resolution.
    """
    if variant and resolution not in (None, variant.resolution):
        raise UserError(f"resolution {resolution}: {variant.name} has its own; leave one out")
    known = dataset_info(dataset.name)
    side = variant.resolution if variant else resolution or known.size
    data = load(dataset, side)
    rate = pipeline_rate(data, recipe.batch_size, Augmentation.of(dataset, recipe), seconds)
    model = _model(variant, known, recipe, seconds) if variant else None
    return {
        "dataset": dataset.name,
        "title": known.title,
        "train": data.train_size,
        "validation": data.validation_size,
        "test": data.test_size,
        "resolution": side,
        "batch_size": recipe.batch_size,
        "randaugment_layers": recipe.randaugment_layers,
        "cores": threads(),
        "images_per_second": rate.mean,
        "low": rate.low,
        "high": rate.high,
        "per_core": rate.mean / threads(),
        "skipped": list(data.skipped),
        "model": model,
        "bottleneck": bottleneck(rate, model["images_per_second"]) if model else None,
    }


def bottleneck(data: Rate, model: float) -> Bottleneck:
    """What is slower, where the interval tells."""
    if data.high < model:
        return "data"
    return "model" if data.low > model else "undecided"


def pipeline_rate(
    data: ImageDataset,
    batch_size: int,
    augmentation: Augmentation,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Rate:
    """Images per second that training batches come at when nobody works on them; the first few are left out.

    Raises:
        DataError: if the training images do not fill a batch.
    """
    if data.train_size < batch_size:
        raise DataError(f"{data.train_size} training images do not fill one batch of {batch_size}")
    batches = _endless(data, batch_size, augmentation)
    for _ in range(WARMUP_BATCHES):
        next(batches)
    ends = [clock()]
    while len(ends) <= GROUPS or ends[-1] - ends[0] < seconds:
        next(batches)
        ends.append(clock())
    return _rate(ends, batch_size)


def _endless(data: ImageDataset, batch_size: int, augmentation: Augmentation) -> Iterator[Batch]:
    for epoch in itertools.count(1):
        yield from data.training(batch_size, 0, epoch, augmentation)


def _rate(ends: Sequence[float], batch_size: int) -> Rate:
    """From the times at which batches were there; what is over after equal groups is left out."""
    each = (len(ends) - 1) // GROUPS
    durations = np.diff(np.asarray(ends)[: each * GROUPS + 1 : each])
    rates = each * batch_size / durations
    half = stats.t.ppf(0.975, GROUPS - 1) * rates.std(ddof=1) / GROUPS**0.5
    mean = float(rates.mean())
    return Rate(mean, mean - float(half), mean + float(half))


def _model(variant: Variant, known: DatasetInfo, recipe: Recipe, seconds: float) -> dict[str, Any]:
    from scaling.runner import latency
    from scaling.runner.compute.program import Program, ProgramKey

    program = Program(ProgramKey.of(variant, known, recipe))
    batch_size, timing = latency.time_phase(program, "training", recipe.batch_size, seconds)
    return {
        "name": variant.name,
        "batch_size": batch_size,
        "images_per_second": batch_size / timing.median_ms * 1e3,
    }
