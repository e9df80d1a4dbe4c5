"""The jobs of a search: which trials it trains next."""

from __future__ import annotations

from collections.abc import Sequence

from scaling.generator.recorded import Recorded, recorded
from scaling.generator.study import Study
from scaling.launch.missing import Outcomes, missing
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.retry import RetryPolicy
from scaling.launch.workload import jobs, weights
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import Job, TrainJob


class SearchJobs:
    """The jobs of a search, from its records alone.

    It begins with what recorded trials still lack: timings that an interruption or another machine left out, and
    failures to be retried. Then it names as many trials as there are workers and, when they are recorded, the next.
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
        self._named: set[str] = set()
        self._progress: RunProgress | None = None

    def so_far(self) -> Study:
        """The study with its recorded trials."""
        return self._search.with_trials(self._study, self._recorded())

    def first(self) -> list[Job]:
        """What recorded trials still lack."""
        return jobs(self.so_far())

    def has_all(self) -> bool:
        """Whether no trial is to be named any more."""
        return self._left(len(self._recorded())) <= 0

    def more(self, place: str) -> list[Job]:
        """Jobs of the next trials; none when the search or this run has all its trials, or the space has no more.

        Args:
            place: of the workers; a timing that was taken elsewhere says nothing about them.
        """
        self._place = place
        known = self._recorded()
        self._search.mirror(self._study, known)
        unrecorded = self._named - {trial.trial.id for trial in known}
        left = 0 if unrecorded else self._left(len(known))
        suggested = self._search.suggest(self._study, known, min(self._workers, left))
        asked = jobs(self._search.with_trials(self._study, (), suggested))
        todo = missing(asked, self._outcomes, self._place, RetryPolicy())
        self._name(todo, left)
        return todo

    def watched_by(self, progress: RunProgress, todo: Sequence[Job]) -> None:
        """Adds every trial to the progress as it is named; `todo` is what the run begins with."""
        self._progress = progress
        self._name(todo, self._left(len(self._recorded())))

    def _recorded(self) -> list[Recorded]:
        return recorded(self._study, self._results, self._place)

    def _left(self, known: int) -> int:
        left = (self._study.file.search.trials if self._study.file.search else 0) - known
        return left if self._limit is None else min(left, self._limit - len(self._named))

    def _name(self, todo: Sequence[Job], left: int) -> None:
        trainings = {job.id for job in todo if isinstance(job, TrainJob)}
        self._named |= trainings
        if self._progress:
            self._progress.add(todo, weights(todo), max(0, left - len(trainings)))
