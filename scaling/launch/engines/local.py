"""The local engine: worker processes on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from types import ModuleType, TracebackType
from typing import Self

from scaling.launch.engines import process
from scaling.launch.engines.process import Placement
from scaling.runner.jobs import Died, Event, Job, WorkerConfig

GRACE_SECONDS = 5.0
"""Given to workers that are asked to end with the run, before they are killed."""


class LocalEngine:
    """Processes on this machine, one for each placement."""

    def __init__(self, placements: Sequence[Placement], config: WorkerConfig) -> None:
        self.workers = len(placements)
        self._workers = [_LocalWorker(number, placement, config) for number, placement in enumerate(placements)]

    def submit(self, number: int, job: Job) -> None:
        self._workers[number].send(job)

    def events(self, timeout: float) -> Iterator[Event]:
        connection.wait([worker.channel for worker in self._workers if not worker.channel.closed], timeout)
        for worker in self._workers:
            yield from worker.events()

    def interrupt(self) -> None:
        for worker in self._workers:
            worker.send(process.INTERRUPT)

    def kill(self, number: int) -> None:
        self._workers[number].process.kill()

    def restart(self, number: int) -> None:
        self._workers[number].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deadline = time.monotonic() + (0.0 if kind is KeyboardInterrupt else GRACE_SECONDS)
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.stop(deadline)


class _LocalWorker:
    """A worker process and the channel to it. Whether it lives is told by its end of the channel: it closes with it."""

    def __init__(self, number: int, placement: Placement, config: WorkerConfig) -> None:
        self._number, self._placement, self._config = number, placement, config
        self.start()

    def start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.channel: Connection
        self.channel, theirs = spawn.Pipe()
        arguments = (self._number, self._placement, self._config, theirs)
        self.process = spawn.Process(target=process.main, args=arguments, daemon=True)
        with _deaf_to_ctrl_c(), _without_main():
            self.process.start()
        theirs.close()  # so that nobody but the worker holds it open

    def send(self, message: Job | str) -> None:
        with contextlib.suppress(OSError):  # a worker that has just died: `events` says so
            self.channel.send(message)

    def events(self) -> Iterator[Event]:
        channel = self.channel
        try:
            while not channel.closed and channel.poll():
                yield channel.recv()
        except (EOFError, OSError, pickle.UnpicklingError):  # it ended, perhaps in the middle of a message
            channel.close()
            self.process.join(GRACE_SECONDS)
            self.process.kill()
            self.process.join()
            yield _death(self._number, self.process.exitcode)

    def stop(self, deadline: float) -> None:
        """Waits until then for the process to end, then kills it."""
        self.process.join(max(0.0, deadline - time.monotonic()))
        self.process.kill()
        self.process.join()
        self.channel.close()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Processes started inside do not import the script that began this one, which would begin it all again in each.

    They need nothing of it: jobs are of this package, and a study names a family's module.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started inside never receive SIGINT, from their first moment on: Ctrl-C is the driver's to answer."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _death(number: int, exitcode: int | None) -> Died:
    if exitcode == process.TERMINATED or exitcode == -signal.SIGTERM:
        return Died(number, "the worker process was ended by SIGTERM", preempted=True)
    if exitcode is None or exitcode >= 0:
        return Died(number, f"the worker process ended with exit code {exitcode}")
    try:
        name = signal.Signals(-exitcode).name
    except ValueError:
        name = f"signal {-exitcode}"
    hint = " (the kernel does this when memory runs out)" if name == "SIGKILL" else ""
    return Died(number, f"the worker process was ended by {name}{hint}")
