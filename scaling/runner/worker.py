"""What a worker does: one device, the last compiled program kept, one job after another.

Keras is imported here, in the worker, and never in the driver.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from scaling.datasets import dataset_info
from scaling.runner import environment, tracking
from scaling.runner.jobs import Event, Job, Noted, Progress, Record, Setup, StopReason, TimeJob, TrainJob
from scaling.runner.recording import failure, timed, trained
from scaling.runner.tracking import Diary
from scaling.runner.training import checkpoint
from scaling.schema import Epoch, LatencyRecord, Recipe, TrainRecord, Trial

if TYPE_CHECKING:
    from scaling.runner.compute.program import Program, ProgramKey
    from scaling.runner.data import ImageDataset
    from scaling.runner.training.train import Outcome, Watch


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

    def __init__(
        self, number: int, setup: Setup, devices: tuple[str, ...], channel: Channel, interrupted: Flag
    ) -> None:
        """Loads Keras.

        Args:
            number: see above.
            setup: what holds for all workers.
            devices: this one's, names as of `scaling.runner.compute.devices`; none: the backend's first.
            channel: to the driver.
            interrupted: set when the driver wants checkpoints and an end.

        Raises:
            UserError: if the backend does not see the devices.
        """
        self.number = number
        self.busy = False
        self._setup = setup
        self._devices = devices
        self._channel = channel
        self._interrupted = interrupted
        self._terminated = False
        self._program: Program | None = None
        self._parts: dict[tuple[ProgramKey, int], int] = {}
        import keras

        from scaling.runner.compute import backend

        _log_to_stderr()
        if devices:
            backend.use(devices)
        self.environment = environment.describe(keras.backend.backend(), backend.device_name(), max(1, len(devices)))

    def terminate(self) -> None:
        """Lets the training write a checkpoint and end at its next step."""
        self._terminated = True

    def do(self, job: Job) -> Record:
        """Does a job; a failure is a record too."""
        return self.train(job) if isinstance(job, TrainJob) else self.time_latency(job)

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
        from scaling.runner.compute import backend

        started = time.perf_counter()
        try:
            pictures = data.load(trial.dataset, trial.variant.resolution)
            outcome, program, begun = self._outcome(trial, pictures)
        except Exception as error:
            return trained(trial, self.environment, failure(error))
        return trained(trial, self.environment).model_copy(
            update={
                **{field.name: getattr(outcome, field.name) for field in dataclasses.fields(outcome)},
                "setup_seconds": begun - started,
                "train_seconds": time.perf_counter() - begun,
                "compiled": program.compiled,
                "micro_batch_size": program.micro_batch_size(trial.recipe.batch_size),
                "devices": program.devices,
                "peak_memory_gb": backend.peak_memory_gb(),
                "skipped": tuple(pictures.skipped),
            }
        )

    def _outcome(self, trial: Trial, pictures: ImageDataset) -> tuple[Outcome, Program, float]:
        """Trains from the checkpoint, if there is one; where memory runs out it goes on in smaller parts of a batch.

        Returns:
            What training gave, the program that gave it, and when it began, by `time.perf_counter`.
        """
        from scaling.runner.training import train as training

        watch, key, batch_size = self._watch(trial), _key(trial), trial.recipe.batch_size
        while True:
            start = training.found(watch, batch_size, max(1, len(self._devices)))
            parts = max(self._parts.get((key, batch_size), 1), start.micro_batches if start else 1)
            program, begun = self._program_for(key, parts), time.perf_counter()
            try:
                outcome = training.train(trial, program, pictures, watch, start)
            except Exception as error:
                if not _smaller_parts_help(error, batch_size, program.devices * parts):
                    raise
            else:
                if watch.checkpoint:
                    checkpoint.remove(watch.checkpoint)
                return outcome, program, begun
            # Not in the handler, whose traceback holds the memory that is to be freed.
            del program
            self._program, self._parts[key, batch_size] = None, 2 * parts
            watch.note(f"out of memory; batches of {batch_size} go on in parts of {batch_size // (2 * parts)}")

    def _timed(self, job: TimeJob) -> LatencyRecord:
        from scaling.runner import latency
        from scaling.runner.compute import backend
        from scaling.runner.compute.program import ProgramKey

        request = job.request
        try:
            recipe = Recipe.model_validate({"epochs": 1, "precision": request.precision})
            program = self._program_for(ProgramKey.of(request.variant, dataset_info(job.dataset), recipe))
            batch_size, timing = latency.time_phase(program, request.phase, request.batch_size, job.max_seconds)
            return timed(request, self.environment).model_copy(
                update={
                    "batch_size": batch_size,
                    "compiled": program.compiled,
                    "devices": program.devices,
                    "peak_memory_gb": backend.peak_memory_gb(),
                    **dataclasses.asdict(timing),
                }
            )
        except Exception as error:
            return timed(request, self.environment, failure(error))

    def _watch(self, trial: Trial) -> Watch:
        from scaling.runner.training.train import Watch

        diaries = [tracking.diary(tracker, trial, self._setup.logs) for tracker in self._setup.trackers]
        return Watch(
            report=lambda position: self._channel.send(Progress(self.number, position)),
            note=lambda note: self._channel.send(Noted(self.number, f"{trial.id}: {note}")),
            epoch=lambda epoch: self._write_down(epoch, diaries, trial),
            stop=self._stop_reason,
            checkpoint=checkpoint.path_of(self._setup.checkpoints, trial.id),
            checkpoint_seconds=self._setup.checkpoint_seconds,
        )

    def _stop_reason(self) -> StopReason | None:
        if self._interrupted.is_set():
            return "interrupted"
        return "preempted" if self._terminated else None

    def _write_down(self, epoch: Epoch, diaries: Iterable[Diary], trial: Trial) -> None:
        """Sends an epoch to trackers; one that cannot be reached costs no training."""
        for diary in diaries:
            try:
                diary(epoch)
            except Exception as error:
                self._channel.send(Noted(self.number, f"{trial.id}: epoch {epoch.epoch} is not tracked: {error}"))

    def _program_for(self, key: ProgramKey, parts: int = 1) -> Program:
        """The kept program where it serves, else a new one; the old one's memory is freed first."""
        from scaling.runner.compute.execution import Execution
        from scaling.runner.compute.program import Program

        shared = self._devices if len(self._devices) > 1 or self._devices == ("tpu",) else ()
        execution = Execution(self._setup.compile, shared, parts)
        if self._program is None or (self._program.key, self._program.execution) != (key, execution):
            self._program = None
            self._program = Program(key, execution)
        return self._program

    @contextlib.contextmanager
    def _logged(self, job: Job) -> Iterator[str]:
        """Sends this process' output, native code's too, to the job's log, then to where it went before."""
        log = Path(self._setup.logs) / f"{job.id}.log"
        streams = (sys.stdout, sys.stderr)
        before = [os.dup(stream.fileno()) for stream in streams]
        try:
            redirect(log)
        except OSError as error:  # no reason not to train; if it is the disk, the record will say so
            self._channel.send(Noted(self.number, f"{job.id}: no log: {error}"))
        try:
            yield log.name
        finally:
            for stream, descriptor in zip(streams, before, strict=True):
                _flush(stream)
                os.dup2(descriptor, stream.fileno())
                os.close(descriptor)


def _key(trial: Trial) -> ProgramKey:
    from scaling.runner.compute.program import ProgramKey

    return ProgramKey.of(trial.variant, dataset_info(trial.dataset.name), trial.recipe)


def _smaller_parts_help(error: Exception, batch_size: int, parts: int) -> bool:
    from scaling.runner.compute.backend import is_out_of_memory

    return is_out_of_memory(error) and batch_size % (2 * parts) == 0


def redirect(log: Path) -> None:
    """Appends this process' output, native code's too, to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)
            os.dup2(file.fileno(), stream.fileno())


def _log_to_stderr() -> None:
    """Sends what this package logs, and not all of what its libraries do, to standard error, wherever that goes."""
    package = logging.getLogger("scaling")
    package.setLevel(logging.INFO)
    package.addHandler(logging.StreamHandler())


def _flush(stream: TextIO) -> None:
    """What a full disk has no room for goes where the stream goes next."""
    with contextlib.suppress(OSError):
        stream.flush()
