"""The jobs of a search: which trials it trains next."""

from __future__ import annotations

from collections.abc import Sequence

from scaling.generator.recorded import Infeasible, Recorded, infeasible, is_given_up, recorded
from scaling.generator.study import Study
from scaling.launch.missing import Outcomes, missing
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.retry import RetryPolicy
from scaling.launch.workload import jobs, works
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import Job, TrainJob
from scaling.schema import Variant


class SearchJobs:
    """The jobs of a search, from its records alone.

    It begins with what recorded trials still lack: timings that an interruption or another machine left out, and
    failures to be retried. Then it names as many trials as there are workers and, when they are recorded, the next. A
    trial whose network turns out to be beyond a limit on a time is not trained, and counts for nothing but for the
    search's end; see `recorded.is_given_up`.
    """

    def __init__(
        self,
        study: Study,
        results: ResultsFolder,
        outcomes: Outcomes,
        place: str,
        workers: int,
        limit: int | None,
    ) -> None:
        from scaling.generator import search

        self._search = search
        self._study, self._results, self._outcomes = study, results, outcomes
        self._place, self._workers, self._limit = place, workers, limit
        self._named: dict[str, Variant] = {}
        self._progress: RunProgress | None = None

    def so_far(self) -> Study:
        """The study with its recorded trials, and with the networks that are left out."""
        known = self._recorded()
        return self._search.with_trials(self._study, known, beyond=self._infeasible())

    def first(self) -> list[Job]:
        """What recorded trials still lack."""
        return jobs(self.so_far())

    def has_all(self) -> bool:
        """Whether no trial is to be named any more."""
        known = self._recorded()
        return self._left(known, self._infeasible()) <= 0

    def more(self, place: str) -> list[Job]:
        """Jobs of the next trials; none when the search or this run has all its trials, or the space has no more.

        Args:
            place: of the workers; a timing that was taken elsewhere says nothing about them.
        """
        self._place = place
        known = self._recorded()
        beyond = self._infeasible()
        self._search.mirror(self._study, known, beyond)
        left = 0 if self._unrecorded(known, beyond) else self._left(known, beyond)
        suggested = self._search.suggest(self._study, known, min(self._workers, left), beyond)
        asked = jobs(self._search.with_trials(self._study, (), suggested))
        todo = missing(asked, self._outcomes, self._place, RetryPolicy())
        self._name(todo, left)
        return todo

    def watched_by(self, progress: RunProgress, todo: Sequence[Job]) -> None:
        """Adds every trial to the progress as it is named; `todo` is what the run begins with."""
        self._progress = progress
        known = self._recorded()
        self._name(todo, self._left(known, self._infeasible()))

    def _recorded(self) -> list[Recorded]:
        return recorded(self._study, self._results, self._place)

    def _infeasible(self) -> list[Infeasible]:
        return infeasible(self._study, self._results, self._place)

    def _unrecorded(self, known: Sequence[Recorded], beyond: Sequence[Infeasible]) -> set[str]:
        """Ids of the trials that were named, and of which nothing came: they are left to the next run."""
        left_out = {network.left_out.variant for network in beyond}
        there = {trained.trial.id for trained in known}
        return {name for name, variant in self._named.items() if name not in there and variant not in left_out}

    def _left(self, known: Sequence[Recorded], beyond: Sequence[Infeasible]) -> int:
        """How many trials are still to be named."""
        if self._study.file.search is None or is_given_up(len(known), len(beyond)):
            return 0
        left = self._study.file.search.trials - len(known)
        if self._limit is None:
            return left
        left_out = {network.left_out.variant for network in beyond}
        return min(left, self._limit - sum(variant not in left_out for variant in self._named.values()))

    def _name(self, todo: Sequence[Job], left: int) -> None:
        trainings = {job.id: job.variant for job in todo if isinstance(job, TrainJob)}
        self._named |= trainings
        if self._progress:
            self._progress.add(todo, works(todo), max(0, left - len(trainings)))
