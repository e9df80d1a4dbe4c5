"""The local engine: worker processes on this machine, kept by pebble."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from multiprocessing import connection
from types import TracebackType
from typing import Any, NamedTuple, Self

from pebble import ProcessExpired, ProcessPool

from scaling.launch.engines import process
from scaling.runner.jobs import Died, Event, Finished, Job, Ready, Record, Setup, TrainJob
from scaling.schema import Environment


class Seat(NamedTuple):
    """What a worker has to itself: devices, by the names of `scaling.runner.compute.devices`, and numbers of cores."""

    devices: tuple[str, ...]
    cores: tuple[int, ...]


class LocalEngine:
    """Processes on this machine, one for each seat. One that dies is replaced at once."""

    def __init__(self, seats: Sequence[Seat], setup: Setup) -> None:
        self._workers = [_LocalWorker(number, seat, setup) for number, seat in enumerate(seats)]

    def submit(self, number: int, job: Job) -> None:
        self._workers[number].submit(job)

    def events(self, timeout: float) -> Iterator[Event]:
        connection.wait([one.inbox for one in self._workers] + [one.bell for one in self._workers], timeout)
        for one in self._workers:
            yield from one.events()

    def interrupt(self) -> None:
        for one in self._workers:
            one.interrupt()

    def kill(self, number: int) -> None:
        self._workers[number].kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._workers:
            one.stop()


class _LocalWorker:
    """A pool of one process, with a pipe for what it tells along the way and a bell for when its job ends."""

    def __init__(self, number: int, seat: Seat, setup: Setup) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._number = number
        self.inbox, outbox = spawn.Pipe(duplex=False)
        self.bell, self._ring = spawn.Pipe(duplex=False)
        self._interrupted = spawn.Event()
        self._pool = ProcessPool(
            max_workers=1,
            context=spawn,
            initializer=process.start,
            initargs=(number, setup, *seat, outbox, self._interrupted),
        )
        self._future: Future[Record | Environment] | None = None
        self._schedule(process.describe_device)

    def submit(self, job: Job) -> None:
        self._schedule(process.train if isinstance(job, TrainJob) else process.time_latency, job)

    def _schedule(self, work: Callable[..., Any], *arguments: Job) -> None:
        self._future = self._pool.schedule(work, args=list(arguments))
        self._future.add_done_callback(lambda _: self._ring.send(None))

    def events(self) -> Iterator[Event]:
        while self.inbox.poll():
            yield self.inbox.recv()
        if self._future is not None and self._future.done():
            while self.bell.poll():
                self.bell.recv()
            future, self._future = self._future, None
            event = self._ended(future)
            if isinstance(event, Died) and not self._interrupted.is_set():
                self._schedule(process.describe_device)
            yield event

    def interrupt(self) -> None:
        self._interrupted.set()

    def kill(self) -> None:
        if self._future is not None:
            self._future.cancel()

    def stop(self) -> None:
        self._pool.stop()
        self._pool.join()

    def _ended(self, future: Future[Record | Environment]) -> Event:
        try:
            result = future.result()
            return Ready(self._number, result) if isinstance(result, Environment) else Finished(self._number, result)
        except ProcessExpired as error:
            return Died(self._number, f"the worker process {_ending(error.exitcode)}")
        except CancelledError:
            return Died(self._number, "the worker process was killed")
        except Exception as error:  # the job could not even be handed over, or its initializer failed
            return Died(self._number, f"the worker failed: {error!r}")


def _ending(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"ended with exit code {exitcode}"
    try:
        name = signal.Signals(-exitcode).name
    except ValueError:
        name = f"signal {-exitcode}"
    hint = " (the kernel does this when memory runs out)" if name == "SIGKILL" else ""
    return f"was ended by {name}{hint}"
