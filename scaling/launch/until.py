"""The jobs of `run --until decided`: the runs that decide most, batch after batch, until there is an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scaling.errors import UserError
from scaling.generator.budget import basis
from scaling.generator.study import Study
from scaling.launch.missing import Outcomes, missing
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.retry import RetryPolicy
from scaling.launch.workload import jobs, works
from scaling.results.columns import timed
from scaling.results.records import ResultsFolder, latest
from scaling.runner.jobs import Job, TrainJob

if TYPE_CHECKING:
    import pandas as pd

    from scaling.launch.options import Until

BATCH = 4
"""Trials that are chosen together, at least: as many as there are workers, if that is more."""

SECONDS = 3600.0

_NONE_LEFT = "no run of the study is left that would change the answer"


def check_limits(until: Until, study: Study, results: ResultsFolder) -> None:
    """Refuses a limit on a time that the study does not take, before anything is trained.

    Raises:
        UserError: with what to write into the study file.
    """
    plan = study.file.latency
    runtimes = {"inference" if runtime == "keras" else f"inference_{runtime}" for runtime in plan.runtimes}
    taken = {"training"} & {*plan.phases} | (runtimes if "inference" in plan.phases else set())
    taken |= {timed(record.request) for record in results.latency.read()[0] if record.ok}
    for limit in until.limits:
        if limit.cost.phase is not None and limit.cost.phase not in taken:
            phase, _, runtime = limit.cost.phase.partition("_")
            place = (
                f"latency.runtimes=[{runtime}]" if runtime else f"latency.phases=[{', '.join((*plan.phases, phase))}]"
            )
            raise UserError(f"{limit.cost.name}: {study.name} does not take that time; --set '{place}' has it taken")


class UntilDecided:
    """The jobs of a study that is run until it is decided, from its records alone.

    What is chosen rests on whole batches of records, counted from the first: whoever stops in the middle of a batch and
    goes on later, with as many workers, is given the rest of that batch, and then the same as if nothing had happened.

    Attributes:
        reason: why no more runs are named; empty while some may be.
    """

    def __init__(
        self,
        study: Study,
        results: ResultsFolder,
        outcomes: Outcomes,
        place: str,
        workers: int,
        until: Until,
    ) -> None:
        self._study, self._results, self._outcomes, self._place = study, results, outcomes, place
        self._batch, self._until = max(BATCH, workers), until
        self._progress: RunProgress | None = None
        self.reason = ""

    def so_far(self) -> Study:
        """The study with the trials that are recorded, and all its variants to be timed."""
        recorded = {record.trial_id for record in self._results.training.read()[0]}
        return replace(self._study, trials=tuple(trial for trial in self._study.trials if trial.id in recorded))

    def first(self) -> list[Job]:
        """Timings of all variants, which cost little, and trainings that are to be retried."""
        timings = [job for job in jobs(self._study) if not isinstance(job, TrainJob)]
        return [*(job for job in jobs(self.so_far()) if isinstance(job, TrainJob)), *timings]

    def has_all(self) -> bool:
        """Whether no more runs are to be named."""
        self.reason = self.reason or self._next()[0]
        return bool(self.reason)

    def more(self, place: str) -> list[Job]:
        """The rest of the batch that was begun, or the next; none where it is decided, or nothing can decide it."""
        self._place = place
        self.reason, named = self._next()
        chosen = set(named)
        asked = [job for job in jobs(self._study) if isinstance(job, TrainJob) and job.id in chosen]
        todo = missing(asked, self._outcomes, self._place, RetryPolicy())
        self._name(todo)
        if not todo:
            self.reason = self.reason or _NONE_LEFT
        return todo

    def watched_by(self, progress: RunProgress, todo: Sequence[Job]) -> None:
        """Adds every batch to the progress as it is named; `todo` is what the run begins with."""
        self._progress = progress
        del todo

    def _name(self, todo: Sequence[Job]) -> None:
        if self._progress:
            self._progress.add(todo, works(todo), 0)

    def _next(self) -> tuple[str, list[str]]:
        """Why the study may stop now, or ids of the batch under way: chosen from the whole batches before it.

        A batch is shorter than others where no more runs are worth doing; if it is done, the next begins there.
        """
        order = self._order()
        known = len(order) if {trial.id for trial in self._study.trials} <= {*order} else self._whole(order)
        if spent := self._spent(self._recorded()):
            return spent, []
        while True:
            if reason := self._enough(order[:known]):
                return reason, []
            chosen = self._chosen(order[:known])
            if not {*chosen} <= {*order}:
                return "", chosen
            if not chosen or known == len(order):
                return _NONE_LEFT, []
            known = min(known + len(chosen), len(order))

    def _enough(self, trial_ids: Sequence[str]) -> str:
        """Why the study may stop by these records; empty where it goes on."""
        from scaling.analysis.decide.stopping import enough

        until = self._until
        return enough(self._frame(trial_ids), self._study.question, until.limits, until.dollars_per_hour)

    def _chosen(self, trial_ids: Sequence[str]) -> list[str]:
        """Ids of the runs to do next by these records."""
        from scaling.analysis.decide.next_runs import next_runs

        frame, until = self._frame(trial_ids), self._until
        runs = next_runs(
            frame, self._study.question, until.limits, self._batch, dollars_per_hour=until.dollars_per_hour
        )
        return [run.trial_id for run in runs]

    def _order(self) -> list[str]:
        """Ids of the trials that are recorded, in the order of their first records."""
        return [*latest(self._results.training.read()[0], lambda record: record.trial_id)]

    def _whole(self, order: Sequence[str]) -> int:
        """How many of them make whole batches."""
        return len(order) // self._batch * self._batch

    def _frame(self, trial_ids: Sequence[str]) -> pd.DataFrame:
        """Recorded trials, all or some, and the others of the study as if they were not recorded."""
        from scaling.analysis.settings import of_settings, with_seed_noise
        from scaling.generator.candidates import with_candidates

        frame, known = self._recorded(), set(trial_ids)
        if len(frame):
            frame = frame[frame["trial_id"].isin(known)]
        # The pace as well is that of these trials alone.
        reckoned_by = basis(None, [record for record in self._results.training.read()[0] if record.trial_id in known])
        frame = with_candidates(frame, self._study, self._results, reckoned_by)
        return with_seed_noise(of_settings(frame, {trial.id for trial in self._study.trials}), self._until.seed_noise)

    def _recorded(self) -> pd.DataFrame:
        import pandas as pd

        from scaling.results.frame import load_results

        return load_results(self._results.path) if self._results.exists() else pd.DataFrame()

    def _spent(self, frame: pd.DataFrame) -> str:
        """Which cap the trainings that are recorded have reached; empty while none."""
        hours = float(frame["train_seconds"].sum()) / SECONDS if "train_seconds" in frame else 0.0
        dollars, until = hours * self._until.dollars_per_hour, self._until
        if until.max_hours is not None and hours >= until.max_hours:
            return f"{hours:.3g} hours of training are spent, of {until.max_hours:g} (--max-hours)"
        if until.max_dollars is not None and dollars >= until.max_dollars:
            return f"the money is spent: {dollars:.3g} dollars of training, of {until.max_dollars:g} (--max-cost)"
        return ""
