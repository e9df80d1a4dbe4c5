"""A study of 50,000 trials on 1,000 accelerators, simulated: what reading its records costs, and what Ray adds.

The driver itself is in `driver`, the memory of workers in `memory`; docs/scale.md has the rows of all three.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import driver, here, memory
from benchmarks.driver import TRIALS, WORKERS, drive
from benchmarks.made_up import ENVIRONMENT, record_of, write_long_records, write_records
from benchmarks.processes import environment, lacks, scaling
from benchmarks.records import watched
from benchmarks.results import Results
from benchmarks.rows import Measurement, Row, lacking

if TYPE_CHECKING:
    from scaling.launch.engines import Engine
    from scaling.launch.engines.actor import Outbox
    from scaling.runner.jobs import Event, TrainJob

COMMANDS = {
    "plan": scaling("plan", "results/many/study.yaml", "--results", "results"),
    "status": scaling("status", "results/many"),
    "recommend": scaling("recommend", "results/many"),
    "report": scaling("report", "results/many", "-o", "report.html"),
}
"""What is asked of a study while it runs and afterwards."""

EPOCHS, LONG = 350, 1000
"""Of the paper's trainings; so many records of them are measured, whose file grows in proportion."""

RAY_TRIALS, HOSTS, WAITED = 5000, 4, 30.0
"""Trials driven through Ray; processes that stand in for the workers; seconds for which these only train."""

READING = tuple(
    Row(f"{TRIALS:,} records: scaling {name}, {what}", unit, "")
    for name in COMMANDS
    for what, unit in (("whole process", "s"), ("memory", "MB"))
)
HISTORIES = (
    Row(f"{LONG:,} records of {EPOCHS} epochs: size", "MB", ""),
    Row(f"{LONG:,} records of {EPOCHS} epochs: loaded as a frame", "s", ""),
    Row(f"{LONG:,} records of {EPOCHS} epochs: scaling status", "s", ""),
)
_STANDS_IN = f"workers stand in {HOSTS} processes and answer at once; Ray places no actors of its own"
THROUGH_RAY = (
    Row(
        f"driver of {RAY_TRIALS:,} trials and {WORKERS:,} workers through Ray: processor time", "s", "",
        note=f"the peer: the same trials on the fake engine of `driver`; {_STANDS_IN}",
    ),
    Row(f"driver of {WORKERS:,} workers through Ray that all train: share of a core", "%", "", note=_STANDS_IN),
)  # fmt: skip


def measurements() -> list[Measurement]:
    """Commands on many records, records of long trainings, and the driver with Ray between it and its workers."""
    no_ray = lacks("ray")
    return [
        Measurement(READING, _read),
        Measurement(HISTORIES, _long),
        lacking(THROUGH_RAY, no_ray) if no_ray else Measurement(THROUGH_RAY, _through_ray),
    ]


def table(device: str = "") -> str:
    """The rows that `docs/scale.md` has, of a device; empty: of this one."""
    rows = {row.key: row for row in Results.read().rows}
    device = device or here.find().device
    lines = ["| what | measured | against |", "|---|---|---|"]
    for planned in (*driver.ROWS, *READING, *HISTORIES, *THROUGH_RAY, *memory.ROWS):
        row = rows.get((planned.name, device), planned)
        ours, peer = (_number(value, row.unit) for value in (row.ours, row.peer))
        lines.append(f"| {row.name} | {ours or 'not measured'} | {peer} |")
    return "\n".join(lines)


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2g} {unit}"


def _read(*rows: Row, trials: int = TRIALS) -> Iterator[Row]:
    of_time, of_memory = rows[::2], rows[1::2]
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder, "results", "many"), trials)
        for command, time_row, memory_row in zip(COMMANDS.values(), of_time, of_memory, strict=True):
            seconds, kilobytes = watched(command, Path(folder))
            yield replace(time_row, ours=seconds)
            yield replace(memory_row, ours=kilobytes * 1024 / 1e6)


def _long(of_size: Row, of_loading: Row, of_status: Row, count: int = LONG) -> Iterator[Row]:
    load = [sys.executable, "-c", "from scaling.results.frame import load_results; load_results('results/long')"]
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results", "long")
        write_long_records(results, count, EPOCHS)
        yield replace(of_size, ours=(results / "records.jsonl").stat().st_size / 1e6)
        yield replace(of_loading, ours=watched(load, Path(folder))[0])
        yield replace(of_status, ours=watched(scaling("status", "results/long"), Path(folder))[0])


def _through_ray(of_trials: Row, of_waiting: Row) -> Iterator[Row]:
    ray, fake = (_told(engine, RAY_TRIALS, WORKERS) for engine in ("ray", "fake"))
    ours, peer = ray["cpu_seconds"], fake["cpu_seconds"]
    yield replace(of_trials, ours=ours, peer=peer, ratio=ours / peer)
    yield replace(of_waiting, ours=100 * ray["waiting"])


def _told(engine: str, trials: int, workers: int, seconds: float = WAITED) -> dict[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "benchmarks.scale", engine, str(trials), str(workers), str(seconds)]
    told = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True, text=True).stdout
    measured: dict[str, float] = json.loads(told.splitlines()[-1])
    return measured


def drive_through_ray(trials: int, workers: int, seconds: float) -> dict[str, float]:
    """As `drive`, with Ray between; `waiting`: the share of a core that so many workers take which only train."""
    import ray

    from scaling.launch.engines import ray as engine

    with engine.connected(None):
        vars(engine)["ray"] = _StandIn(ray, workers)
        began = time.process_time()
        driven = drive(trials, workers, _ray_engine)
        return driven | {"cpu_seconds": time.process_time() - began, "waiting": _waiting(workers, seconds)}


def _ray_engine(workers: int, weights: Path) -> Engine:
    from scaling.launch.engines.ray import RayEngine
    from scaling.launch.engines.shares import Shares
    from scaling.runner.jobs import WorkerConfig

    del weights
    return RayEngine(Shares(workers, {"CPU": 1}), WorkerConfig(logs="", checkpoints=""))


def _waiting(workers: int, seconds: float) -> float:
    engine, ready = _ray_engine(workers, Path()), 0
    while ready < workers:
        ready += len(list(engine.events(timeout=0.5)))
    processor, began = time.process_time(), time.monotonic()
    while time.monotonic() - began < seconds:
        list(engine.events(timeout=0.5))
    return (time.process_time() - processor) / (time.monotonic() - began)


class _StandIn:
    """Ray, but for the actors that the engine makes: each is one of the many workers of a few processes."""

    def __init__(self, ray: Any, workers: int) -> None:
        self._ray, self._made = ray, 0
        made = ray.remote(Host).options(num_cpus=0, max_concurrency=2 * workers // HOSTS + 2 * HOSTS)
        self._hosts = [made.remote() for _ in range(HOSTS)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ray, name)

    def remote(self, actor: type) -> Any:
        """As `ray.remote(actor)`, whose options change nothing."""
        del actor
        return SimpleNamespace(options=lambda **needs: SimpleNamespace(remote=self._worker))

    def _worker(self, number: int, *others: object) -> Any:
        self._made += 1
        return _Handle(self._hosts[self._made % HOSTS], (self._made, number))


class _Handle:
    """Of one of a host's workers: which of all that were made, and the engine's number for it."""

    def __init__(self, host: Any, worker: tuple[int, int]) -> None:
        self._host, self._worker = host, worker

    def __getattr__(self, name: str) -> Any:
        return SimpleNamespace(remote=partial(getattr(self._host, name).remote, self._worker))


class Host:
    """Many workers in one process, with what the engine calls of `scaling.launch.engines.actor.Actor`."""

    def __init__(self) -> None:
        self._outboxes: dict[tuple[int, int], Outbox] = {}
        self._making = threading.Lock()
        self._random = np.random.default_rng(0)

    def node(self, worker: tuple[int, int]) -> str:
        """Where it would be."""
        return f"node of worker {worker[1]}"

    def news(self, worker: tuple[int, int], heard: int) -> list[Event]:
        """What has happened after the first `heard` events, held back as an actor holds it."""
        from scaling.launch.engines.actor import NEWS_SECONDS

        return self._outbox(worker).after(heard, NEWS_SECONDS)

    def take(self, worker: tuple[int, int], job: TrainJob) -> None:
        """Is done with a job at once."""
        from scaling.runner.jobs import Finished

        self._outbox(worker).send(Finished(worker[1], record_of(job.trial, self._random, with_history=False)))

    def _outbox(self, worker: tuple[int, int]) -> Outbox:
        """Its outbox, with the news that it is ready where it is new."""
        from scaling.launch.engines.actor import Outbox
        from scaling.runner.jobs import Ready

        with self._making:
            if worker not in self._outboxes:
                self._outboxes[worker] = Outbox()
                self._outboxes[worker].send(Ready(worker[1], ENVIRONMENT))
            return self._outboxes[worker]


def _main(engine: str, trials: int, workers: int, seconds: float) -> dict[str, float]:
    return drive_through_ray(trials, workers, seconds) if engine == "ray" else drive(trials, workers)


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))  # noqa: T201
