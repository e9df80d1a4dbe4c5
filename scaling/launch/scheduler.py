"""Who works on what, and what is waiting; every job that ends becomes a record here."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scaling.launch.engines import Engine, EngineError
from scaling.launch.missing import missing
from scaling.records import ResultsFolder
from scaling.runner.jobs import (
    INTERRUPTION_SECONDS,
    Died,
    Event,
    Finished,
    Job,
    Noted,
    Position,
    Progress,
    Ready,
    Record,
    TimeJob,
    TrainJob,
)
from scaling.runner.recording import timed, trained
from scaling.schema import Environment, Failure, FailureKind, TrainRecord, Variant

FALSE_STARTS = 3
"""A worker that dies so often before it is ready, one time after another, will never be."""

TRIED_AGAIN: frozenset[FailureKind] = frozenset({"crash", "preempted", "timeout"})
"""Failures that may not be the trial's own fault. It goes on from its checkpoint, so a try costs little."""


class View(Protocol):
    """Somebody who watches a study run."""

    def started(self, worker: int, job: Job) -> None:
        """A worker has been given a job."""

    def moved(self, worker: int, job: Job, position: Position) -> None:
        """A training is so far."""

    def noted(self, note: str) -> None:
        """There is something that people should know."""

    def finished(self, worker: int, job: Job, record: Record, again: bool) -> None:
        """A job has ended, and its record is on disk; `again`: it failed, and will be tried again in this run."""


@dataclass(frozen=True)
class Patience:
    """How failures are met.

    Attributes:
        retries: how often a job is tried again in one run, after a failure of `TRIED_AGAIN`.
        silence_seconds: after which a worker that tells of no progress is ended, its job being a `timeout`.
        recorded: kinds of recorded failures to try again; `"any"` means all.
    """

    retries: int = 2
    silence_seconds: float = 1800.0
    recorded: Collection[str] = ()


@dataclass
class Floor:
    """Who works on what, and what is waiting."""

    waiting: list[Job]
    results: ResultsFolder
    view: View
    patience: Patience
    blame: Callable[[Record], None]
    busy: dict[int, Job] = field(default_factory=dict)
    last: dict[int, Variant] = field(default_factory=dict)
    environments: dict[int, Environment] = field(default_factory=dict)
    heard: dict[int, float] = field(default_factory=dict)
    overdue: set[int] = field(default_factory=set)
    tries: Counter[str] = field(default_factory=Counter)
    false_starts: Counter[int] = field(default_factory=Counter)
    stopping: FailureKind | None = None
    finished: int = 0
    failed: int = 0

    def add(self, more: Callable[[str], Sequence[Job]]) -> bool:
        """Puts further jobs last in the queue; whether there may be any: before a worker is ready that is not known."""
        if not self.environments:
            return True
        jobs = more(next(iter(self.environments.values())).place)
        self.waiting += jobs
        return bool(jobs)

    def hand_out(self, engine: Engine) -> None:
        """Gives every idle worker its next job."""
        for worker, where in self.environments.items():
            if worker not in self.busy and (job := self._next_for(worker)):
                # Only now is the device known; a training counts on any, so the records need not be read for it.
                if isinstance(job, TimeJob) and not missing([job], self.results, where.place, self.patience.recorded):
                    del self.busy[worker]
                    continue
                engine.submit(worker, job)
                self.heard[worker] = time.monotonic()
                self.view.started(worker, job)

    def take(self, event: Event) -> None:
        """Does what an event asks for."""
        self.heard[event.worker] = time.monotonic()
        match event:
            case Ready(worker, where):
                self.environments[worker] = where
                del self.false_starts[worker]
            case Progress(worker, position):
                if worker in self.busy:
                    self.view.moved(worker, self.busy[worker], position)
            case Noted(_, note):
                self.view.noted(note)
            case Finished(worker, record):
                self._close(worker, record)
            case Died(worker, reason, preempted):
                self._bury(worker, reason, "preempted" if preempted else "crash")

    def silent(self) -> Iterator[int]:
        """The workers that have told nothing of their job for too long, each once."""
        for worker in self.busy.keys() - self.overdue:
            if time.monotonic() - self.heard[worker] > self.patience.silence_seconds:
                self.overdue.add(worker)
                yield worker

    def clear(self, engine: Engine, reason: FailureKind) -> None:
        """Gives trainings the time to reach a checkpoint, and records every job that did not end."""
        self.stopping = reason
        deadline = time.monotonic() + INTERRUPTION_SECONDS
        engine.interrupt()
        for worker, job in self.busy.items():
            if isinstance(job, TimeJob):
                engine.kill(worker)
        while self.busy and time.monotonic() < deadline:
            for event in engine.events(timeout=0.5):
                self.take(event)
        for worker in list(self.busy):
            self._bury(worker, f"no checkpoint within {INTERRUPTION_SECONDS:.0f} s of being asked to stop", reason)

    def _next_for(self, worker: int) -> Job | None:
        """Takes the job this worker should do now, if there is one; see `choose`."""
        job = choose(self.waiting, self.last.get(worker), self.busy.values())
        if job is not None:
            self.waiting.remove(job)
            self.busy[worker], self.last[worker] = job, job.variant
        return job

    def _bury(self, worker: int, reason: str, kind: FailureKind) -> None:
        where = self.environments.pop(worker, None)
        self.last.pop(worker, None)
        if where is None and kind != "preempted":
            self.false_starts[worker] += 1
            if self.false_starts[worker] >= FALSE_STARTS:
                raise EngineError(f"{reason}; see {self.results.logs / f'worker-{worker}.log'}")
        if where is None or worker not in self.busy:
            self.view.noted(f"worker {worker}, which had no job: {reason}")
            return
        if worker in self.overdue:
            self.overdue.remove(worker)
            kind, reason = "timeout", f"no progress for {self.patience.silence_seconds:.0f} s; {reason}"
        job = self.busy[worker]
        log = f"{job.id}.log"
        failure = Failure(kind=kind, message=reason)
        record = trained(job.trial, where, failure) if isinstance(job, TrainJob) else timed(job.request, where, failure)
        self._close(worker, record.model_copy(update={"log": log}))

    def _close(self, worker: int, record: Record) -> None:
        if self.stopping and record.failure and record.failure.kind in TRIED_AGAIN:
            failure = record.failure.model_copy(update={"kind": self.stopping})
            record = record.model_copy(update={"failure": failure})
        if isinstance(record, TrainRecord):
            self.results.training.append(record)
        else:
            self.results.latency.append(record)
        job = self.busy.pop(worker)
        again = self._is_tried_again(job, record)
        if again:
            self.tries[job.id] += 1
            self.waiting.insert(0, job)
        else:
            self.finished += 1
            self.failed += record.failure is not None
        self.view.finished(worker, job, record, again)
        if record.failure:
            self.blame(record)

    def _is_tried_again(self, job: Job, record: Record) -> bool:
        return (
            self.stopping is None
            and record.failure is not None
            and record.failure.kind in TRIED_AGAIN
            and self.tries[job.id] < self.patience.retries
        )


def choose(waiting: Sequence[Job], last: Variant | None, running: Collection[Job]) -> Job | None:
    """The next job for an idle worker.

    First what its compiled program serves: trainings, then timings of the same variant. Then a variant that no other
    worker has. A timing never runs beside anything else, so it waits until nothing does.
    """
    if any(isinstance(job, TimeJob) for job in running):
        return None
    taken = {job.variant for job in running}
    candidates = [job for job in waiting if isinstance(job, TrainJob) or not running]

    def order(job: Job) -> tuple[bool, bool, bool]:
        same = job.variant == last
        return not same, isinstance(job, TimeJob), job.variant in taken

    return min(candidates, key=order, default=None)
