"""What passes between the driver and its workers; needs no Keras on either side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from scaling.runner.compute.execution import Compile
from scaling.runner.compute.program_key import ProgramKey, of_timing, of_trial
from scaling.runner.tracking import Tracker
from scaling.schema import Environment, Epoch, LatencyRecord, LatencyRequest, TrainRecord, Trial, Variant

INTERRUPTION_SECONDS = 20.0
"""What workers have, once asked to stop, to reach a checkpoint; a cluster's own grace is seldom under 30."""


@dataclass(frozen=True)
class WorkerConfig:
    """What holds for all workers of a run.

    Attributes:
        logs: folder for the log of each worker and each job.
        checkpoints: folder, or a URL that TensorFlow opens (`gs://...`).
        checkpoint_seconds: at most so much training is lost with a worker.
        trackers: that each trial's history also goes to; see `scaling.runner.tracking`.
        compile: how programs are compiled; see `scaling.runner.compute.execution.Execution`.
        weights: folder or URL where weights of finished trials go; None: they are not kept.
        weights_gb: what may be there in all; a trial's that do not fit are not kept, and that is said.
        weights_stay: whether they stay however other networks turn out.
        operations_at_once: that share a worker's cores; see `scaling.launch.pools.operations_at_once`.
        run: a name that no other run has, under which workers of a machine share decoded images; empty: they do not.
    """

    logs: str
    checkpoints: str
    checkpoint_seconds: float = 60.0
    trackers: tuple[Tracker, ...] = ()
    compile: Compile = "auto"
    weights: str | None = None
    weights_gb: float = 10.0
    weights_stay: bool = False
    operations_at_once: int = 1
    run: str = ""


@dataclass(frozen=True)
class TrainJob:
    """Train a trial; `init` is the file with the weights of `Trial.init`."""

    trial: Trial
    init: str | None = None

    @property
    def id(self) -> str:
        return self.trial.id

    @property
    def variant(self) -> Variant:
        return self.trial.variant

    @cached_property
    def program(self) -> ProgramKey:
        """What it needs compiled."""
        return of_trial(self.trial)


@dataclass(frozen=True)
class TimeJob:
    """Time one phase of a variant, for at most `max_seconds`; `dataset` gives classes and channels."""

    request: LatencyRequest
    dataset: str
    max_seconds: float

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def variant(self) -> Variant:
        return self.request.variant

    @cached_property
    def program(self) -> ProgramKey:
        """What it needs compiled."""
        return of_timing(self.request, self.dataset)


StopReason: TypeAlias = Literal["interrupted", "preempted"]
"""Why a training ends early: the driver asks its workers to, or the worker itself is sent SIGTERM."""

Job = TrainJob | TimeJob
Record = TrainRecord | LatencyRecord


@dataclass(frozen=True)
class Position:
    """How far a trial is: epochs done, the running one in part, and the last whole one."""

    epochs_done: float
    last: Epoch | None


@dataclass(frozen=True)
class Ready:
    """A worker process has started."""

    worker: int
    environment: Environment


@dataclass(frozen=True)
class Progress:
    """A worker is so far with its job."""

    worker: int
    position: Position


@dataclass(frozen=True)
class Note:
    """Something that people should know, and that stops nothing."""

    worker: int
    note: str


@dataclass(frozen=True)
class Finished:
    """A worker is done with its job, well or badly."""

    worker: int
    record: Record


@dataclass(frozen=True)
class Died:
    """A worker process ended; `preempted` where its machine was taken away. Its next one says `Ready` anew."""

    worker: int
    reason: str
    preempted: bool = False


Event = Ready | Progress | Note | Finished | Died
