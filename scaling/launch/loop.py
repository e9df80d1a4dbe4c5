"""The driver's loop: hand out jobs, wait for events, until there is nothing left to do or somebody asks to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scaling.launch.engines import Engine
from scaling.launch.job_queue import JobQueue
from scaling.launch.missing import Outcomes
from scaling.launch.retry import RetryPolicy
from scaling.launch.scheduler import Gate, Scheduler, View
from scaling.launch.stopping import Stop
from scaling.launch.workload import longest_first
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import Job, Record
from scaling.schema import FailureKind
from scaling.wording import counted

REFRESH_SECONDS = 0.5


@dataclass(frozen=True)
class RunSummary:
    """What a run did, and what has failed.

    Attributes:
        succeeded, failed, interrupted: number of jobs that ended so in this run; a retried failure is not counted.
        timed: number of those that succeeded that are timings; the others are trainings.
        stopped: whether somebody asked it to end early.
        failures: jobs of the study whose latest record is a failure, of this run or an earlier one, by kind.
        reason: why a run until decided named no more trainings; empty for other runs.
    """

    succeeded: int = 0
    failed: int = 0
    interrupted: int = 0
    stopped: bool = False
    failures: Mapping[FailureKind, int] = field(default_factory=dict)
    reason: str = ""
    timed: int = 0

    @property
    def finished(self) -> str:
        """What succeeded, in words: `3 trainings and 6 timings finished`."""
        numbers = {"training": self.succeeded - self.timed, "timing": self.timed}
        said = " and ".join(counted(number, noun) for noun, number in numbers.items() if number)
        return f"{said or 'nothing'} finished"

    @property
    def ended(self) -> int:
        """Number of jobs that ended in this run."""
        return self.succeeded + self.failed + self.interrupted

    def __add__(self, later: RunSummary) -> RunSummary:
        return RunSummary(
            self.succeeded + later.succeeded,
            self.failed + later.failed,
            self.interrupted + later.interrupted,
            self.stopped or later.stopped,
            timed=self.timed + later.timed,
        )

    def with_failures(self, failures: Mapping[FailureKind, int]) -> RunSummary:
        """This summary with what has failed in the whole study."""
        return replace(self, failures=failures)


def run(
    jobs: Sequence[Job],
    results: ResultsFolder,
    outcomes: Outcomes,
    engine: Engine,
    view: View,
    policy: RetryPolicy,
    more: Callable[[str], Sequence[Job]] = lambda place: (),
    stop: Stop | None = None,
    on_record: Callable[[Record], None] = lambda record: None,
    gate: Gate | None = None,
) -> RunSummary:
    """Runs jobs on an engine's workers, and records each as soon as it ends.

    Args:
        jobs: what may be to do, see `missing`; a timing that was already taken on the workers' device is skipped.
        results: held for writing by the caller.
        outcomes: of the jobs recorded so far; every new record is added.
        engine: its workers have just been started.
        view: told what happens.
        policy: how failures are met.
        more: asked for further jobs whenever all have ended, until it has none; called with the workers' place.
        stop: asks, once it is requested, for checkpoints and an early end.
        on_record: called with each record; raises if a failure means that the others would fail alike.
        gate: says which trainings may begin; all timings come before it is asked.

    Raises:
        OSError: if a record cannot be written; those before it are safe.
        EngineError: if no worker can be started.
    """
    stop = stop or Stop()
    queue = JobQueue(longest_first(jobs), timings_first=gate is not None)
    scheduler = Scheduler(engine, queue, results, outcomes, view, policy, stop, on_record, gate)
    refreshed = 0.0
    while not stop.requested and scheduler.has_work(more):
        scheduler.assign()
        # Now, when each worker has its next job, so that all that run are counted.
        if time.monotonic() - refreshed >= REFRESH_SECONDS:
            refreshed = time.monotonic()
            scheduler.check_progress()
            view.refresh()
        for event in engine.events(timeout=REFRESH_SECONDS):
            scheduler.handle(event)
    if stop.requested:
        scheduler.shut_down()
    return RunSummary(
        scheduler.succeeded, scheduler.failed, scheduler.interrupted, stop.requested, timed=scheduler.timed
    )
