"""What is known of a run so far, and the time it will still take."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import NamedTuple

from scaling.launch.progress.speeds import Speeds, Work
from scaling.runner.compute.program_key import ProgramKey
from scaling.runner.jobs import Job, Position, Record, TimeJob, TrainJob
from scaling.schema import LatencyRecord, TrainRecord, Variant

ESTIMATE_SECONDS = 1.0
"""Age at which an estimate is made anew: with a thousand workers it costs more than all else that is shown."""

ANNOUNCED_FROM = 0.5
"""Of a training that has to be done before it says how fast its variant is, while no other one has."""


@dataclass(frozen=True)
class Running:
    """A job under way: when it was started and was last heard of, by `time.monotonic`, and how far it is."""

    job: Job
    began: float
    heard: float
    position: Position | None = None

    @property
    def fraction(self) -> float:
        """How much of a training is done; 0 for a timing."""
        if self.position is None or isinstance(self.job, TimeJob):
            return 0.0
        return self.position.epochs_done / self.job.trial.recipe.epochs


def _compiling(record: TrainRecord) -> float:
    """Seconds by which the first epoch of a program's first training was longer than the others."""
    first, *others = [epoch.seconds for epoch in record.history] or [0.0]
    return max(0.0, first - median(others)) if others else 0.0


def _add(
    trained: dict[Variant, tuple[float, float]],
    works: dict[Variant, float],
    variant: Variant,
    seconds: float,
    work: Work,
) -> None:
    """Counts a training, or a part of one, among those of its variant."""
    if seconds > 0 and work.images > 0:
        before = trained.get(variant, (0.0, 0.0))
        trained[variant] = before[0] + seconds, before[1] + work.images
        works[variant] = work.per_image


class _Waiting(NamedTuple):
    """The trainings of a program that wait: how many, their images, those of the longest, and the work for an image."""

    jobs: int = 0
    images: float = 0.0
    longest: float = 0.0
    per_image: float = 0.0


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
        work: Mapping[str, Work],
        done_before: int = 0,
        workers: int = 1,
        to_come: int = 0,
        timings: Iterable[LatencyRecord] = (),
        timed_alike: bool = False,
    ) -> None:
        """Begins with nothing started.

        Args:
            jobs: that wait.
            work: what each training has to do, by id; see `scaling.launch.workload.works`.
            done_before: see above.
            workers: how many train side by side.
            to_come: see above.
            timings: of the study's variants, by earlier runs at this place.
            timed_alike: whether a timing has the cores or the accelerator that a training has.
        """
        self.waiting: dict[str, Job] = {}
        self.running: dict[int, Running] = {}
        self.done_before = done_before
        self.finished = self.failed = self.interrupted = 0
        self._workers = workers
        self._work: dict[str, Work] = {}
        self._programs: dict[ProgramKey, _Waiting] = {}
        self._compiled: set[ProgramKey] = set()
        self._setups: list[float] = []
        self._timing_caps = 0.0
        self._timing_shares: list[float] = []
        self._trained: dict[Variant, tuple[float, float]] = {}
        self._works: dict[Variant, float] = {}
        self._timed: dict[Variant, float] = {}
        self._timed_alike = timed_alike
        self._estimate: tuple[float, float | None] | None = None
        for record in timings:
            self._time(record)
        self.add(jobs, work, to_come)

    def add(self, jobs: Collection[Job], work: Mapping[str, Work], to_come: int) -> None:
        """Takes in jobs that have just been named; `to_come` of a search's are still to be."""
        self._work.update(work)
        for job in jobs:
            self._wait(job)
        self.to_come = to_come

    def start(self, worker: int, job: Job) -> None:
        """A worker has begun a job."""
        self.drop(job)
        now = time.monotonic()
        self.running[worker] = Running(job, now, now)

    def move(self, worker: int, position: Position) -> None:
        """A training has made progress."""
        under_way = self.running[worker]
        self.running[worker] = Running(under_way.job, under_way.began, time.monotonic(), position)

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
        elif isinstance(job, TrainJob) and isinstance(record, TrainRecord):
            compiling = 0.0 if job.program in self._compiled else _compiling(record)
            if job.program not in self._compiled:
                self._setups.append((record.setup_seconds or 0.0) + compiling)
                self._compiled.add(job.program)
            seconds = (record.train_seconds or 0.0) - compiling
            _add(self._trained, self._works, job.variant, seconds, self._work[job.id])
        elif isinstance(job, TimeJob) and isinstance(record, LatencyRecord):
            self._time(record)
            self._timing_shares.append((time.monotonic() - under_way.began) / job.max_seconds)

    def drop(self, job: Job) -> None:
        """A job waits no more."""
        if self.waiting.pop(job.id, None) is not None:
            self._weigh(job, -1)

    def seconds_left(self) -> float | None:
        """The time that is left, in seconds; None while nothing is known that it could rest on.

        Trainings go side by side, each as fast as its variant is (see `Speeds`); a timing goes alone. At most
        `ESTIMATE_SECONDS` old.
        """
        now = time.monotonic()
        if self._estimate is None or now - self._estimate[0] >= ESTIMATE_SECONDS:
            self._estimate = (now, self._seconds_left(now))
        return self._estimate[1]

    def _seconds_left(self, now: float) -> float | None:
        under_way = [each for each in self.running.values() if isinstance(each.job, TrainJob)]
        timings = self._timings_left(now)
        if not (under_way or self.to_come or self._programs):
            return timings
        speeds = self._speeds(under_way)
        works = {program.variant: waiting.per_image for program, waiting in self._programs.items()}
        works |= {each.job.variant: self._work[each.job.id].per_image for each in under_way}
        if not speeds.is_ground(works):
            return None
        seconds = speeds.seconds(works)
        rests = [self._rest(each, seconds, now) for each in under_way]
        left = sum(rests) + sum(waiting.images * seconds[of.variant] for of, waiting in self._programs.items())
        left += fmean(self._setups or [0.0]) * len(self._programs.keys() - self._compiled)
        left += self._to_come_seconds(speeds) if self.to_come else 0.0
        longest = [waiting.longest * seconds[of.variant] for of, waiting in self._programs.items()]
        return max(left / self._workers, *longest, *rests, 0.0) + timings

    def _rest(self, each: Running, seconds: Mapping[Variant, float], now: float) -> float:
        """Seconds that a training under way still takes."""
        whole = self._work[each.job.id].images * seconds[each.job.variant]
        return max(0.0, whole * (1 - each.fraction) - (now - each.heard))

    def _speeds(self, under_way: Collection[Running]) -> Speeds:
        """What is finished says of speeds, and what is well under way of variants of which nothing is finished."""
        trained, works, compiling = dict(self._trained), dict(self._works), fmean(self._setups or [0.0])
        for each in under_way:
            if each.job.variant not in self._trained and each.fraction >= ANNOUNCED_FROM:
                work = self._work[each.job.id]
                done = work._replace(images=work.images * each.fraction)
                _add(trained, works, each.job.variant, each.heard - each.began - compiling, done)
        return Speeds(trained, works, self._timed, self._timed_alike)

    def _to_come_seconds(self, speeds: Speeds) -> float:
        """Of the trainings that are yet to be named: as many images as those that were, at their mean speed."""
        images = fmean(work.images for work in self._work.values()) if self._work else 0.0
        spent = sum(seconds for seconds, _ in speeds.trained.values())
        return self.to_come * images * spent / sum(trained for _, trained in speeds.trained.values())

    def _time(self, record: LatencyRecord) -> None:
        """A timing of training steps says how fast its variant is; one of inference does not."""
        if record.request.phase == "training" and record.median_ms and record.batch_size:
            self._timed[record.request.variant] = record.median_ms / 1000 / record.batch_size

    def _timings_left(self, now: float) -> float:
        """Seconds of the timings that wait or run: the share of their cap that those before took, else all of it."""
        share = fmean(self._timing_shares or [1.0])
        begun = [
            max(0.0, share * each.job.max_seconds - (now - each.began))
            for each in self.running.values()
            if isinstance(each.job, TimeJob)
        ]
        return sum(begun) + max(0.0, share * self._timing_caps)

    def _wait(self, job: Job) -> None:
        self.waiting[job.id] = job
        self._weigh(job, 1)

    def _weigh(self, job: Job, sign: int) -> None:
        if isinstance(job, TimeJob):
            self._timing_caps += sign * job.max_seconds
            return
        work = self._work[job.id]
        waiting = self._programs.get(job.program, _Waiting(per_image=work.per_image))
        waiting = _Waiting(
            waiting.jobs + sign, waiting.images + sign * work.images, max(waiting.longest, work.images), work.per_image
        )
        self._programs[job.program] = waiting
        if not waiting.jobs:
            del self._programs[job.program]
