"""The Ray engine: workers are actors on the nodes of a cluster. Imported only where it is asked for."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import textwrap
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayError

from scaling.launch.engines import EngineError
from scaling.launch.engines.actor import Actor
from scaling.launch.engines.process import threads
from scaling.launch.engines.shares import Resources, Shares
from scaling.models import outside
from scaling.runner.jobs import Died, Event, Job, Note, WorkerConfig

PASSED_ON = ("KERAS_BACKEND", "SCALING_DATA_DIR")
"""All that the workers get of the driver's environment variables, beside the folder of one's own families."""
CALLS_AT_ONCE = 4
"""A question for news that waits, and what has to come through beside it."""
REACH_SECONDS = 10.0
"""Given to a cluster's head to take a connection."""
NOTED_SECONDS = 15.0
"""After which people are told that a worker has no node yet."""
LEAVING_SECONDS = 2.0
"""Given to the workers to remove what they share on their nodes, before they are killed."""
STARVED_SECONDS = 1800.0
"""After which a run ends that no node has had room for; an autoscaler may need minutes to bring one."""
OBJECT_STORE_BYTES = 80 * 2**20
"""Of a local Ray; next to nothing passes through it, and it takes no less."""


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Is connected to a cluster, or to a Ray on this machine that lives as long as the block.

    Args:
        address: `auto`, `host:port` or `ray://host:port`; None: a Ray of its own.

    Raises:
        EngineError: if there is no such cluster.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    logging.getLogger("ray").setLevel(logging.ERROR)
    here: dict[str, Any] = {
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_node_ip_address": "127.0.0.1",
    }
    asked_to_end = signal.getsignal(signal.SIGTERM)
    try:
        _reach(address)
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if address else here),
        )
    except Exception as error:  # Ray raises this very class where a node does not come up in time
        what = f"--address {address}: no Ray cluster answers there" if address else "no Ray could be started here"
        raise EngineError(f"{what} ({_reason(error)})") from None
    finally:
        signal.signal(signal.SIGTERM, asked_to_end)  # which Ray has taken for itself
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str | None) -> None:
    """Finds out at once what Ray would try for minutes."""
    if address and address != "auto":
        place = urlsplit(address if "://" in address else f"ray://{address}")
        if not place.hostname or not place.port:
            raise ValueError("write it as auto, HOST:PORT or ray://HOST:PORT")
        socket.create_connection((place.hostname, place.port), timeout=REACH_SECONDS).close()


def nodes() -> list[Resources]:
    """What each node of the cluster has in all."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


class RayEngine:
    """Actors that hold their share of a cluster; one that is restarted may be placed on another node."""

    def __init__(self, shares: Shares, config: WorkerConfig) -> None:
        self._shares = shares
        self.workers = shares.workers
        self._workers = [_RayWorker(number, shares, config) for number in range(shares.workers)]
        self._placed = time.monotonic()

    def submit(self, number: int, job: Job) -> None:
        self._workers[number].submit(job)

    def events(self, timeout: float) -> Iterator[Event]:
        asked = {worker.news: worker for worker in self._workers if worker.news is not None}
        ray.wait(list(asked), timeout=timeout)
        answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=0)
        for answer in answered:
            yield from asked[answer].hear()
        for worker in asked.values():
            yield from worker.wait()
        self._stop_if_starved()

    def interrupt(self) -> None:
        for worker in self._workers:
            worker.interrupt()

    def kill(self, number: int) -> None:
        self._workers[number].kill()

    def restart(self, number: int) -> None:
        self._workers[number].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if leaving := [worker.leave() for worker in self._workers if worker.is_placed]:
            ray.wait(leaving, num_returns=len(leaving), timeout=LEAVING_SECONDS)
        for worker in self._workers:
            worker.kill()

    def _stop_if_starved(self) -> None:
        if any(worker.is_placed for worker in self._workers):
            self._placed = time.monotonic()
        elif time.monotonic() - self._placed > STARVED_SECONDS:
            raise EngineError(
                f"no node has had room for a worker ({self._shares}) for {STARVED_SECONDS / 60:.0f} minutes; "
                f"{_cluster()}. See `ray status`, and --resources"
            )


class _RayWorker:
    """An actor, and an open question for its news; `news` is None after the actor has died."""

    def __init__(self, number: int, shares: Shares, config: WorkerConfig) -> None:
        self._number = number
        self._shares = shares
        self._config = config
        self.news: Any = None
        self._has_node = False
        self.start()

    @property
    def is_placed(self) -> bool:
        """Whether a node has had room for it; Ray is not asked again once one has."""
        self._has_node = self._has_node or bool(ray.wait([self._node], timeout=0)[0])
        return self._has_node

    def start(self) -> None:
        """Makes an actor wherever there is room for it."""
        needs = dict(self._shares.needs)
        variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        variables[outside.PATH] = outside.search_path()[0]
        if cores := int(needs.get("CPU", 0)):
            variables |= threads(cores, self._config.operations_at_once)
        known = {"num_cpus": needs.pop("CPU", 0), "num_gpus": needs.pop("GPU", 0), "memory": needs.pop("memory", None)}
        remote = ray.remote(Actor).options(max_concurrency=CALLS_AT_ONCE, resources=needs, **known)
        self._actor = remote.remote(self._number, self._config, self._shares.kind, variables)
        self._node = self._actor.node.remote()
        self._since = time.monotonic()
        self._heard, self._told, self._killed = 0, False, False
        self._has_node = False
        self._ask()

    def submit(self, job: Job) -> None:
        self._actor.take.remote(job)

    def hear(self) -> Iterator[Event]:
        """Reads the answer to its question, which has come, and asks again."""
        try:
            events = ray.get(self.news)
        except ActorUnavailableError:  # a connection was lost; whether the actor was too, the next answer says
            self._ask()
            return
        except ActorDiedError as error:
            self.news = None
            yield self._death(error)
            return
        self._heard += len(events)
        self._ask()
        for event in events:
            if isinstance(event, Died):
                self.kill()
                self.news = None
            yield event

    def wait(self) -> Iterator[Event]:
        """Tells once of waiting for a node for long."""
        if not self._told and time.monotonic() - self._since > NOTED_SECONDS and not self.is_placed:
            self._told = True
            yield Note(self._number, f"worker {self._number} waits for a node with {self._shares}; {_cluster()}")

    def interrupt(self) -> None:
        self._actor.interrupt.remote()

    def leave(self) -> Any:
        return self._actor.leave.remote()

    def kill(self) -> None:
        self._killed = True
        ray.kill(self._actor)

    def _ask(self) -> None:
        self.news = self._actor.news.remote(self._heard)

    def _death(self, error: ActorDiedError) -> Died:
        if self._killed:
            return Died(self._number, "the worker was killed")
        if error.preempted or self._where() in {node["NodeID"] for node in ray.nodes() if not node["Alive"]}:
            return Died(self._number, "the worker's node is gone", preempted=True)
        return Died(self._number, f"the worker's process ended: {_reason(error)}")

    def _where(self) -> str | None:
        try:
            return str(ray.get(self._node, timeout=0))
        except RayError:
            return None


def _cluster() -> str:
    total, free = ray.cluster_resources(), ray.available_resources()
    names = [name for name in ("CPU", "GPU", "TPU") if name in total]
    return "free in the cluster: " + ", ".join(f"{name} {free.get(name, 0):g} of {total[name]:g}" for name in names)


def _reason(error: Exception) -> str:
    """The last line of an error, which says why in Ray's, and not all that it says."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return textwrap.shorten(lines[-1], 240, placeholder=" ...")
