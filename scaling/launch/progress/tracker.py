"""What is known of a run so far, and the time it will still take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scaling.runner.jobs import Job, Position, Record, TimeJob, TrainJob
from scaling.schema import Variant


@dataclass
class Tracker:
    """What is known of a run so far, and the time it will still take.

    Attributes:
        waiting: jobs not yet started, by id.
        work: what each training weighs against the others, by id; see `ACTIVATION_WORK`.
        done_before: trials and timings that earlier runs finished.
        workers: how many run side by side.
        running: the job of each worker, when it was started, and how far it is.
        spent: seconds and work of the finished trainings, by variant.
        to_come: trainings that a search has yet to name.
    """

    waiting: dict[str, Job]
    work: Mapping[str, float]
    done_before: int = 0
    workers: int = 1
    running: dict[int, tuple[Job, float, Position | None]] = field(default_factory=dict)
    spent: dict[Variant, tuple[float, float]] = field(default_factory=dict)
    finished: int = 0
    failed: int = 0
    to_come: int = 0

    def add(self, jobs: Mapping[str, Job], work: Mapping[str, float], to_come: int) -> None:
        """Takes in what a search has just named."""
        self.waiting |= jobs
        self.work = {**self.work, **work}
        self.to_come = to_come

    def start(self, worker: int, job: Job) -> None:
        self.waiting.pop(job.id, None)
        self.running[worker] = (job, time.monotonic(), None)

    def move(self, worker: int, position: Position) -> None:
        job, began, _ = self.running[worker]
        self.running[worker] = (job, began, position)

    def finish(self, worker: int, record: Record, again: bool = False) -> None:
        job, began, _ = self.running.pop(worker)
        if again:
            self.waiting[job.id] = job
            return
        self.finished += 1
        self.failed += record.failure is not None
        if isinstance(job, TrainJob) and record.failure is None:
            seconds, work = self.spent.get(job.variant, (0.0, 0.0))
            self.spent[job.variant] = (seconds + time.monotonic() - began, work + self.work[job.id])

    def seconds_left(self) -> float | None:
        """Work left at the pace of the variant's own trainings, else at that of all; None while there is no pace."""
        now = time.monotonic()
        under_way = [
            (now - began, self.work[job.id] * fraction(job, position))
            for job, began, position in self.running.values()
            if isinstance(job, TrainJob) and position
        ]
        seconds, work = (sum(column) for column in zip(*self.spent.values(), *under_way, (0.0, 0.0), strict=True))
        if not work and (self.work or self.to_come):
            return None
        pace = seconds / work if work else 0.0
        left = sum(self._estimate(job, pace) for job in self.waiting.values())
        left += sum(
            self._estimate(job, pace) * (1 - fraction(job, position)) for job, _, position in self.running.values()
        )
        if self.to_come:
            left += self.to_come * sum(self.work.values()) / len(self.work) * pace / self.workers
        return left

    def _estimate(self, job: Job, pace: float) -> float:
        """Seconds that a whole job adds to the run; `pace` is for a unit of work where the variant has none of its own.

        Trainings go side by side, a timing goes alone.
        """
        if isinstance(job, TimeJob):
            return job.max_seconds
        own = self.spent.get(job.variant)
        return self.work[job.id] * (own[0] / own[1] if own else pace) / self.workers


def fraction(job: Job, position: Position | None) -> float:
    """How much of a training is done."""
    return position.epochs_done / job.trial.recipe.epochs if position and isinstance(job, TrainJob) else 0.0
