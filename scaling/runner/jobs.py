"""What passes between the driver and its workers; needs no Keras on either side."""

from __future__ import annotations

from dataclasses import dataclass

from scaling.schema import Environment, Epoch, LatencyRecord, LatencyRequest, TrainRecord, Trial, Variant


@dataclass(frozen=True)
class TrainJob:
    """Train a trial."""

    trial: Trial

    @property
    def id(self) -> str:
        return self.trial.id

    @property
    def variant(self) -> Variant:
        return self.trial.variant


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
class Finished:
    """A worker is done with its job, well or badly."""

    worker: int
    record: Record


@dataclass(frozen=True)
class Died:
    """A worker process ended in the middle of its job."""

    worker: int
    reason: str


Event = Ready | Progress | Finished | Died
