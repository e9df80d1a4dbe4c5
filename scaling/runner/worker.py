"""What a worker process does: one device, the last compiled program kept, one job after another.

Keras is imported here, in the child, and never in the driver.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from scaling.datasets import DATASETS, DatasetFacts
from scaling.models import count, describe
from scaling.runner import environment
from scaling.runner.jobs import TimeJob, TrainJob
from scaling.runner.sources import DataError
from scaling.schema import (
    Environment,
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

TRACEBACK_LINES = 30


class _Worker:
    """The state of this process."""

    channel: Connection
    environment: Environment
    program: Program | None = None


def start(channel: Connection, log: Path, threads: int) -> None:
    """Makes this process a worker: output to its log, Ctrl-C left to the driver, dead when the driver is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _log_to(log)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
    import keras

    from scaling.runner import backend

    _Worker.channel = channel
    _Worker.environment = environment.describe(keras.backend.backend(), backend.device_name())


def describe_device() -> Environment:
    """Where this worker runs."""
    return _Worker.environment


def train(job: TrainJob) -> TrainRecord:
    """Trains a trial; a failure is a record too."""
    from scaling.runner import data
    from scaling.runner import train as training

    trial = job.trial
    started = time.perf_counter()
    try:
        facts = DATASETS[trial.dataset.name]
        pictures = data.load(trial.dataset, trial.variant.resolution)
        program = _program(_key(trial, facts))
        setup_seconds = time.perf_counter() - started
        outcome = training.train(trial, program, pictures, _Worker.channel.send)
        return trained(trial, _Worker.environment).model_copy(
            update={
                **{field.name: getattr(outcome, field.name) for field in dataclasses.fields(outcome)},
                "setup_seconds": setup_seconds,
                "train_seconds": time.perf_counter() - started - setup_seconds,
            }
        )
    except Exception as error:
        return trained(trial, _Worker.environment, _failure(error))


def time_latency(job: TimeJob) -> LatencyRecord:
    """Times a phase of a variant; a failure is a record too."""
    from scaling.runner import latency
    from scaling.runner.program import ProgramKey

    request = job.request
    try:
        recipe = Recipe.model_validate({"epochs": 1, "precision": request.precision})
        program = _program(ProgramKey.of(request.variant, DATASETS[job.dataset], recipe))
        batch_size, timing = latency.time_phase(program, request.phase, request.batch_size, job.max_seconds)
        return timed(request, _Worker.environment).model_copy(
            update={"batch_size": batch_size, **dataclasses.asdict(timing)}
        )
    except Exception as error:
        return timed(request, _Worker.environment, _failure(error))


def trained(trial: Trial, where: Environment, failure: Failure | None = None) -> TrainRecord:
    """A record of a trial as far as it is known without its scores."""
    facts = DATASETS[trial.dataset.name]
    cost = count(describe(trial.variant, channels=facts.channels, classes=facts.classes))
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


def _program(key: ProgramKey) -> Program:
    """The kept program where it serves, else a new one; the old one's memory is freed first."""
    if _Worker.program is None or _Worker.program.key != key:
        from scaling.runner.program import Program

        _Worker.program = None
        _Worker.program = Program(key)
    return _Worker.program


def _key(trial: Trial, facts: DatasetFacts) -> ProgramKey:
    from scaling.runner.program import ProgramKey

    return ProgramKey.of(trial.variant, facts, trial.recipe)


def _failure(error: Exception) -> Failure:
    traceback.print_exc()
    lines = traceback.format_exc().splitlines()[-TRACEBACK_LINES:]
    message = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return Failure(kind=_kind(error), message=message[:500], traceback="\n".join(lines))


def _kind(error: Exception) -> FailureKind:
    from scaling.runner.backend import is_out_of_memory
    from scaling.runner.train import NotFiniteError

    if is_out_of_memory(error):
        return "oom"
    if isinstance(error, NotFiniteError):
        return "nan"
    return "data" if isinstance(error, DataError) else "error"


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _log_to(log: Path) -> None:
    file = log.open("ab")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file.fileno(), stream.fileno())
