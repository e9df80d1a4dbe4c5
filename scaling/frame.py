"""Records as one tidy frame: one row a trial, the variant's latency joined to it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from scaling.datasets import DATASETS
from scaling.published.columns import COLUMNS
from scaling.records import ResultsFolder, Skipped, collection_paused, find, supersedes
from scaling.schema import Dataset, LatencyRecord, Phase, Recipe, Reported, Score, TrainRecord, Trial, Variant

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
    with collection_paused():
        rows = [row for folder in folders for row in _rows(folder)]
        return pd.DataFrame(rows, columns=COLUMNS if rows else None)


def _rows(folder: ResultsFolder) -> Iterable[tuple[Any, ...]]:
    """The last row of each trial, in order of the first; as tuples, which take a fraction of a mapping's memory."""
    timings, skipped = folder.latency.read()
    joined = _Timings(timings)
    values = itemgetter(*COLUMNS)
    found: dict[str, tuple[bool, tuple[Any, ...]]] = {}
    for one in folder.training.scan():
        if isinstance(one, Skipped):
            skipped.append(one)
        elif supersedes(one.ok, found.get(one.trial_id, (False,))[0]):
            row = {"study": folder.name, "folder": str(folder.path), **_trial_row(one), **joined.row(one)}
            found[one.trial_id] = one.ok, values(row)
    for line in skipped:
        warnings.warn(f"skipped {line}", stacklevel=4)
    return (row for _, row in found.values())


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


PHASES: tuple[Phase, ...] = ("training", "inference")


class _Timings:
    """The last good timing of each variant, phase and place."""

    def __init__(self, records: Iterable[LatencyRecord]) -> None:
        self._timed: dict[tuple[Variant, Phase], dict[tuple[int, int], dict[str, LatencyRecord]]] = {}
        self._rows: dict[tuple[Variant, str, str], dict[str, Any]] = {}
        for record in records:
            if record.ok:
                request = record.request
                kinds = self._timed.setdefault((request.variant, request.phase), {})
                kinds.setdefault((request.classes, request.channels), {})[record.environment.place] = record

    def row(self, record: TrainRecord) -> dict[str, Any]:
        """Columns of both phases; of several places, the one that trained the trial counts."""
        trial = record.trial
        dataset = trial.dataset.name if isinstance(trial, Trial) else trial.dataset
        asked = (trial.variant, dataset, record.environment.place)
        if asked not in self._rows:
            self._rows[asked] = self._row(*asked)
        return self._rows[asked]

    def _row(self, variant: Variant, dataset: str, place: str) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for phase in PHASES:
            places = self._places(variant, dataset, phase)
            timing = places.get(place) or (next(iter(places.values())) if len(places) == 1 else None)
            row |= _timing_row(phase, timing)
        return row

    def _places(self, variant: Variant, dataset: str, phase: Phase) -> dict[str, LatencyRecord]:
        """Timings by place. A folder of pictures may be elsewhere: then those of the only kind of pictures timed."""
        kinds = self._timed.get((variant, phase), {})
        if known := DATASETS.get(dataset):
            return kinds.get((known.classes, known.channels), {})
        return next(iter(kinds.values())) if len(kinds) == 1 else {}


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
