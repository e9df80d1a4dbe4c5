"""Which records belong to a search, and what they say of its objectives; needs no Optuna."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scaling.generator import search_space
from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.expand import expand_cell
from scaling.generator.provenance import Origin
from scaling.generator.search_space import PHASES, Axis, Objective, Search
from scaling.generator.study import Study
from scaling.generator.study_file import options_of
from scaling.models.family import Option
from scaling.results.records import ResultsFolder, latest
from scaling.schema import LatencyRecord, Phase, Question, TrainRecord, Trial


@dataclass(frozen=True)
class Recorded:
    """A trial of a search's space that was trained.

    Attributes:
        trial: as it was trained.
        origins: of its recipe.
        parameters: its values of the searched axes.
        values: of the objectives, in their order; None while a timing is missing, and where something failed.
        failed: whether training or timing failed.
    """

    trial: Trial
    origins: Mapping[str, Origin]
    parameters: Mapping[str, Any]
    values: tuple[float, ...] | None
    failed: bool


def question_of(results: ResultsFolder) -> Question:
    """The question of a folder's own study file; without words where it has none that can be read."""
    try:
        return studies.load(str(results.study_file), weights_are_here=False).question
    except StudyError:
        return Question()


def asked_for(results: ResultsFolder) -> set[str] | None:
    """Ids of the trials that the folder's own study file asks for; None where it has none that can be read."""
    try:
        study = studies.load(str(results.study_file))
    except StudyError:
        return None
    return {trial.id for trial in study.trials} | {trained.trial.id for trained in recorded(study, results)}


def recorded(study: Study, results: ResultsFolder, place: str | None = None) -> list[Recorded]:
    """The recorded trials that lie in a search's space, in the order in which they were first recorded.

    A trial lies in it where its values of the searched axes, through the study's rules, recipe and `across`, make that
    very trial again.

    Args:
        study: whose file has a `search`; without one, nothing lies in it.
        results: its folder.
        place: where latencies count, device and backend; None: where the last one was made.
    """
    if study.file.search is None:
        return []
    trainings, _ = results.training.read()
    timings, _ = results.latency.read()
    if place is None and timings:
        place = timings[-1].environment.place
    here = [timing for timing in timings if timing.environment.place == place]
    latencies = latest(here, lambda timing: timing.request.id)
    known = latest(trainings, lambda record: record.trial_id)
    candidates = (_recorded(study, study.file.search, record, latencies) for record in known.values())
    return [trained for trained in candidates if trained is not None]


def _recorded(
    study: Study, search: Search, record: TrainRecord, latencies: Mapping[str, LatencyRecord]
) -> Recorded | None:
    if not isinstance(record.trial, Trial):
        return None
    parameters = _parameters(record.trial, study.axes, options_of(study.file))
    if parameters is None:
        return None
    try:
        cell = search_space.cell(parameters, study.file.across)
        trial, origins = expand_cell(study.file, cell, study.overridden)
    except StudyError:
        return None
    if trial.id != record.trial_id:
        return None
    timed = _timings(study, trial, latencies)
    failed = not record.ok or any(not timing.ok for timing in timed.values())
    whole = not failed and all(phase in timed for phase in search.phases)
    values = tuple(_value(objective, record, timed) for objective in search.objectives) if whole else None
    return Recorded(trial, origins, parameters, values, failed)


def _parameters(trial: Trial, axes: Mapping[str, Axis], options: Mapping[str, Option]) -> dict[str, Any] | None:
    """A trial's values of the searched axes; None where one is out of its range."""
    parameters: dict[str, Any] = {}
    for name, axis in axes.items():
        value = _value_of(trial, name, options)
        if isinstance(axis, tuple):
            same = [choice for choice in axis if choice == value]
            if not same:
                return None
            parameters[name] = same[0]
        elif axis.contains(value):
            parameters[name] = value
        else:
            return None
    return parameters


def _value_of(trial: Trial, name: str, options: Mapping[str, Option]) -> Any:
    for noun in (trial.variant, trial.recipe):
        if name in type(noun).model_fields:
            return getattr(noun, name)
    if name == "seed":
        return trial.seed
    # Of a family of the study file: never of one that only a record names.
    return dict(trial.variant.options).get(name, options[name].default)


def _timings(study: Study, trial: Trial, latencies: Mapping[str, LatencyRecord]) -> dict[Phase, LatencyRecord]:
    """The timings of a trial's variant that the objectives need, as far as there are any."""
    requests = replace(study, trials=(trial,)).timings
    wanted = study.file.search.phases if study.file.search else ()
    return {
        request.phase: latencies[request.id]
        for request in requests
        if request.phase in wanted and request.runtime == "keras" and request.id in latencies
    }


def _value(objective: Objective, record: TrainRecord, timed: Mapping[Phase, LatencyRecord]) -> float:
    """An objective's value: top-1 of the averaged weights where the recipe averages, milliseconds a whole batch."""
    if objective in PHASES:
        timing = timed[PHASES[objective]]
        # Where the batch did not fit it was halved; time grows in proportion (Table 7's own protocol).
        return (timing.median_ms or 0.0) * timing.request.batch_size / (timing.batch_size or 1)
    if objective == "top1":
        return record.validation.top1 if record.validation else 0.0
    return float((record.macs if objective == "macs" else record.params) or 0)
