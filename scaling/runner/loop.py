"""What is missing, to workers, to records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scaling.records import ResultsFolder
from scaling.runner.engines import Engine, EngineError
from scaling.runner.jobs import Died, Event, Finished, Job, Position, Progress, Ready, Record, TimeJob, TrainJob
from scaling.runner.worker import timed, trained
from scaling.schema import Environment, Failure, LatencyRecord, TrainRecord, Variant


class View(Protocol):
    """Somebody who watches a study run."""

    def started(self, worker: int, job: Job) -> None:
        """A worker has been given a job."""

    def moved(self, worker: int, job: Job, position: Position) -> None:
        """A training is so far."""

    def finished(self, worker: int, job: Job, record: Record) -> None:
        """A job has ended, and its record is on disk."""


@dataclass(frozen=True)
class Tally:
    """What a run did: records written, of which failed."""

    finished: int
    failed: int


def missing(jobs: Iterable[Job], results: ResultsFolder, place: str, retry: Collection[str] = ()) -> list[Job]:
    """The jobs that have no record yet, and those that failed in a way to be retried.

    Args:
        jobs: all of the study.
        results: what was recorded.
        place: device and backend; a timing counts as done where it was made here, a training wherever it was made.
        retry: kinds of failure to try again; `"any"` means all.
    """
    trainings, _ = results.training.read()
    timings, _ = results.latency.read()
    settled = {record.trial_id for record in trainings if _is_settled(record, retry)}
    settled |= {
        record.request.id for record in timings if record.environment.place == place and _is_settled(record, retry)
    }
    return [job for job in jobs if job.id not in settled]


def _is_settled(record: Record, retry: Collection[str]) -> bool:
    return record.failure is None or not ("any" in retry or record.failure.kind in retry)


def run(
    jobs: Sequence[Job],
    results: ResultsFolder,
    engine: Engine,
    view: View,
    retry: Collection[str] = (),
    more: Callable[[], Sequence[Job]] = tuple,
) -> Tally:
    """Runs every job that is still missing on the engine's device, and records it as soon as it ends.

    Args:
        jobs: what may be to do, see `missing`.
        results: held for writing by the caller.
        engine: its workers have just been started.
        view: told what happens.
        retry: as for `missing`.
        more: asked for further jobs whenever all are recorded, until it has none.

    Raises:
        OSError: if a record cannot be written; those before it are safe.
        EngineError: if a worker cannot be started.
    """
    floor = _Floor(list(jobs))
    while floor.busy or floor.waiting or floor.add(more()):
        for worker, where in floor.environments.items():
            if worker not in floor.busy and (job := floor.next_for(worker)):
                # Only now is the device known; a training counts on any, so the records need not be read for it.
                if isinstance(job, TrainJob) or missing([job], results, where.place, retry):
                    engine.submit(worker, job)
                    view.started(worker, job)
                else:
                    del floor.busy[worker]
        for event in engine.events(timeout=0.5):
            _handle(event, floor, results, view)
    return Tally(floor.finished, floor.failed)


@dataclass
class _Floor:
    """Who works on what, and what is waiting."""

    waiting: list[Job]
    busy: dict[int, Job] = field(default_factory=dict)
    last: dict[int, Variant] = field(default_factory=dict)
    environments: dict[int, Environment] = field(default_factory=dict)
    finished: int = 0
    failed: int = 0

    def add(self, jobs: Sequence[Job]) -> bool:
        """Puts jobs last in the queue; whether there were any."""
        self.waiting += jobs
        return bool(jobs)

    def next_for(self, worker: int) -> Job | None:
        """Takes the job this worker should do now, if there is one; see `choose`."""
        job = choose(self.waiting, self.last.get(worker), self.busy.values())
        if job is not None:
            self.waiting.remove(job)
            self.busy[worker], self.last[worker] = job, job.variant
        return job


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


def _handle(event: Event, floor: _Floor, results: ResultsFolder, view: View) -> None:
    match event:
        case Ready(worker, where):
            floor.environments[worker] = where
        case Progress(worker, position):
            if worker in floor.busy:
                view.moved(worker, floor.busy[worker], position)
        case Finished(worker, record):
            _close(worker, record, floor, results, view)
        case Died(worker, reason):
            message = f"{reason}; see {results.logs / f'worker-{worker}.log'}"
            if worker not in floor.busy:
                raise EngineError(message)
            floor.last.pop(worker, None)
            failure = Failure(kind="crash", message=message)
            _close(worker, _crashed(floor.busy[worker], floor.environments[worker], failure), floor, results, view)


def _crashed(job: Job, where: Environment, failure: Failure) -> Record:
    return trained(job.trial, where, failure) if isinstance(job, TrainJob) else timed(job.request, where, failure)


def _close(worker: int, record: Record, floor: _Floor, results: ResultsFolder, view: View) -> None:
    if isinstance(record, TrainRecord):
        results.training.append(record)
    elif isinstance(record, LatencyRecord):
        results.latency.append(record)
    floor.finished += 1
    floor.failed += record.failure is not None
    view.finished(worker, floor.busy.pop(worker), record)
