"""What runs in a local worker's process: its one `Worker`, which starts with it and dies with the driver."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from scaling.runner.compute.devices import visible
from scaling.runner.data import shared
from scaling.runner.jobs import Finished, Job, Ready, WorkerConfig
from scaling.runner.logs import redirect
from scaling.runner.worker import Worker

TERMINATED = 128 + signal.SIGTERM
"""Exit code of a worker that SIGTERM found without a training."""

INTERRUPT = "interrupt"
"""What the driver sends instead of a job to ask for a checkpoint and an end."""


class Placement(NamedTuple):
    """Where a worker computes.

    Attributes:
        devices: by the names of `scaling.runner.compute.devices`.
        cores: numbers of its own cores.
        sharing: how many workers its devices have, itself included.
    """

    devices: tuple[str, ...]
    cores: tuple[int, ...]
    sharing: int = 1


def main(number: int, placement: Placement, config: WorkerConfig, channel: Connection) -> None:
    """Makes this process a worker and does one job after another, until the driver ends.

    Args:
        number: the driver's name for this worker.
        placement: where it computes.
        config: what holds for all workers of the run.
        channel: to the driver: jobs come in, events go out.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(TERMINATED))
    redirect(Path(config.logs) / f"worker-{number}.log")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ |= visible(placement.devices, placement.sharing)
    _stay_on(placement.cores, config.operations_at_once)
    jobs: SimpleQueue[Job] = SimpleQueue()
    interrupted = threading.Event()
    threading.Thread(target=_listen, args=(channel, jobs, interrupted), daemon=True).start()
    worker = Worker(number, config, placement.devices, channel, interrupted, placement.sharing)
    signal.signal(signal.SIGTERM, lambda *_: worker.terminate() if worker.busy else os._exit(TERMINATED))
    channel.send(Ready(number, worker.environment))
    while True:
        channel.send(Finished(number, worker.do(jobs.get())))


def _stay_on(cores: tuple[int, ...], operations_at_once: int) -> None:
    """Keeps this process on its own cores, so that what it times was not timed on its neighbours' too."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    os.environ |= threads(len(cores), operations_at_once)


def threads(cores: int, operations_at_once: int) -> dict[str, str]:
    """The environment in which TensorFlow computes so many operations at once, and each on its part of the cores."""
    return {
        "TF_NUM_INTEROP_THREADS": str(cores),
        "TF_NUM_INTRAOP_THREADS": str(max(1, cores // operations_at_once)),
    }


def _listen(channel: Connection, jobs: SimpleQueue[Job], interrupted: threading.Event) -> None:
    """Takes what the driver sends. When the driver has ended, however it did, so does this process."""
    try:
        while True:
            message = channel.recv()
            if message == INTERRUPT:
                interrupted.set()
            else:
                jobs.put(message)
    except (EOFError, OSError):
        shared.leave()
        os._exit(1)
