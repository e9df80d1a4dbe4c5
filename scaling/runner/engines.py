"""Where jobs run. The local engine: worker processes on this machine, kept by pebble."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from multiprocessing import connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pebble import ProcessExpired, ProcessPool

from scaling.errors import UserError
from scaling.runner import worker
from scaling.runner.jobs import Died, Event, Finished, Job, Progress, Ready, Record, TrainJob
from scaling.schema import Environment


class EngineError(UserError):
    """A worker that cannot be started."""


class Engine(Protocol):
    """Workers that say when they are ready, take one job at a time, and tell what becomes of it."""

    def submit(self, number: int, job: Job) -> None:
        """Gives an idle worker its next job."""

    def events(self, timeout: float) -> Iterator[Event]:
        """What has happened since the last call; waits up to `timeout` seconds for something to."""


class LocalEngine:
    """`count` processes on this machine's processor, which share its cores and its one device.

    A process that dies is replaced when its worker gets the next job.
    """

    def __init__(self, count: int, logs: Path) -> None:
        threads = max(1, (os.cpu_count() or 1) // count)
        self._workers = [_LocalWorker(number, logs / f"worker-{number}.log", threads) for number in range(count)]

    def submit(self, number: int, job: Job) -> None:
        self._workers[number].submit(job)

    def events(self, timeout: float) -> Iterator[Event]:
        connection.wait([one.inbox for one in self._workers] + [one.bell for one in self._workers], timeout)
        for one in self._workers:
            yield from one.events()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._workers:
            one.stop()


class _LocalWorker:
    """A pool of one process, with a pipe for what it tells along the way and a bell for when its job ends."""

    def __init__(self, number: int, log: Path, threads: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._number = number
        self.inbox, outbox = spawn.Pipe(duplex=False)
        self.bell, self._ring = spawn.Pipe(duplex=False)
        self._pool = ProcessPool(
            max_workers=1, context=spawn, initializer=worker.start, initargs=(outbox, log, threads)
        )
        self._future: Future[Record | Environment] | None = None
        self._schedule(worker.describe_device)

    def submit(self, job: Job) -> None:
        self._schedule(worker.train if isinstance(job, TrainJob) else worker.time_latency, job)

    def _schedule(self, work: Callable[..., Any], *arguments: Job) -> None:
        self._future = self._pool.schedule(work, args=list(arguments))
        self._future.add_done_callback(lambda _: self._ring.send(None))

    def events(self) -> Iterator[Event]:
        while self.inbox.poll():
            yield Progress(self._number, self.inbox.recv())
        if self._future is not None and self._future.done():
            while self.bell.poll():
                self.bell.recv()
            future, self._future = self._future, None
            yield self._ended(future)

    def stop(self) -> None:
        self._pool.stop()
        self._pool.join()

    def _ended(self, future: Future[Record | Environment]) -> Event:
        try:
            result = future.result()
            return Ready(self._number, result) if isinstance(result, Environment) else Finished(self._number, result)
        except ProcessExpired as error:
            return Died(self._number, f"the worker process ended with exit code {error.exitcode}")
        except Exception as error:  # the job could not even be handed over, or its initializer failed
            return Died(self._number, f"the worker failed: {error!r}")
