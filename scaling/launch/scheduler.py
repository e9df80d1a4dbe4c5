"""Which worker does what, and what becomes of each job: every job that ends becomes a record here."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from scaling.launch.engines import Engine, EngineError
from scaling.launch.job_queue import JobQueue
from scaling.launch.missing import Outcomes
from scaling.launch.retry import RetryPolicy
from scaling.launch.stopping import Stop
from scaling.results.records import ResultsFolder
from scaling.runner.compute.program_key import ProgramKey
from scaling.runner.jobs import (
    INTERRUPTION_SECONDS,
    Died,
    Event,
    Finished,
    Job,
    Note,
    Position,
    Progress,
    Ready,
    Record,
    TimeJob,
    TrainJob,
)
from scaling.runner.recording import failed
from scaling.schema import TRANSIENT, Environment, Failure, FailureKind, LatencyRecord

STOPPED = "stopped with the run; it starts over when the run goes on"
"""Of a timing, whose worker the driver kills itself: what the engine says of that would mislead."""

FAILED_STARTS = 3
"""A worker that fails to start so many times in a row is given up."""


class Gate(Protocol):
    """Who decides, once timings are taken, which trainings are begun."""

    def ready_at(self, place: str) -> None:
        """A worker is ready; `place`: its device and backend."""

    def admits(self, job: TrainJob) -> bool:
        """Whether a training may begin, be it for the first time or again."""


class View(Protocol):
    """Somebody who watches a study run."""

    def started(self, worker: int, job: Job) -> None:
        """A worker has been given a job."""

    def moved(self, worker: int, job: Job, position: Position) -> None:
        """A training has made progress."""

    def noted(self, note: str) -> None:
        """There is something that people should know."""

    def skipped(self, job: Job) -> None:
        """A job needs no worker: it turned out to be on record already, or is not admitted."""

    def finished(self, worker: int, job: Job, record: Record, retried: bool) -> None:
        """A job has ended and its record is on disk; `retried`: it failed and will be retried in this run."""

    def refresh(self) -> None:
        """Called about twice a second."""


@dataclass
class WorkerState:
    """What the driver knows of one worker.

    Attributes:
        environment: where it runs; None until it is ready.
        job: what it does now.
        program: what it has compiled.
        heard: when it last told something, by `time.monotonic`.
        overdue: whether it was killed because it had told nothing for too long.
        failed_starts: how often in a row it has died before it was ready.
    """

    environment: Environment | None = None
    job: Job | None = None
    program: ProgramKey | None = None
    heard: float = 0.0
    overdue: bool = False
    failed_starts: int = 0


@dataclass
class Scheduler:
    """Which worker does what, and what becomes of each job.

    Attributes:
        engine: its workers have just been started.
        queue: the jobs that wait.
        results: held for writing by the caller.
        outcomes: of the jobs recorded so far; every record is added.
        view: told what happens.
        policy: how failures are met.
        stop: whether somebody has asked the run to end.
        on_record: called with each record; raises if a failure means that all others would fail alike.
        gate: asked before a training is begun; None: all may.
        place: device and backend of the workers; None until the first is ready.
        succeeded, failed, interrupted: number of jobs that ended so in this run.
        timed: number of timings that succeeded.
    """

    engine: Engine
    queue: JobQueue
    results: ResultsFolder
    outcomes: Outcomes
    view: View
    policy: RetryPolicy
    stop: Stop
    on_record: Callable[[Record], None]
    gate: Gate | None = None
    place: str | None = None
    succeeded: int = 0
    failed: int = 0
    interrupted: int = 0
    timed: int = 0
    _workers: dict[int, WorkerState] = field(default_factory=dict)
    _idle: dict[int, None] = field(default_factory=dict)
    _busy: dict[int, None] = field(default_factory=dict)
    _given_up: dict[int, str] = field(default_factory=dict)
    _retries: Counter[str] = field(default_factory=Counter)

    def has_work(self, more: Callable[[str], Sequence[Job]]) -> bool:
        """Whether anything runs, waits or may still be asked for; asks `more` for jobs once all others have ended."""
        if self._busy or self.queue or self.place is None:
            return True
        jobs = more(self.place)
        self.queue.extend(jobs)
        return bool(jobs)

    def assign(self) -> None:
        """Gives every idle worker its next job, until nothing more can run now."""
        for number in list(self._idle):
            job = self._next_for(self._workers[number])
            if job is None:
                return
            del self._idle[number]
            self._busy[number] = None
            self.engine.submit(number, job)
            self.view.started(number, job)

    def handle(self, event: Event) -> None:
        """Does what an event asks for."""
        worker = self._workers.setdefault(event.worker, WorkerState())
        worker.heard = time.monotonic()
        match event:
            case Ready(number, environment):
                worker.environment, worker.failed_starts = environment, 0
                self.place = environment.place
                if self.gate is not None:
                    self.gate.ready_at(environment.place)
                self._idle[number] = None
            case Progress(number, position):
                if worker.job is not None:
                    self.view.moved(number, worker.job, position)
            case Note(_, note):
                self.view.noted(note)
            case Finished(number, record):
                self._idle[number] = None
                self._close(number, record)
            case Died(number, reason, preempted):
                self._died(number, reason, "preempted" if preempted else "crash")

    def check_progress(self) -> None:
        """Kills workers that have reported no progress with their job for too long; each dies once."""
        for number in self._busy:
            worker = self._workers[number]
            if not worker.overdue and time.monotonic() - worker.heard > self.policy.progress_timeout:
                worker.overdue = True
                self.engine.kill(number)

    def shut_down(self) -> None:
        """Gives trainings the time to reach a checkpoint, and records every job that did not end."""
        deadline = time.monotonic() + INTERRUPTION_SECONDS
        self.engine.interrupt()
        for number in self._busy:
            if isinstance(self._workers[number].job, TimeJob):
                self.engine.kill(number)
        while self._busy and time.monotonic() < deadline:
            for event in self.engine.events(timeout=0.5):
                self.handle(event)
        for number in list(self._busy):
            reason = f"no checkpoint within {INTERRUPTION_SECONDS:.0f} s of being asked to stop"
            self._record_failure(number, reason, "interrupted")

    def _next_for(self, worker: WorkerState) -> Job | None:
        """Takes the job this worker should do now; see `_is_skipped`."""
        while (job := self.queue.take(worker.program)) is not None:
            if self._is_skipped(job):
                self.queue.release(job)
                self.view.skipped(job)
                continue
            worker.job, worker.program, worker.heard = job, job.program, time.monotonic()
            return job
        return None

    def _is_skipped(self, job: Job) -> bool:
        """Whether a timing was already taken on the workers' device, or a training is not admitted there.

        Only now is the device known. A training counts on any device, so it is missing wherever this is.
        """
        if isinstance(job, TimeJob):
            return self.outcomes.settled(job, self.place or "", self.policy)
        return self.gate is not None and not self.gate.admits(job)

    def _died(self, number: int, reason: str, kind: FailureKind) -> None:
        worker = self._workers[number]
        self._idle.pop(number, None)
        if worker.job is not None:
            self._record_failure(number, reason, kind)
        elif not self.stop.requested:
            state = "before it was ready" if worker.environment is None else "while it was idle"
            self.view.noted(f"worker {number} ended {state}: {reason}")
        failed_to_start = worker.environment is None and kind != "preempted"
        self._workers[number] = WorkerState(failed_starts=worker.failed_starts + failed_to_start)
        if self.stop.requested:
            return
        if self._workers[number].failed_starts < FAILED_STARTS:
            self.engine.restart(number)
        else:
            self._give_up(number, reason)

    def _give_up(self, number: int, reason: str) -> None:
        """Goes on without a worker that never starts; without any worker there is nothing to go on with."""
        log = self.results.logs / f"worker-{number}.log"
        reason = f"worker {number} failed to start {FAILED_STARTS} times: {reason}; {_end_of(log)}"
        self._given_up[number] = reason
        if len(self._given_up) == self.engine.workers:
            raise EngineError(reason)
        self.view.noted(f"{reason}. The run goes on without it.")

    def _record_failure(self, number: int, reason: str, kind: FailureKind) -> None:
        worker = self._workers[number]
        job, environment = worker.job, worker.environment
        if job is None or environment is None:
            raise ValueError(f"worker {number} has no job that could have failed")
        if worker.overdue:
            kind, reason = "timeout", f"no progress for {self.policy.progress_timeout:.0f} s; {reason}"
        failure = Failure(kind=kind, message=reason)
        self._close(number, failed(job, environment, failure))

    def _close(self, number: int, record: Record) -> None:
        if self.stop.requested and record.failure and record.failure.kind in TRANSIENT:
            told = {"message": STOPPED} if isinstance(record, LatencyRecord) else {}  # no hint at why it was killed
            failure = record.failure.model_copy(update={"kind": "interrupted", **told})
            record = record.model_copy(update={"failure": failure})
        self.results.append(record)
        self.outcomes.add(record)
        worker = self._workers[number]
        job, worker.job, worker.overdue = worker.job, None, False
        if job is None:
            raise ValueError(f"worker {number} finished a job that it was not given")
        del self._busy[number]
        self.queue.release(job)
        retried = self._is_retried(job, record)
        if retried:
            self._retries[job.id] += 1
            self.queue.put_first(job)
        else:
            self._count(record)
        self.view.finished(number, job, record, retried)
        self.on_record(record)

    def _count(self, record: Record) -> None:
        if record.failure is None:
            self.succeeded += 1
            self.timed += isinstance(record, LatencyRecord)
        elif record.failure.kind == "interrupted":
            self.interrupted += 1
        else:
            self.failed += 1

    def _is_retried(self, job: Job, record: Record) -> bool:
        if self.stop.requested or record.failure is None:
            return False
        return self.policy.allows(record.failure.kind, self._retries[job.id])


def _end_of(log: Path) -> str:
    """What the last line of a log says."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError as error:
        return f"its log {log} cannot be read: {error.strerror}"
    return f"its log {log} ends with: {lines[-1]}" if lines else f"its log {log} is empty"
