"""What a data set holds, and whether its images or the model set the pace of a training on this machine."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import stats

from scaling.datasets import DatasetInfo, check_batch, dataset_info, default_fraction, folder
from scaling.datasets.registry import find
from scaling.errors import UserError
from scaling.runner.compute import precision
from scaling.runner.data import Augmentation, Batch, ImageDataset, load
from scaling.runner.data.cores import threads
from scaling.runner.inspection import LOOKED_INTO, inspect
from scaling.runner.tracked import Tracked, untracked
from scaling.schema import Dataset, Recipe, Variant

GROUPS, LEAST_GROUPS = 10, 3
"""Of batches, whose durations differ; that gives the interval."""

LONGEST = 3.0
"""Times as long as is asked for, at most, where a few batches already take longer."""

WARMUP_BATCHES = 4

Bottleneck: TypeAlias = Literal["data", "model", "undecided"]


@dataclass(frozen=True)
class Rate:
    """Images per second, with their 95% interval."""

    mean: float
    low: float
    high: float


def dataset_of(name: str, validation_fraction: float | None) -> Dataset:
    """A data set as a study would have it that says no more of it.

    Args:
        name: as study files give it.
        validation_fraction: None: the one that is chosen for it.

    Raises:
        DataError: if no data set has this name, or it is not on this machine.
    """
    chosen = default_fraction(name) if validation_fraction is None else validation_fraction
    return Dataset(name=name) if chosen is None else Dataset(name=name, validation_fraction=chosen)


def overview(dataset: Dataset, most: int = LOOKED_INTO, tracked: Tracked = untracked) -> dict[str, Any]:
    """What a data set holds, without loading it: its splits and, of an image folder, what is in it; JSON values.

    Args:
        dataset: which, and how much of it is held out.
        most: images of a folder that are looked into.
        tracked: shows progress.

    Raises:
        DataError: if no data set has this name, or it is not on this machine.
    """
    known = dataset_info(dataset.name)
    splits = known.splits(dataset.validation_fraction)
    return {
        "dataset": dataset.name,
        "title": known.title,
        "train": splits.train,
        "validation": splits.validation,
        "test": splits.test,
        "validation_fraction": None if known.validation else dataset.validation_fraction,
        "problem": splits.problem(),
        "size": known.size,
        "folder": _inside(dataset, most, tracked),
    }


def _inside(dataset: Dataset, most: int, tracked: Tracked) -> dict[str, Any] | None:
    """What is in an image folder; None for other data sets."""
    if find(dataset.name).pattern != folder.PATTERN:
        return None
    scanned = folder.scan(dataset.name.partition(":")[2])
    return inspect(scanned, dataset.validation_fraction, most, tracked).as_json()


def speed(
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
    known = dataset_info(dataset.name)
    side = side_of(variant, resolution, known.size)
    data = load(dataset, side)
    rate = pipeline_rate(data, recipe.batch_size, Augmentation.of(dataset, recipe), seconds)
    model = _model(variant, known, recipe, seconds) if variant else None
    return {
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


def side_of(variant: Variant | None, resolution: int | None, usual: int) -> int:
    """Pixels a side: the variant's, else those asked for, else those that are usual.

    Raises:
        UserError: if the variant has others than those asked for.
    """
    if variant and resolution not in (None, variant.resolution):
        raise UserError(f"resolution {resolution}: {variant.name} has its own; leave one out")
    return variant.resolution if variant else resolution or usual


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
    check_batch(data.train_size, batch_size)
    batches, begin, limit = _endless(data, batch_size, augmentation), clock(), LONGEST * max(seconds, 5.0)
    for _ in range(WARMUP_BATCHES):
        next(batches)
        if clock() - begin > seconds > 0:
            break
    ends = [clock()]
    while len(ends) <= GROUPS or ends[-1] - ends[0] < seconds:
        next(batches)
        ends.append(clock())
        if len(ends) > LEAST_GROUPS and ends[-1] - ends[0] > limit:
            break
    return _rate(ends, batch_size, data.train_size // batch_size)


def _endless(data: ImageDataset, batch_size: int, augmentation: Augmentation) -> Iterator[Batch]:
    for epoch in itertools.count(1):
        yield from data.training(batch_size, 0, epoch, augmentation)


def _rate(ends: Sequence[float], batch_size: int, epoch: int) -> Rate:
    """From the times at which batches were there: all images over all time, and how far equal groups are from it.

    Batches come in bursts, and each epoch begins slowly. So a group is a whole epoch where several were measured, and
    the interval is one of the logarithm: it is never below 0.
    """
    batches = len(ends) - 1
    each = max(1, batches // GROUPS)
    if each < epoch <= batches // LEAST_GROUPS:
        each = epoch
    durations = np.diff(np.asarray(ends)[::each])
    mean = max(float(durations.mean()), 1e-9)
    error = float(durations.std(ddof=1)) / mean / len(durations) ** 0.5
    away = math.exp(min(float(stats.t.ppf(0.975, len(durations) - 1)) * error, 50.0))
    rate = each * batch_size / mean
    return Rate(rate, rate / away, rate * away)


def _model(variant: Variant, known: DatasetInfo, recipe: Recipe, seconds: float) -> dict[str, Any]:
    from scaling.runner import latency
    from scaling.runner.compute.program import Program, ProgramKey

    program = Program(ProgramKey.of(variant, known, recipe, precision.of_recipe(recipe, variant, known)))
    batch_size, timing = latency.time_phase(program, "training", recipe.batch_size, seconds)
    return {
        "name": variant.name,
        "batch_size": batch_size,
        "images_per_second": batch_size / timing.median_ms * 1e3,
    }
