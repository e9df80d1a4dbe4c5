"""What a worker does: one job after another on its devices.

Keras is imported here, in the worker, and never in the driver.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scaling.datasets import dataset_info
from scaling.runner import energy, environment, logs, tracking
from scaling.runner.compute import precision
from scaling.runner.compute.program_key import of_timing, of_trial
from scaling.runner.deploy import runtimes
from scaling.runner.jobs import Event, Job, Note, Progress, Record, StopReason, TimeJob, TrainJob, WorkerConfig
from scaling.runner.programs import ProgramCache
from scaling.runner.recording import failure_of, latency_record, log_name, train_record
from scaling.runner.tracking import EpochLogger
from scaling.runner.training import checkpoint, weights
from scaling.schema import Environment, Epoch, LatencyRecord, Precision, Runtime, TrainRecord, Trial

if TYPE_CHECKING:
    from scaling.models.weights import Weights
    from scaling.runner.compute.program import Program
    from scaling.runner.data import ImageDataset
    from scaling.runner.training.checkpoint import Checkpoint
    from scaling.runner.training.train import Callbacks, Outcome


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
        self,
        number: int,
        config: WorkerConfig,
        devices: tuple[str, ...],
        channel: Channel,
        interrupted: Flag,
        sharing: int = 1,
    ) -> None:
        """Loads Keras.

        Args:
            number: see above.
            config: what holds for all workers.
            devices: this one's, names as of `scaling.runner.compute.devices`; none: the backend's first.
            channel: to the driver.
            interrupted: set when the driver wants checkpoints and an end.
            sharing: how many workers its devices have, itself included.

        Raises:
            UserError: if the backend does not see the devices.
        """
        self.number = number
        self.busy = False
        self._config = config
        self._devices = devices
        self._channel = channel
        self._interrupted = interrupted
        self._terminated = False
        self._computed_in: Precision | None = None
        self._programs = ProgramCache(devices, config.compile)
        import keras

        from scaling.runner.compute import backend

        logs.log_to_stderr()
        if devices:
            backend.use(devices, sharing)
        name = backend.device_name()
        accelerator = f"{name}, shared by {sharing} workers" if name and sharing > 1 else name
        self.environment = environment.describe(keras.backend.backend(), accelerator, max(1, len(devices)))

    def terminate(self) -> None:
        """Lets the training write a checkpoint and end at its next step."""
        self._terminated = True

    def do(self, job: Job) -> Record:
        """Does a job; a failure is a record too."""
        self._terminated = False  # whoever gave this job knows that the last one was stopped, and goes on
        self.busy = isinstance(job, TrainJob)
        log = log_name(job)
        try:
            with logs.redirected(Path(self._config.logs) / log, lambda error: self._note(f"{job.id}: no log: {error}")):
                return self._trained(job, log) if isinstance(job, TrainJob) else self._timed(job, log)
        finally:
            self.busy = False

    def _trained(self, job: TrainJob, log: str) -> TrainRecord:
        from scaling.runner import data
        from scaling.runner.compute import backend

        started, trial = time.perf_counter(), job.trial
        self._computed_in = None
        try:
            images = data.load(trial.dataset, trial.variant.resolution, run=self._config.run)
            outcome, program, begun = self._outcome(job, images)
        except Exception as error:
            failure = failure_of(error)
            return train_record(trial, self.environment, log, precision=self._computed_in, failure=failure)
        return train_record(
            trial,
            self.environment,
            log,
            **vars(outcome),
            setup_seconds=begun - started,
            precision=program.key.precision,
            compiled=program.compiled,
            micro_batch_size=program.micro_batch_size(trial.recipe.batch_size),
            devices=program.devices,
            peak_memory_gb=backend.peak_memory_gb(),
            skipped=tuple(images.skipped),
            weights_from=job.init,
        )

    def _outcome(self, job: TrainJob, images: ImageDataset) -> tuple[Outcome, Program, float]:
        """Trains from the checkpoint, if there is one; where memory runs out it continues in smaller parts of a batch.

        Returns:
            What training gave, the program that gave it, and when it began, by `time.perf_counter`.
        """
        from scaling.runner.training import train as training

        trial = job.trial
        callbacks, batch_size = self._callbacks(trial), trial.recipe.batch_size
        while True:
            start = training.resumable(callbacks, batch_size, max(1, len(self._devices)))
            self._computed_in = _precision(trial, start)
            key = of_trial(trial, self._computed_in)
            parts = max(self._programs.parts(key, batch_size), start.micro_batches if start else 1)
            program, begun = self._programs.get(key, parts), time.perf_counter()
            try:
                outcome = training.train(trial, program, images, callbacks, start, self._init(job, program))
            except Exception as error:
                if not _smaller_parts_help(error, batch_size, program.devices * parts * (key.batch_norm_group or 1)):
                    raise
            else:
                if self._config.weights:
                    to, limit, stays = self._config.weights, self._config.weights_gb, self._config.weights_stay
                    weights.keep(program, trial, to, limit, stays, callbacks.note)
                if callbacks.checkpoint:
                    checkpoint.remove(callbacks.checkpoint)
                return outcome, program, begun
            # Not in the handler, whose traceback holds the memory that is to be freed.
            del program
            self._programs.split(key, batch_size, 2 * parts)
            callbacks.note(f"out of memory; batches of {batch_size} go on in parts of {batch_size // (2 * parts)}")

    def _init(self, job: TrainJob, program: Program) -> Weights | None:
        """The weights that a trial begins with, where it names some."""
        if job.trial.init is None:
            return None
        return weights.read_init(program, job.trial, job.init, lambda note: self._note(f"{job.id}: {note}"))

    def _timed(self, job: TimeJob, log: str) -> LatencyRecord:
        from scaling.runner import latency
        from scaling.runner.compute import backend

        request, meter = job.request, energy.meter(self._gpus())
        try:
            if request.runtime != "keras":
                timing = latency.time_runtime(request, dataset_info(job.dataset), job.max_seconds, meter)
                return latency_record(
                    request, self._with_version(request.runtime), log, **vars(timing), batch_size=request.batch_size
                )
            program = self._programs.get(of_timing(request, job.dataset))
            batch_size, timing = latency.time_phase(program, request.phase, request.batch_size, job.max_seconds, meter)
        except Exception as error:
            return latency_record(request, self.environment, log, failure=failure_of(error))
        return latency_record(
            request,
            self.environment,
            log,
            **vars(timing),
            batch_size=batch_size,
            compiled=program.compiled,
            devices=program.devices,
            peak_memory_gb=backend.peak_memory_gb(),
        )

    def _gpus(self) -> list[int] | None:
        """Numbers of the GPUs that it computes on; None where it computes on a processor."""
        from scaling.runner.compute import backend

        if backend.device_name() is None:
            return None
        return [int(device.partition(":")[2] or 0) for device in self._devices if device.startswith("gpu")] or [0]

    def _with_version(self, runtime: Runtime) -> Environment:
        """The environment, with the version of a runtime."""
        versions = self.environment.versions | runtimes.version(runtime)
        return self.environment.model_copy(update={"versions": versions})

    def _callbacks(self, trial: Trial) -> Callbacks:
        from scaling.runner.training.train import Callbacks

        trackers = [tracking.epoch_logger(tracker, trial, self._config.logs) for tracker in self._config.trackers]
        return Callbacks(
            report=lambda position: self._channel.send(Progress(self.number, position)),
            note=lambda note: self._note(f"{trial.id}: {note}"),
            epoch=lambda epoch: self._track(epoch, trackers, trial),
            stop=self._stop_reason,
            checkpoint=checkpoint.path_of(self._config.checkpoints, trial.id),
            checkpoint_seconds=self._config.checkpoint_seconds,
        )

    def _note(self, note: str) -> None:
        self._channel.send(Note(self.number, note))

    def _stop_reason(self) -> StopReason | None:
        if self._interrupted.is_set():
            return "interrupted"
        return "preempted" if self._terminated else None

    def _track(self, epoch: Epoch, trackers: Iterable[EpochLogger], trial: Trial) -> None:
        """Sends an epoch to experiment trackers; one that cannot be reached costs no training."""
        for log_epoch in trackers:
            try:
                log_epoch(epoch)
            except Exception as error:
                self._note(f"{trial.id}: epoch {epoch.epoch} is not tracked: {error}")


def _precision(trial: Trial, start: Checkpoint | None) -> Precision:
    """What a trial is computed in; where that is left to the device, what it began with."""
    if trial.recipe.precision == "auto" and start is not None and start.precision is not None:
        return start.precision
    return precision.of_recipe(trial.recipe, trial.variant, dataset_info(trial.dataset.name))


def _smaller_parts_help(error: Exception, batch_size: int, parts: int) -> bool:
    from scaling.runner.compute.backend import is_out_of_memory

    return is_out_of_memory(error) and batch_size % (2 * parts) == 0
