"""What a worker does: one device, the last compiled program kept, one job after another.

Keras is imported here, in the worker, and never in the driver.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scaling.datasets import DataError, DatasetFacts, facts
from scaling.models import count, describe
from scaling.runner import checkpoint, environment, tracking
from scaling.runner.jobs import Event, Job, Noted, Progress, Setup, TimeJob, TrainJob
from scaling.runner.tracking import Diary
from scaling.schema import (
    Environment,
    Epoch,
    Failure,
    FailureKind,
    LatencyRecord,
    LatencyRequest,
    Recipe,
    TrainRecord,
    Trial,
)

if TYPE_CHECKING:
    from scaling.runner.program import Program, ProgramKey
    from scaling.runner.train import Watch

TRACEBACK_LINES = 30


class Channel(Protocol):
    """The way to the driver."""

    def send(self, event: Event) -> None:
        """Tells the driver of something."""


class Flag(Protocol):
    """Something that is set once."""

    def is_set(self) -> bool:
        """Whether it is."""


class Worker:
    """One worker; its process has one.

    Attributes:
        number: the driver's name for it.
        busy: whether it trains, and so has something to save when it is asked to end.
    """

    def __init__(self, number: int, setup: Setup, channel: Channel, interrupted: Flag) -> None:
        self.number = number
        self.busy = False
        self._setup = setup
        self._channel = channel
        self._interrupted = interrupted
        self._terminated = False
        self._program: Program | None = None
        import keras

        from scaling.runner import backend

        self.environment = environment.describe(keras.backend.backend(), backend.device_name())

    def terminate(self) -> None:
        """Lets the training write a checkpoint and end at its next step."""
        self._terminated = True

    def train(self, job: TrainJob) -> TrainRecord:
        """Trains a trial; a failure is a record too."""
        self._terminated = False  # whoever gave this job knows that the last one was stopped, and goes on
        self.busy = True
        try:
            with self._logged(job) as log:
                return self._trained(job.trial).model_copy(update={"log": log})
        finally:
            self.busy = False

    def time_latency(self, job: TimeJob) -> LatencyRecord:
        """Times a phase of a variant; a failure is a record too."""
        with self._logged(job) as log:
            return self._timed(job).model_copy(update={"log": log})

    def _trained(self, trial: Trial) -> TrainRecord:
        from scaling.runner import data
        from scaling.runner import train as training

        started = time.perf_counter()
        try:
            pictures = data.load(trial.dataset, trial.variant.resolution)
            program = self._program_for(_key(trial, facts(trial.dataset.name)))
            setup_seconds = time.perf_counter() - started
            watch = self._watch(trial)
            outcome = training.train(trial, program, pictures, watch)
            if watch.checkpoint:
                checkpoint.remove(watch.checkpoint)
            return trained(trial, self.environment).model_copy(
                update={
                    **{field.name: getattr(outcome, field.name) for field in dataclasses.fields(outcome)},
                    "setup_seconds": setup_seconds,
                    "train_seconds": time.perf_counter() - started - setup_seconds,
                }
            )
        except Exception as error:
            return trained(trial, self.environment, _failure(error))

    def _timed(self, job: TimeJob) -> LatencyRecord:
        from scaling.runner import latency
        from scaling.runner.program import ProgramKey

        request = job.request
        recipe = Recipe(epochs=1, precision=request.precision)
        try:
            program = self._program_for(ProgramKey.of(request.variant, facts(job.dataset), recipe))
            batch_size, timing = latency.time_phase(program, request.phase, request.batch_size, job.max_seconds)
            return timed(request, self.environment).model_copy(
                update={"batch_size": batch_size, **dataclasses.asdict(timing)}
            )
        except Exception as error:
            return timed(request, self.environment, _failure(error))

    def _watch(self, trial: Trial) -> Watch:
        from scaling.runner.train import Watch

        diaries = [tracking.diary(tracker, trial, self._setup.logs) for tracker in self._setup.trackers]
        return Watch(
            report=lambda position: self._channel.send(Progress(self.number, position)),
            note=lambda note: self._channel.send(Noted(self.number, f"{trial.id}: {note}")),
            epoch=lambda epoch: self._write_down(epoch, diaries, trial),
            stop=lambda: self._terminated or self._interrupted.is_set(),
            checkpoint=checkpoint.path_of(self._setup.checkpoints, trial.id),
            checkpoint_seconds=self._setup.checkpoint_seconds,
        )

    def _write_down(self, epoch: Epoch, diaries: Iterable[Diary], trial: Trial) -> None:
        """Sends an epoch to trackers; one that cannot be reached costs no training."""
        for diary in diaries:
            try:
                diary(epoch)
            except Exception as error:
                self._channel.send(Noted(self.number, f"{trial.id}: epoch {epoch.epoch} is not tracked: {error}"))

    def _program_for(self, key: ProgramKey) -> Program:
        """The kept program where it serves, else a new one; the old one's memory is freed first."""
        if self._program is None or self._program.key != key:
            from scaling.runner.program import Program

            self._program = None
            self._program = Program(key)
        return self._program

    @contextlib.contextmanager
    def _logged(self, job: Job) -> Iterator[str]:
        """Sends this process' output, native code's too, to the job's log, then to where it went before."""
        log = Path(self._setup.logs) / f"{job.id}.log"
        streams = (sys.stdout, sys.stderr)
        before = [os.dup(stream.fileno()) for stream in streams]
        redirect(log)
        try:
            yield log.name
        finally:
            for stream, descriptor in zip(streams, before, strict=True):
                stream.flush()
                os.dup2(descriptor, stream.fileno())
                os.close(descriptor)


def trained(trial: Trial, where: Environment, failure: Failure | None = None) -> TrainRecord:
    """A record of a trial as far as it is known without its scores."""
    pictures = facts(trial.dataset.name)
    cost = count(describe(trial.variant, channels=pictures.channels, classes=pictures.classes))
    return TrainRecord(
        finished=datetime.now(UTC),
        environment=where,
        trial_id=trial.id,
        trial=trial,
        **dataclasses.asdict(cost),
        failure=failure,
    )


def timed(request: LatencyRequest, where: Environment, failure: Failure | None = None) -> LatencyRecord:
    """A record of a timing as far as it is known without its times."""
    return LatencyRecord(finished=datetime.now(UTC), environment=where, request=request, failure=failure)


def _key(trial: Trial, pictures: DatasetFacts) -> ProgramKey:
    from scaling.runner.program import ProgramKey

    return ProgramKey.of(trial.variant, pictures, trial.recipe)


def _failure(error: Exception) -> Failure:
    traceback.print_exc()
    lines = traceback.format_exc().splitlines()[-TRACEBACK_LINES:]
    message = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return Failure(kind=_kind(error), message=message[:500], traceback="\n".join(lines))


def _kind(error: Exception) -> FailureKind:
    from scaling.runner.backend import is_out_of_memory
    from scaling.runner.train import NotFiniteError, StoppedError

    kinds: tuple[tuple[type[Exception], FailureKind], ...] = (
        (NotFiniteError, "nan"),
        (StoppedError, "preempted"),
        (DataError, "data"),
    )
    if is_out_of_memory(error):
        return "oom"
    return next((kind for of, kind in kinds if isinstance(error, of)), "error")


def redirect(log: Path) -> None:
    """Appends this process' output, native code's too, to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file.fileno(), stream.fileno())
