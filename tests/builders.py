"""Records and results folders made up for tests, valid by the schema."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scaling.results.records import ResultsFolder
from scaling.schema import (
    Dataset,
    Environment,
    Failure,
    FailureKind,
    LatencyRecord,
    LatencyRequest,
    Phase,
    Precision,
    Recipe,
    Score,
    TrainRecord,
    Trial,
    Variant,
)

FINISHED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def environment(device: str = "test cpu") -> Environment:
    return Environment(
        versions={"python": "3.11", "backend": "tensorflow"},
        platform="Linux x86_64",
        device=device,
        cores=2,
        memory_gb=8.0,
    )


def trial(
    *,
    dataset: str = "synthetic",
    train_examples: int | None = None,
    seed: int = 0,
    epochs: int = 1,
    recipe: dict[str, Any] | None = None,
    **variant: Any,
) -> Trial:
    """A trial of `Variant(**variant)`; depth 14, width 0.25 and resolution 16 unless told otherwise."""
    return Trial(
        dataset=Dataset(name=dataset, train_examples=train_examples),
        variant=Variant(**{"depth": 14, "width": 0.25, "resolution": 16, **variant}),
        recipe=Recipe(**{"epochs": epochs, **(recipe or {})}),
        seed=seed,
    )


def train_record(
    of: Trial | None = None,
    *,
    top1: float = 0.5,
    n: int = 1000,
    failure: FailureKind | None = None,
    macs: int | None = None,
    params: int | None = None,
    device: str = "test cpu",
    **fields: Any,
) -> TrainRecord:
    """What training `of` gave: `top1` of `n` right by all scores, or a failure. Costs grow with depth and width."""
    of = of or trial()
    variant = of.variant
    size = variant.depth * variant.width**2
    score = None if failure else Score(correct=round(top1 * n), n=n, loss=1.0)
    scores = dict.fromkeys(("validation_raw", "validation_ema", "test_raw", "test_ema"), score)
    return TrainRecord(
        trial_id=of.id,
        trial=of,
        params=params or round(1e5 * size),
        macs=macs or round(1e4 * size * variant.resolution**2),
        activations=round(1e3 * variant.depth * variant.width * variant.resolution**2),
        failure=Failure(kind=failure, message=f"made up: {failure}") if failure else None,
        train_seconds=None if failure else 10.0 * of.recipe.epochs,
        setup_seconds=1.0,
        finished=FINISHED,
        environment=environment(device),
        **scores | fields,
    )


def latency_record(
    variant: Variant,
    *,
    median_ms: float = 10.0,
    spread: float = 0.02,
    phase: Phase = "training",
    batch_size: int = 128,
    precision: Precision = "float32",
    failure: FailureKind | None = None,
    device: str = "test cpu",
    classes: int = 10,
    channels: int = 3,
) -> LatencyRecord:
    """What timing `variant` gave, for pictures like those of the data set `synthetic`; the interval is +- `spread`."""
    request = LatencyRequest(
        variant=variant, classes=classes, channels=channels, phase=phase, batch_size=batch_size, precision=precision
    )
    if failure:
        failed = Failure(kind=failure, message=f"made up: {failure}")
        return LatencyRecord(request=request, failure=failed, finished=FINISHED, environment=environment(device))
    return LatencyRecord(
        request=request,
        batch_size=batch_size,
        median_ms=median_ms,
        p10_ms=median_ms * (1 - 2 * spread),
        p90_ms=median_ms * (1 + 2 * spread),
        low_ms=median_ms * (1 - spread),
        high_ms=median_ms * (1 + spread),
        n=30,
        converged=True,
        finished=FINISHED,
        environment=environment(device),
    )


def results_folder(
    path: Path,
    training: Iterable[TrainRecord] = (),
    latency: Iterable[LatencyRecord] = (),
    study: str | None = None,
) -> ResultsFolder:
    """A folder as a driver would have left it; `study` is the text of its `study.yaml`."""
    folder = ResultsFolder(path)
    with folder.writing():
        folder.training.path.touch()
        for record in training:
            folder.training.append(record)
        for timing in latency:
            folder.latency.append(timing)
    if study is not None:
        folder.study_file.write_text(study)
    return folder
