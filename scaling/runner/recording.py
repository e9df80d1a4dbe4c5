"""Records as workers and driver fill them in: what is known of a job before, and what went wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import traceback
from datetime import UTC, datetime

from scaling.datasets import DataError, dataset_info
from scaling.models import count, describe
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


def trained(trial: Trial, where: Environment, failure: Failure | None = None) -> TrainRecord:
    """A record of a trial as far as it is known without its scores."""
    info = dataset_info(trial.dataset.name)
    cost = count(describe(trial.variant, channels=info.channels, classes=info.classes))
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


def failure(error: Exception) -> Failure:
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
