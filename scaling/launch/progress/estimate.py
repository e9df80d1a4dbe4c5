"""What is known of a run so far, and the time it will still take."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scaling.runner.jobs import Job, Position, Record, TimeJob, TrainJob
from scaling.schema import Variant

ESTIMATE_SECONDS = 1.0
"""Age at which an estimate is made anew: with a thousand workers it costs more than all else that is shown."""


@dataclass(frozen=True)
class Running:
    """A job under way: when it was started, by `time.monotonic`, and how far it is."""

    job: Job
    began: float
    position: Position | None = None

    @property
    def fraction(self) -> float:
        """How much of a training is done; 0 for a timing."""
        if self.position is None or isinstance(self.job, TimeJob):
            return 0.0
        return self.position.epochs_done / self.job.trial.recipe.epochs


class RunProgress:
    """What is known of a run so far, and the time it will still take.

    Attributes:
        waiting: jobs not yet started, by id.
        running: the job of each worker.
        done_before: trials and timings that earlier runs finished.
        finished, failed, interrupted: jobs that ended in this run; `finished` counts the others too.
        to_come: trainings that a search has yet to name.
    """

    def __init__(
        self,
        jobs: Collection[Job],
        work: Mapping[str, float],
        done_before: int = 0,
        workers: int = 1,
        to_come: int = 0,
    ) -> None:
        """Begins with nothing started.

        Args:
            jobs: that wait.
            work: what each training weighs against the others, by id; see `scaling.launch.workload.weights`.
            done_before: see above.
            workers: how many train side by side.
            to_come: see above.
        """
        self.waiting: dict[str, Job] = {}
        self.running: dict[int, Running] = {}
        self.done_before = done_before
        self.finished = self.failed = self.interrupted = 0
        self._workers = workers
        self._work: dict[str, float] = {}
        self._waiting_work: defaultdict[Variant, float] = defaultdict(float)
        self._waiting_seconds = 0.0
        self._pace: dict[Variant, tuple[float, float]] = {}
        self._estimate: tuple[float, float | None] | None = None
        self.add(jobs, work, to_come)

    def add(self, jobs: Collection[Job], work: Mapping[str, float], to_come: int) -> None:
        """Takes in jobs that have just been named; `to_come` of a search's are still to be."""
        self._work.update(work)
        for job in jobs:
            self._wait(job)
        self.to_come = to_come

    def start(self, worker: int, job: Job) -> None:
        """A worker has begun a job."""
        self.drop(job)
        self.running[worker] = Running(job, time.monotonic())

    def move(self, worker: int, position: Position) -> None:
        """A training has made progress."""
        under_way = self.running[worker]
        self.running[worker] = Running(under_way.job, under_way.began, position)

    def finish(self, worker: int, record: Record, retried: bool = False) -> None:
        """A job has ended; one that is retried waits again."""
        under_way = self.running.pop(worker)
        job = under_way.job
        if retried:
            self._wait(job)
            return
        self.finished += 1
        if record.failure is not None:
            is_interrupted = record.failure.kind == "interrupted"
            self.interrupted += is_interrupted
            self.failed += not is_interrupted
        elif isinstance(job, TrainJob):
            seconds, work = self._pace.get(job.variant, (0.0, 0.0))
            self._pace[job.variant] = (seconds + time.monotonic() - under_way.began, work + self._work[job.id])

    def drop(self, job: Job) -> None:
        """A job waits no more."""
        if self.waiting.pop(job.id, None) is not None:
            self._weigh(job, -1)

    def seconds_left(self) -> float | None:
        """Work left at the pace of the variant's own trainings, else at that of all; None while there is no pace.

        Trainings go side by side; a timing goes alone and takes its cap at most. At most `ESTIMATE_SECONDS` old.
        """
        now = time.monotonic()
        if self._estimate is None or now - self._estimate[0] >= ESTIMATE_SECONDS:
            self._estimate = (now, self._seconds_left(now))
        return self._estimate[1]

    def _seconds_left(self, now: float) -> float | None:
        trainings = [under_way for under_way in self.running.values() if isinstance(under_way.job, TrainJob)]
        seconds = sum(seconds for seconds, _ in self._pace.values())
        work = sum(work for _, work in self._pace.values())
        for under_way in trainings:
            if under_way.position:
                seconds += now - under_way.began
                work += self._work[under_way.job.id] * under_way.fraction
        if not work and (self._work or self.to_come):
            return None
        pace = seconds / work if work else 0.0
        left = sum(work * self._pace_of(variant, pace) for variant, work in self._waiting_work.items())
        for under_way in trainings:
            rest = self._work[under_way.job.id] * (1 - under_way.fraction)
            left += rest * self._pace_of(under_way.job.variant, pace)
        if self.to_come:
            left += self.to_come * sum(self._work.values()) / len(self._work) * pace
        timings = sum(each.job.max_seconds for each in self.running.values() if isinstance(each.job, TimeJob))
        # The weights of what waits are added and taken off again, which leaves a last bit now and then.
        return max(0.0, left / self._workers + self._waiting_seconds + timings)

    def _pace_of(self, variant: Variant, pace: float) -> float:
        """Seconds for a unit of work: the variant's own, where one of its trainings is done."""
        own = self._pace.get(variant)
        return own[0] / own[1] if own else pace

    def _wait(self, job: Job) -> None:
        self.waiting[job.id] = job
        self._weigh(job, 1)

    def _weigh(self, job: Job, sign: int) -> None:
        if isinstance(job, TimeJob):
            self._waiting_seconds += sign * job.max_seconds
        else:
            self._waiting_work[job.variant] += sign * self._work[job.id]
