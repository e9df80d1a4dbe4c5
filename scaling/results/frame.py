"""Records as one tidy frame: one row a trial, the variant's latency joined to it."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from scaling.datasets import DATASETS
from scaling.results.columns import TABLE, TIMED, names, of_variant, timed
from scaling.results.records import (
    ResultsFolder,
    Skipped,
    about_reference,
    collection_paused,
    find,
    supersedes,
)
from scaling.schema import UNFINISHED, Dataset, LatencyRecord, Precision, Recipe, Reported, TrainRecord, Trial, Variant

SCORES = ("validation_raw", "validation_ema", "test_raw", "test_ema")
_SCORE_COLUMNS = {name: [f"{name}_{column}" for column in ("top1", "top5", "correct", "n", "loss")] for name in SCORES}
_OWN = ["params", "macs", "activations", "top1_n", *names("averaged", "trial")]
"""Columns that differ between the seeds of a setting; in the others they are alike."""

Row: TypeAlias = dict[str, Any]


def load_results(*paths: str | os.PathLike[str], device: str | None = None) -> pd.DataFrame:
    """Loads the studies found in `paths` and below them.

    Args:
        *paths: results folders, or folders of them; `results/` where none is given. Runs that ship with the project are
            among them only where their folder is named, or where there are no others, which is a warning.
        device: part of the name of the device whose times count where a network was timed on several; None: the one
            that trained it, else that on which most networks were timed, which is a warning.

    Returns:
        One row a trial, the last record of each (a success, once there is one, over any failure). Columns: `study`,
        `folder`, `trial_id`, `status` (`ok`, `failed`, or `unfinished` where a later run goes on), `failure_kind`,
        `failure_message`; the fields of dataset (`dataset`, `train_examples`, `validation_fraction`), variant, recipe
        (its `precision` is what was computed in, where that was left to the device), `init` (the weights it began
        with), and `seed`; `model` and `weights` of a network that others trained: what they call it, and the tag of its
        weights; `params`, `macs`, `activations`; for each score `*_top1` and `*_top5` (fractions; the latter where
        there are ten classes or more), `*_correct`, `*_n`, `*_loss`; `top1`, `top1_n`, `test_top1`, `top5`,
        `test_top5`: of the averaged weights where the recipe averages, else of the raw ones; `validation_correct`:
        which of the images behind `top1` were right (see `scaling.results.correct`); `train_top1`, the last epoch's,
        augmentation and dropout on; `train_seconds`, `device`; `memory_gb` and `planned_seconds`, which only a plan
        knows (see `scaling.generator.candidates`); and for each phase `training_ms` / `inference_ms` (median),
        `*_low_ms`, `*_high_ms` (95%), `*_p10_ms`, `*_p90_ms`, `*_disturbed` (whether other work on the machine did),
        `*_n`, `*_batch_size`, `*_measured_batch_size` (where it was another than the times are stated for),
        `*_precision`, `*_device` (with the backend). What is missing is NaN or None.

    Raises:
        scaling.results.records.ResultsError: if there are no records.
    """
    places = [Path(path) for path in paths or ("results",)]
    folders = find(*places)
    if note := about_reference(places, folders):
        warnings.warn(note, stacklevel=2)
    with collection_paused():
        rows = [row for folder in folders for row in _rows(folder, device)]
        return _frame(rows) if rows else pd.DataFrame()


def planned(folder: ResultsFolder, trials: Mapping[Trial, Mapping[str, float]]) -> pd.DataFrame:
    """Trials that have no record, as rows beside those of `load_results`: their status is `planned`.

    Args:
        folder: of their study, whose timings count; of those at several places, the last one's.
        trials: with their sizes and whatever else was reckoned of them, by column. Where a recipe leaves the precision
            to the device, it is that of the setting's other seeds, and `auto` as long as none is trained.
    """
    timings, _ = folder.latency.read()
    place = timings[-1].environment.place if timings else ""
    timed = _Timings(timings)
    own = {"study": folder.name, "folder": str(folder.path), "status": "planned"}
    computed = _computed_in(folder) if any(trial.recipe.precision == "auto" for trial in trials) else {}
    rows = [
        own
        | _asked(trial)
        | computed.get(_any_seed(trial), {})
        | timed.row(trial, place)
        | {"trial_id": trial.id, "seed": trial.seed, **reckoned}
        for trial, reckoned in trials.items()
    ]
    return pd.DataFrame(rows).reindex(columns=[*TABLE])


def of_records(folder: ResultsFolder, records: Iterable[TrainRecord]) -> pd.DataFrame:
    """One row for each of these records, as `load_results` has it, with the timings of their folder.

    Args:
        folder: of their study.
        records: at most one of each trial.
    """
    timings, _ = folder.latency.read()
    settings, values = _Settings(folder, _Timings(timings)), itemgetter(*_OWN)
    rows = [(settings.row(record), values(_own_row(record))) for record in records]
    settings.complete()
    return _frame(rows) if rows else pd.DataFrame(columns=[*TABLE])


def _frame(rows: Sequence[tuple[Row, tuple[Any, ...]]]) -> pd.DataFrame:
    """A row a pair; what many of them share is made into columns once, then repeated."""
    shared = {id(row): row for row, _ in rows}
    places = {key: place for place, key in enumerate(shared)}
    repeated = pd.DataFrame([*shared.values()]).take([places[id(row)] for row, _ in rows])
    own = pd.DataFrame([values for _, values in rows], columns=_OWN)
    return pd.concat([own, repeated.set_axis(own.index)], axis=1).reindex(columns=[*TABLE])


def _rows(folder: ResultsFolder, device: str | None) -> Iterable[tuple[Row, tuple[Any, ...]]]:
    """The last row of each trial, in order of the first: what it shares with others of its setting, and its own."""
    timings, skipped = folder.latency.read()
    by_place = _Timings(timings, device)
    settings = _Settings(folder, by_place)
    values = itemgetter(*_OWN)
    last: dict[str, tuple[bool, Row, tuple[Any, ...]]] = {}
    for record in folder.summaries():
        if isinstance(record, Skipped):
            skipped.append(record)
        elif supersedes(record.ok, last.get(record.trial_id, (False,))[0]):
            last[record.trial_id] = record.ok, settings.row(record), values(_own_row(record))
    settings.complete()
    for line in skipped:
        warnings.warn(f"skipped {line}", stacklevel=4)
    if note := by_place.note():
        warnings.warn(f"{folder.name}: {note}", stacklevel=4)
    return ((row, own) for _, row, own in last.values())


def _own_row(record: TrainRecord) -> Row:
    trial, failure = record.trial, record.failure
    weights = "ema" if isinstance(trial, Trial) and trial.recipe.ema_decay else "raw"
    row: Row = {
        "trial_id": record.trial_id,
        "status": "ok" if failure is None else "unfinished" if failure.kind in UNFINISHED else "failed",
        "failure_kind": failure.kind if failure else None,
        "failure_message": failure.message if failure else None,
        "seed": trial.seed if isinstance(trial, Trial) else None,
        "params": record.params,
        "macs": record.macs,
        "activations": record.activations,
        "train_seconds": record.train_seconds,
        "device": record.environment.device,
    }
    for name, columns in _SCORE_COLUMNS.items():
        score = getattr(record, name)
        values = (score.top1, score.top5, score.correct, score.n, score.loss) if score else (None,) * len(columns)
        row |= zip(columns, values, strict=True)
    row["top1"], row["top1_n"] = row[f"validation_{weights}_top1"], row[f"validation_{weights}_n"]
    row["test_top1"] = row[f"test_{weights}_top1"]
    row["top5"], row["test_top5"] = row[f"validation_{weights}_top5"], row[f"test_{weights}_top5"]
    row["validation_correct"] = record.validation_correct
    row["train_top1"] = record.history[-1].train_top1 if record.history else None
    return row


class _Settings:
    """What the trials of a folder share with others that differ in the seed: one mapping each, however many."""

    def __init__(self, folder: ResultsFolder, timings: _Timings) -> None:
        self._folder = {"study": folder.name, "folder": str(folder.path)}
        self._timings = timings
        self._rows: dict[tuple[Any, ...], Row] = {}
        self._computed: dict[tuple[Any, ...], Precision] = {}

    def row(self, record: TrainRecord) -> Row:
        """The same object for each trial of a setting at one place."""
        trial, place = record.trial, record.environment.place
        nouns = (trial.variant, trial.dataset, trial.recipe) if isinstance(trial, Trial) else (trial,)
        # Their values, since nouns compare slowly.
        setting = (getattr(trial, "init", None), *chain.from_iterable(vars(noun).values() for noun in nouns))
        key = (place, record.precision, *setting)
        if key not in self._rows:
            computed = {"precision": record.computed_in}
            self._rows[key] = self._folder | _asked(trial) | computed | self._timings.row(trial, place)
        if record.ok and record.precision:
            self._computed[setting] = record.precision
        return self._rows[key]

    def complete(self) -> None:
        """Once all are seen: what failed before a device chose its precision has that of the others of its setting."""
        for (_, _, *setting), row in self._rows.items():
            if row["precision"] == "auto":
                row["precision"] = self._computed.get(tuple(setting), "auto")


def _asked(trial: Trial | Reported) -> Row:
    """Data, variant and recipe; of a network that others trained, the first two, as far as they are known."""
    variant = of_variant(trial.variant)
    if isinstance(trial, Reported):
        unknown = dict.fromkeys([*Dataset.model_fields, *Recipe.model_fields]) | {"init": trial.init}
        del unknown["name"]
        return {"dataset": trial.dataset, "model": trial.model, "weights": trial.weights, **unknown, **variant}
    dataset = trial.dataset.model_dump()
    asked = {**dataset, **variant, **trial.recipe.model_dump(), "init": trial.init}
    return {"dataset": asked.pop("name"), "model": None, "weights": None, **asked}


def _computed_in(folder: ResultsFolder) -> Mapping[Trial, Row]:
    """By setting, the precision of its last training that went well, where the recipe leaves it to the device."""
    return {
        _any_seed(record.trial): {"precision": record.precision}
        for record in folder.summaries()
        if not isinstance(record, Skipped) and isinstance(record.trial, Trial) and record.ok and record.precision
        if record.trial.recipe.precision == "auto"
    }


def _any_seed(trial: Trial) -> Trial:
    return trial.model_copy(update={"seed": 0})


class _Timings:
    """The good timings of each variant, phase and place, and which of them counts.

    Args:
        records: of timings.
        device: part of the name of the place that counts before others.
    """

    def __init__(self, records: Iterable[LatencyRecord], device: str | None = None) -> None:
        records = [*records]
        self._device = device
        on = {
            (record.request.variant, timed(record.request), record.environment.place) for record in records if record.ok
        }
        often = Counter(place for *_, place in on)
        last = {record.environment.place: number for number, record in enumerate(records)}
        self._order = sorted(often, key=lambda place: (often[place], last[place]), reverse=True)
        self._unclear: dict[tuple[str, ...], set[Variant]] = {}
        self._timed: dict[tuple[Variant, str], dict[tuple[int, int], dict[str, list[LatencyRecord]]]] = {}
        for record in records:
            if record.ok:
                request = record.request
                kinds = self._timed.setdefault((request.variant, timed(request)), {})
                places = kinds.setdefault((request.classes, request.channels), {})
                places.setdefault(record.environment.place, []).append(record)

    def row(self, trial: Trial | Reported, place: str) -> Row:
        """Columns of all that is timed, at the place that was asked for, else at that of the trial.

        Where it was timed at neither, that of the most timings counts.
        """
        dataset = trial.dataset.name if isinstance(trial, Trial) else trial.dataset
        row: Row = {}
        for phase in TIMED:
            places = self._places(trial.variant, dataset, phase)
            at = self._place(trial.variant, place, places)
            row |= _timing_row(phase, _that_counts(trial, places.get(at, ())))
        return row

    def _place(self, variant: Variant, own: str, places: Mapping[str, Sequence[LatencyRecord]]) -> str:
        """Whose times count of several places."""
        among = [place for place in self._order if place in places]
        wanted = [place for place in among if self._device and self._device.casefold() in place.casefold()]
        if wanted or own in places or len(among) < 2:
            return wanted[0] if wanted else own if own in places else next(iter(among), "")
        self._unclear.setdefault(tuple(among), set()).add(variant)
        return among[0]

    def note(self) -> str:
        """How many networks have the times of one of several places that did not train them; empty where none has."""
        if not self._unclear:
            return ""
        networks = len(set.union(*self._unclear.values()))
        places = list(dict.fromkeys(place for among in self._unclear for place in among))
        names = "1 network was" if networks == 1 else f"{networks} networks were"
        return (
            f"{names} timed on {' and '.join(places)}, and trained on none of these: the times on {places[0]} are "
            f"taken; `scaling compare --device '{places[1]}'` takes those on {places[1]}"
        )

    def _places(self, variant: Variant, dataset: str, phase: str) -> dict[str, list[LatencyRecord]]:
        """Timings by place. A folder of images may be elsewhere: then those of the only kind of images timed."""
        kinds = self._timed.get((variant, phase), {})
        if known := DATASETS.get(dataset):
            return kinds.get((known.classes, known.channels), {})
        return next(iter(kinds.values())) if len(kinds) == 1 else {}


def _that_counts(trial: Trial | Reported, timings: Sequence[LatencyRecord]) -> LatencyRecord | None:
    """Of a training step the last timing of as many images as the trial's batches have, else the last of all."""
    if isinstance(trial, Trial):
        own = trial.recipe.batch_size
        alike = [of for of in timings if of.request.phase == "training" and of.request.batch_size == own]
        timings = alike or timings
    return timings[-1] if timings else None


def _timing_row(phase: str, timing: LatencyRecord | None) -> Row:
    values = {
        "ms": timing and timing.median_ms,
        "low_ms": timing and timing.low_ms,
        "high_ms": timing and timing.high_ms,
        "p10_ms": timing and timing.p10_ms,
        "p90_ms": timing and timing.p90_ms,
        "joules": timing and timing.joules,
        "low_joules": timing and timing.joules_low,
        "high_joules": timing and timing.joules_high,
        "disturbed": timing and timing.disturbed,
        "n": timing and timing.n,
        "batch_size": timing and timing.batch_size,
        "measured_batch_size": timing and timing.measured_batch_size,
        "precision": timing and timing.request.precision,
        "device": timing and timing.environment.place,
    }
    return {f"{phase}_{column}": value for column, value in values.items()}
