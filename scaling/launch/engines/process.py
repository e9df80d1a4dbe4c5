"""What runs in a local worker's process: its one `Worker`, which starts with it and dies with the driver."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from scaling.runner.compute.devices import visible
from scaling.runner.jobs import Setup, TimeJob, TrainJob
from scaling.runner.worker import Worker, redirect
from scaling.schema import Environment, LatencyRecord, TrainRecord

_TERMINATED = 128 + signal.SIGTERM

_here: Worker | None = None


def start(
    number: int, setup: Setup, devices: tuple[str, ...], cores: tuple[int, ...], channel: Connection, interrupted: Event
) -> None:
    """Makes this process a worker: output to its log, Ctrl-C left to the driver, SIGTERM to what it trains."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _on_sigterm)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    redirect(Path(setup.logs) / f"worker-{number}.log")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ |= visible(devices)
    _stay_on(cores)
    global _here
    _here = Worker(number, setup, devices, channel, interrupted)


def _stay_on(cores: tuple[int, ...]) -> None:
    """Keeps this process on its own cores, so that what it times was not timed on its neighbours' too."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = str(len(cores))


def describe_device() -> Environment:
    """Where this worker runs."""
    return _worker().environment


def train(job: TrainJob) -> TrainRecord:
    """Trains a trial."""
    return _worker().train(job)


def time_latency(job: TimeJob) -> LatencyRecord:
    """Times a phase of a variant."""
    return _worker().time_latency(job)


def _worker() -> Worker:
    if _here is None:
        raise RuntimeError("this process was not started as a worker")
    return _here


def _on_sigterm(*_: object) -> None:
    """A training reaches its checkpoint first; all else has nothing to lose."""
    if _here is not None and _here.busy:
        _here.terminate()
    else:
        os._exit(_TERMINATED)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
