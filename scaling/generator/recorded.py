"""Which records belong to a search, and what they say of its objectives; needs no Optuna."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scaling.generator import search_space
from scaling.generator import study as studies
from scaling.generator.constraints import LeftOut
from scaling.generator.errors import StudyError
from scaling.generator.expand import expand_cell
from scaling.generator.provenance import Origin
from scaling.generator.search_space import PHASES, Axis, Objective, Search
from scaling.generator.study import Study
from scaling.generator.study_file import options_of
from scaling.generator.time_limits import TimeLimits
from scaling.models.family import Option
from scaling.results.records import ResultsFolder, latest
from scaling.schema import LatencyRecord, Phase, Question, Recipe, TrainRecord, Trial, Variant

WASTED = 20
"""Networks that a search may time in vain for each trial that it trains, before it ends."""

_OF_TRAINING = {*Recipe.model_fields, "seed", "init"}


@dataclass(frozen=True)
class Recorded:
    """A trial of a search's space that was trained.

    Attributes:
        trial: as it was trained.
        origins: of its recipe.
        parameters: its values of the searched axes.
        values: of the objectives, in their order; None while a timing is missing, and where something failed.
        failed: whether training or timing failed.
        violations: of the limits on times, as of `constraints.LeftOut`.
    """

    trial: Trial
    origins: Mapping[str, Origin]
    parameters: Mapping[str, Any]
    values: tuple[float, ...] | None
    failed: bool
    violations: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Infeasible:
    """A network of a search's space that limits on times leave out: nothing is trained of it any more.

    Attributes:
        left_out: why.
        parameters: its values of the searched axes that make a network. All values of the others are left out alike.
    """

    left_out: LeftOut
    parameters: Mapping[str, Any]


def asked_by(results: ResultsFolder) -> tuple[Question, set[str] | None]:
    """What a folder's own study file asks, and the ids of the trials that it asks for.

    The question is without words where the file cannot be read. The ids are None then, and where weights that its
    trials begin with are not here any more.
    """
    for weights_are_here in (True, False):
        with contextlib.suppress(StudyError):
            study = studies.load(str(results.study_file), weights_are_here=weights_are_here)
            if not weights_are_here:
                return study.question, None
            return study.question, {
                trial.id for trial in (*study.trials, *(of.trial for of in recorded(study, results)))
            }
    return Question(), None


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
    limits = TimeLimits(study)
    limits.take(here)
    candidates = (_recorded(study, study.file.search, record, latencies, limits) for record in known.values())
    return [trained for trained in candidates if trained is not None]


def infeasible(study: Study, results: ResultsFolder, place: str | None = None) -> list[Infeasible]:
    """The networks of a search's space that its limits on times leave out, in the order in which they were timed.

    Args:
        study: whose file has a `search`; without one, or without such limits, there are none.
        results: its folder.
        place: as of `recorded`.
    """
    limits = TimeLimits.read(study, results)
    if study.file.search is None or not limits:
        return []
    place = place or limits.place
    judged = (limits.left_out(variant, place) for variant in limits.timed_at(place))
    candidates = ((left_out, _network(study, left_out.variant)) for left_out in judged if left_out is not None)
    return [Infeasible(left_out, parameters) for left_out, parameters in candidates if parameters is not None]


def is_given_up(trained: int, beyond: int) -> bool:
    """Whether a search ends since its limits on times leave out too much: `WASTED` networks for each trained trial.

    Args:
        trained: number of recorded trials; the one that is looked for counts too.
        beyond: number of `infeasible` networks.
    """
    return beyond >= WASTED * (trained + 1)


def _network(study: Study, variant: Variant) -> dict[str, Any] | None:
    """A network's values of the searched axes, without those of training; None where it does not lie in the space."""
    axes = {name: axis for name, axis in study.axes.items() if name not in _OF_TRAINING}
    parameters = _parameters(variant, axes, options_of(study.file))
    if parameters is None:
        return None
    some = {name: axis[0] if isinstance(axis, tuple) else axis.low for name, axis in study.axes.items()}
    some = {name: int(value) if search_space.is_whole(name) else value for name, value in some.items()}
    try:
        trial, _ = expand_cell(study.file, search_space.cell(some | parameters, study.file.across), study.overridden)
    except StudyError:
        return None
    return parameters if trial.variant == variant else None


def _recorded(
    study: Study, search: Search, record: TrainRecord, latencies: Mapping[str, LatencyRecord], limits: TimeLimits
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
    verdict = limits.verdict(trial.variant)
    failed = not record.ok or any(not timing.ok for timing in timed.values()) or bool(verdict.failed)
    whole = not failed and all(phase in timed for phase in search.phases) and verdict.is_whole
    values = tuple(_value(objective, record, timed) for objective in search.objectives) if whole else None
    return Recorded(trial, origins, parameters, values, failed, verdict.violations)


def _parameters(
    asked: Trial | Variant, axes: Mapping[str, Axis], options: Mapping[str, Option]
) -> dict[str, Any] | None:
    """A trial's or a network's values of the searched axes; None where one is out of its range."""
    parameters: dict[str, Any] = {}
    for name, axis in axes.items():
        value = _value_of(asked, name, options)
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


def _value_of(asked: Trial | Variant, name: str, options: Mapping[str, Option]) -> Any:
    variant = asked.variant if isinstance(asked, Trial) else asked
    for noun in (variant, asked.recipe) if isinstance(asked, Trial) else (variant,):
        if name in type(noun).model_fields:
            return getattr(noun, name)
    if name == "seed" and isinstance(asked, Trial):
        return asked.seed
    # Of a family of the study file: never of one that only a record names.
    return dict(variant.options).get(name, options[name].default)


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
        return timed[PHASES[objective]].whole_batch_ms
    if objective == "top1":
        return record.validation.top1 if record.validation else 0.0
    return float((record.macs if objective == "macs" else record.params) or 0)
