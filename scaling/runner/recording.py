"""Records, each built once from what is known when a job has ended."""

from __future__ import annotations

import contextlib
import traceback
from datetime import UTC, datetime
from typing import Any

from scaling.datasets import DataError, dataset_info
from scaling.models import cost
from scaling.runner.jobs import Job, Record, TrainJob
from scaling.schema import (
    Environment,
    Failure,
    FailureKind,
    LatencyRecord,
    LatencyRequest,
    TrainRecord,
    Trial,
)

TRACEBACK_LINES = 30


def train_record(trial: Trial, environment: Environment, log: str, **results: Any) -> TrainRecord:
    """The record of a training.

    Args:
        trial: that was trained.
        environment: where.
        log: name of the job's log.
        **results: the other fields: `failure`, or scores, history and times; and the precision, as soon as it is known.
    """
    info = dataset_info(trial.dataset.name)
    size: dict[str, Any] = dict.fromkeys(("params", "macs", "activations"))
    try:
        size |= vars(cost(trial.variant, channels=info.channels, classes=info.classes))
    except ValueError:  # a family from outside whose code is not here; its trial has failed for it
        if "failure" not in results:
            raise
    return TrainRecord(
        finished=datetime.now(UTC),
        environment=environment,
        log=log,
        trial_id=trial.id,
        trial=trial,
        **size,
        **results,
    )


def latency_record(request: LatencyRequest, environment: Environment, log: str, **results: Any) -> LatencyRecord:
    """The record of a timing; arguments as for `train_record`, with `failure` or the times."""
    return LatencyRecord(finished=datetime.now(UTC), environment=environment, log=log, request=request, **results)


def failed(job: Job, environment: Environment, failure: Failure) -> Record:
    """The record of a job that gave no result."""
    log = log_name(job)
    if isinstance(job, TrainJob):
        return train_record(job.trial, environment, log, failure=failure)
    return latency_record(job.request, environment, log, failure=failure)


def log_name(job: Job) -> str:
    """The name of a job's log in the folder for logs."""
    return f"{job.id}.log"


def failure_of(error: Exception) -> Failure:
    """What a record says of an error; all of it goes to this process' standard error."""
    with contextlib.suppress(OSError):  # a disk too full for the log
        traceback.print_exc()
    lines = traceback.format_exc().splitlines()[-TRACEBACK_LINES:]
    message = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return Failure(kind=_kind(error), message=message[:500], traceback="\n".join(lines))


def _kind(error: Exception) -> FailureKind:
    from scaling.runner.compute.backend import is_out_of_memory
    from scaling.runner.training.train import NotFiniteError, StoppedError

    kinds: tuple[tuple[type[Exception], FailureKind], ...] = (
        (NotFiniteError, "nan"),
        (DataError, "data"),
    )
    if isinstance(error, StoppedError):
        return error.reason
    if is_out_of_memory(error):
        return "oom"
    return next((kind for of, kind in kinds if isinstance(error, of)), "error")
