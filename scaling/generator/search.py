"""Searching with Optuna: which trials are recorded, and which one to train next.

The records are the only truth. Whenever a trial is wanted, an Optuna study is built from them in memory and asked, by
a sampler seeded from the search's seed and the number of trials it knows: the same records give the same suggestion,
however often the search was stopped in between.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import TrialState, create_trial

from scaling.generator import search_space
from scaling.generator.constraints import LeftOut
from scaling.generator.errors import StudyError
from scaling.generator.expand import Planned, expand_cell
from scaling.generator.recorded import Infeasible, Recorded, infeasible, is_given_up, recorded
from scaling.generator.search_space import Axis, Search
from scaling.generator.study import Study
from scaling.results.columns import METRICS
from scaling.results.records import ResultsFolder
from scaling.schema import Trial, digest

ATTEMPTS = 100
"""Suggestions in a row that cannot be built or are known already; then there is nothing new to suggest."""

FEWEST_AT_RANDOM = 4

optuna.logging.set_verbosity(optuna.logging.WARNING)


def study_so_far(study: Study, results: ResultsFolder) -> Study:
    """The study with the trials that are recorded and the one to be suggested next, for lists and plans.

    None is suggested while a recorded trial lacks a timing: a run begins with that, and it may change the suggestion.

    Raises:
        StudyError: if no trial of the space can be built.
    """
    known = recorded(study, results)
    beyond = infeasible(study, results)
    waits = any(_state(trained) is TrialState.RUNNING for trained in known)
    left = 0 if waits or is_given_up(len(known), len(beyond)) else _search(study).trials - len(known)
    return with_trials(study, known, suggest(study, known, min(1, left), beyond), beyond)


def with_trials(
    study: Study, known: Sequence[Recorded], suggested: Sequence[Planned] = (), beyond: Sequence[Infeasible] = ()
) -> Study:
    """The study as if its file had asked for these trials; `beyond`: networks that its limits on times leave out."""
    origins = {trained.trial: trained.origins for trained in known} | dict(suggested)
    return replace(
        study,
        trials=tuple(origins),
        origins=origins,
        suggested=tuple(trial for trial, _ in suggested),
        left_out=tuple(network.left_out for network in beyond),
    )


def suggest(study: Study, known: Sequence[Recorded], count: int, beyond: Sequence[Infeasible] = ()) -> list[Planned]:
    """The next trials to train, none of them known yet.

    Args:
        study: whose file has a `search`.
        known: what was recorded, in the order of the records.
        count: how many are wanted, to be trained side by side.
        beyond: networks that limits on times leave out; no trial of theirs is suggested.

    Returns:
        `count` trials, or fewer where the space has no more.

    Raises:
        StudyError: if no suggestion at all can be built; with the reason of the last one.
    """
    if count < 1:
        return []
    asking = _Asking(study, known, beyond)
    suggestions: dict[Trial, Any] = {}
    while len(suggestions) < count and (planned := asking.next_new(suggestions)):
        suggestions.setdefault(*planned)
    if not (suggestions or known or beyond) and asking.refusal is not None:
        raise asking.refusal
    return list(suggestions.items())


def mirror(study: Study, known: Sequence[Recorded], beyond: Sequence[Infeasible] = ()) -> None:
    """Adds what was recorded to the storage that the study file names, if it names one; what is there stays.

    A trial stands there once for each state it ended in: a failure that was tried again with success is both. A network
    that limits on times leave out stands there as pruned, with the values that make the network alone.

    Raises:
        StudyError: if the storage cannot be used.
    """
    search = _search(study)
    if search.storage is None:
        return
    distributions = _distributions(study)
    try:
        with opened(search.storage) as storage:
            shown = _stored(study, search, storage)
            there = {(trial.user_attrs.get("trial_id"), trial.state) for trial in shown.get_trials(deepcopy=False)}
            for trained in known:
                if (state := _state(trained)) is not TrialState.RUNNING and (trained.trial.id, state) not in there:
                    attributes = {"trial_id": trained.trial.id}
                    shown.add_trial(_as_optuna(trained, state, distributions, attributes))
            for network in beyond:
                if (network.left_out.variant.name, TrialState.PRUNED) not in there:
                    shown.add_trial(_as_pruned(network, distributions))
    except Exception as error:  # each database's driver has errors of its own
        raise StudyError([f"search.storage: {type(error).__name__}: {str(error).splitlines()[0]}"]) from error


@contextmanager
def opened(url: str) -> Iterator[RDBStorage]:
    """A storage whose connections are closed afterwards; Optuna leaves that to the garbage collector."""
    storage = RDBStorage(url)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _stored(study: Study, search: Search, storage: RDBStorage) -> optuna.Study:
    """The study in its storage, named after the study and what it searches, since a storage compares neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of set_metric_names
        shown = optuna.create_study(
            study_name=f"{study.name}-{digest([search.space, search.objectives])}",
            storage=storage,
            directions=_directions(search),
            load_if_exists=True,
        )
        shown.set_metric_names(list(search.objectives))
    return shown


class _Asking:
    """An Optuna study in memory, told all that is known.

    Attributes:
        refusal: why the last suggestion that could not be built could not.
    """

    def __init__(self, study: Study, known: Sequence[Recorded], beyond: Sequence[Infeasible]) -> None:
        self._study, self._search, self._distributions = study, _search(study), _distributions(study)
        self._known = {trained.trial: trained for trained in known}
        self._beyond = {network.left_out.variant: network.left_out for network in beyond}
        self._stand_ins = _stand_ins(self._search, known)
        self._count = 0
        self._optuna = optuna.create_study(directions=_directions(self._search), sampler=_sampler(self._search, 0))
        self.refusal: StudyError | None = None
        for trained in known:
            self._optuna.add_trial(_as_optuna(trained, TrialState.RUNNING, self._distributions))
            self._tell(trained)
        trained_networks = {trained.trial.variant for trained in known}  # which have told their violations already
        for network in beyond:
            if network.left_out.variant in trained_networks:
                continue
            self._optuna.enqueue_trial(dict(network.parameters))
            sampler = self._optuna.sampler
            self._optuna.sampler = _sampler(self._search, self._count, at_random=True)
            asked = self._optuna.ask(self._distributions)
            self._optuna.sampler = sampler
            self._tell_infeasible(asked, network.left_out)

    def next_new(self, asked: Mapping[Trial, Any]) -> Planned | None:
        """A trial that is neither known nor asked for yet; None where `ATTEMPTS` suggestions gave none."""
        for attempt in range(ATTEMPTS):
            self._optuna.sampler = _sampler(self._search, self._count, at_random=attempt > ATTEMPTS // 2)
            asked_for = self._optuna.ask(self._distributions)
            parameters = {
                axis: _readable(self._study.axes[axis], axis, value) for axis, value in asked_for.params.items()
            }
            cell = search_space.cell(parameters, self._study.file.across)
            try:
                planned = expand_cell(self._study.file, cell, self._study.overridden)
            except StudyError as error:
                self.refusal = error
                self._end(TrialState.PRUNED)
                continue
            if trained := self._known.get(planned[0]):
                _constrain(asked_for, trained.violations)
                self._tell(trained)
                continue
            if left_out := self._beyond.get(planned[0].variant):
                self._tell_infeasible(asked_for, left_out)
                continue
            self._count += 1  # it stays open, so that the next one asked for keeps away from it
            if planned[0] not in asked:
                return planned
        return None

    def _tell_infeasible(self, asked_for: optuna.Trial, left_out: LeftOut) -> None:
        """Ends the last trial as one that was not trained, since its network is beyond a limit or was not timed."""
        self._join_generation()
        limits = self._study.file.constraints.times if self._study.file.constraints else {}
        if len(left_out.violations) < len(limits):  # a timing failed; GP wants as many violations of each trial
            self._end(TrialState.FAIL)
            return
        _constrain(asked_for, left_out.violations)
        self._end(TrialState.COMPLETE, self._stand_ins)

    def _join_generation(self) -> None:
        """Has NSGA-II, which selects parents by generation, give the last trial one."""
        if isinstance(self._optuna.sampler, optuna.samplers.NSGAIISampler):
            self._optuna.sampler.get_trial_generation(self._optuna, self._optuna.get_trials(deepcopy=False)[-1])

    def _tell(self, trained: Recorded) -> None:
        """Ends the last trial as a recorded one ended."""
        self._join_generation()
        state = _state(trained)
        if state is TrialState.RUNNING:
            self._count += 1
        else:
            self._end(state, trained.values)

    def _end(self, state: TrialState, values: Sequence[float] | None = None) -> None:
        self._optuna.tell(self._count, values=values, state=state)
        self._count += 1


def _stand_ins(search: Search, known: Sequence[Recorded]) -> list[float]:
    """What an infeasible trial is told to have of the objectives: the mean of all others, from which nothing is learnt.

    Samplers rank infeasible trials by their violations alone, but want values; 0 where none is trained yet.
    """
    values = [trained.values for trained in known if trained.values is not None]
    return (
        [sum(column) / len(values) for column in zip(*values, strict=True)]
        if values
        else [0.0] * len(search.objectives)
    )


def _constrain(asked_for: optuna.Trial, violations: Mapping[str, float]) -> None:
    for name, violation in violations.items():
        asked_for.set_constraint(name, violation)


def _search(study: Study) -> Search:
    if study.file.search is None:
        raise ValueError(f"{study.name} has no search")
    return study.file.search


def _state(trained: Recorded) -> TrialState:
    if trained.values is not None:
        return TrialState.COMPLETE
    return TrialState.FAIL if trained.failed else TrialState.RUNNING


def _as_optuna(
    trained: Recorded,
    state: TrialState,
    distributions: dict[str, BaseDistribution],
    attributes: dict[str, Any] | None = None,
) -> optuna.trial.FrozenTrial:
    return create_trial(
        state=state,
        values=trained.values if state is TrialState.COMPLETE else None,
        params=dict(trained.parameters),
        distributions=distributions,
        user_attrs=attributes,
        constraints=dict(trained.violations),
    )


def _as_pruned(network: Infeasible, distributions: Mapping[str, BaseDistribution]) -> optuna.trial.FrozenTrial:
    return create_trial(
        state=TrialState.PRUNED,
        params=dict(network.parameters),
        distributions={name: distributions[name] for name in network.parameters},
        user_attrs={"trial_id": network.left_out.variant.name},
        constraints=dict(network.left_out.violations),
    )


def _directions(search: Search) -> list[Literal["minimize", "maximize"]]:
    return ["maximize" if METRICS[objective].maximize else "minimize" for objective in search.objectives]


def _sampler(search: Search, number: int, at_random: bool = False) -> BaseSampler:
    """The sampler for one suggestion, seeded for it.

    Optuna's defaults are for hundreds of trials; of a short search, a third is at random, and a generation is a fifth.
    """
    seed = int(digest([search.seed, number]), 16)
    startup = max(FEWEST_AT_RANDOM, min(10, search.trials // 3))
    if search.sampler == "random" or at_random:
        return optuna.samplers.RandomSampler(seed=seed)
    if search.sampler == "nsga2":
        return optuna.samplers.NSGAIISampler(seed=seed, population_size=max(4, min(50, search.trials // 5)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # Optuna 4
        if search.sampler == "tpe":
            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup, constant_liar=True)
        if importlib.util.find_spec("torch") is None:
            raise StudyError(["search.sampler: gp needs PyTorch: pip install torch, or choose tpe"])
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=startup)


def _distributions(study: Study) -> dict[str, BaseDistribution]:
    return {name: _distribution(name, axis) for name, axis in study.axes.items()}


def _distribution(name: str, axis: Axis) -> BaseDistribution:
    if isinstance(axis, tuple):
        return CategoricalDistribution(axis)
    if search_space.is_whole(name):
        return IntDistribution(int(axis.low), int(axis.last), log=axis.log, step=int(axis.step or 1))
    return FloatDistribution(axis.low, axis.last, log=axis.log, step=axis.step)


def _readable(axis: Axis, name: str, value: Any) -> Any:
    """A suggestion with four digits: ids show them, and nothing follows more."""
    if isinstance(axis, tuple) or search_space.is_whole(name):
        return value
    if axis.step is not None:
        return round(value, 10)
    return min(max(float(f"{value:.4g}"), axis.low), axis.high)
