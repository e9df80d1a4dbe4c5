"""Records as one tidy frame: one row a trial, the variant's latency joined to it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from scaling.datasets import DATASETS
from scaling.records import ResultsFolder, find, latest
from scaling.schema import Dataset, LatencyRecord, Recipe, Reported, Score, TrainRecord, Trial

SCORES = ("validation_raw", "validation_ema", "test_raw", "test_ema")


def load_results(*paths: str | os.PathLike[str]) -> pd.DataFrame:
    """Loads the studies found in `paths` and below them.

    Args:
        *paths: results folders, or folders of them; `results/` where none is given.

    Returns:
        One row a trial, the last record of each (a success, once there is one, over any failure). Columns: `study`,
        `folder`, `trial_id`, `status` (`ok` or `failed`), `failure_kind`, `failure_message`; the fields of dataset
        (`dataset`, `train_examples`, `validation_fraction`), variant, recipe, and `seed`; `params`, `macs`,
        `activations`; for each score `*_top1` (fraction), `*_correct`, `*_n`, `*_loss`; `top1`, `top1_n`,
        `test_top1`: of the averaged weights where the recipe averages, else of the raw ones; `train_top1`, the last
        epoch's, augmentation and dropout on; `train_seconds`,
        `device`; and for each phase `training_ms` / `inference_ms` (median), `*_low_ms`, `*_high_ms` (95%),
        `*_p10_ms`, `*_p90_ms`, `*_n`, `*_batch_size`, `*_measured_batch_size` (where it was another than the times are
        stated for), `*_precision`, `*_device` (with the backend). What is missing is NaN or None.

    Raises:
        scaling.records.ResultsError: if there are no records.
    """
    folders = find(*(Path(path) for path in paths or ("results",)))
    rows = [row for folder in folders for row in _rows(folder)]
    return pd.DataFrame(rows)


def _rows(folder: ResultsFolder) -> Iterator[dict[str, Any]]:
    records, skipped_records = folder.training.read()
    timings, skipped_timings = folder.latency.read()
    for skipped in (*skipped_records, *skipped_timings):
        warnings.warn(f"skipped {skipped}", stacklevel=3)
    joined = _Timings(timings)
    for record in latest(records, lambda record: record.trial_id).values():
        yield {"study": folder.name, "folder": str(folder.path), **_trial_row(record), **joined.row(record)}


def _trial_row(record: TrainRecord) -> dict[str, Any]:
    trial, failure = record.trial, record.failure
    weights = "ema" if isinstance(trial, Trial) and trial.recipe.ema_decay else "raw"
    row: dict[str, Any] = {
        "trial_id": record.trial_id,
        "status": "ok" if record.ok else "failed",
        "failure_kind": failure.kind if failure else None,
        "failure_message": failure.message if failure else None,
        **_asked(trial),
        "params": record.params,
        "macs": record.macs,
        "activations": record.activations,
        "train_seconds": record.train_seconds,
        "device": record.environment.device,
    }
    for name in SCORES:
        row |= _score_row(name, getattr(record, name))
    row["top1"], row["top1_n"] = row[f"validation_{weights}_top1"], row[f"validation_{weights}_n"]
    row["test_top1"] = row[f"test_{weights}_top1"]
    row["train_top1"] = record.history[-1].train_top1 if record.history else None
    return row


def _asked(trial: Trial | Reported) -> dict[str, Any]:
    """Data, variant, recipe and seed; of a network that others trained, the first two, as far as they are known."""
    blocks = "-".join(map(str, trial.variant.blocks)) if trial.variant.blocks else None
    variant = {**trial.variant.model_dump(), "blocks": blocks}
    if isinstance(trial, Reported):
        unknown = dict.fromkeys([*Dataset.model_fields, *Recipe.model_fields, "seed"])
        del unknown["name"]
        return {"dataset": trial.dataset, **unknown, **variant}
    dataset = trial.dataset.model_dump()
    return {"dataset": dataset.pop("name"), **dataset, **variant, **trial.recipe.model_dump(), "seed": trial.seed}


def _score_row(name: str, score: Score | None) -> dict[str, Any]:
    if score is None:
        return {f"{name}_{column}": None for column in ("top1", "correct", "n", "loss")}
    return {
        f"{name}_top1": score.top1,
        f"{name}_correct": score.correct,
        f"{name}_n": score.n,
        f"{name}_loss": score.loss,
    }


class _Timings:
    """The last good timing of each variant, phase and place."""

    def __init__(self, records: Iterable[LatencyRecord]) -> None:
        self._by_variant: dict[tuple[Any, ...], dict[str, LatencyRecord]] = {}
        for record in records:
            if record.ok:
                request = record.request
                key = (request.variant, request.classes, request.channels, request.phase)
                self._by_variant.setdefault(key, {})[record.environment.place] = record

    def row(self, record: TrainRecord) -> dict[str, Any]:
        """Columns of both phases; of several places, the one that trained the trial counts."""
        trial = record.trial
        facts = DATASETS.get(trial.dataset.name if isinstance(trial, Trial) else trial.dataset)
        row: dict[str, Any] = {}
        for phase in ("training", "inference"):
            key = (trial.variant, facts.classes, facts.channels, phase) if facts else ()
            places = self._by_variant.get(key, {})
            timing = places.get(record.environment.place) or (next(iter(places.values())) if len(places) == 1 else None)
            row |= _timing_row(phase, timing)
        return row


def _timing_row(phase: str, timing: LatencyRecord | None) -> dict[str, Any]:
    values = {
        "ms": timing and timing.median_ms,
        "low_ms": timing and timing.low_ms,
        "high_ms": timing and timing.high_ms,
        "p10_ms": timing and timing.p10_ms,
        "p90_ms": timing and timing.p90_ms,
        "n": timing and timing.n,
        "batch_size": timing and timing.batch_size,
        "measured_batch_size": timing and timing.measured_batch_size,
        "precision": timing and timing.request.precision,
        "device": timing and timing.environment.place,
    }
    return {f"{phase}_{column}": value for column, value in values.items()}
