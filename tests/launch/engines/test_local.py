"""Real worker processes that die before they are ready, while idle and at work."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaling.launch.engines.local import LocalEngine
from scaling.launch.engines.process import Placement, threads
from scaling.runner.jobs import Died, Event, Finished, Ready, TrainJob, WorkerConfig
from tests.builders import trial
from tests.runner.data.mapped import copies_of

pytestmark = pytest.mark.slow

PATIENCE = 120
JOB = TrainJob(trial(train_examples=64, depth=14, width=0.0625, resolution=8, stem="small", recipe={"batch_size": 32}))


@pytest.fixture
def config(tmp_path: Path) -> WorkerConfig:
    (tmp_path / "logs").mkdir()
    return WorkerConfig(logs=str(tmp_path / "logs"), checkpoints=str(tmp_path))


@pytest.fixture
def engine(config: WorkerConfig) -> Iterator[LocalEngine]:
    with LocalEngine([Placement(("cpu:0",), tuple(os.sched_getaffinity(0)))], config) as engine:
        yield engine


def next_event(engine: LocalEngine, kinds: tuple[type, ...] = (Ready, Died, Finished)) -> Event:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for event in engine.events(timeout=0.2):
            if isinstance(event, kinds):
                return event
    raise AssertionError("nothing was heard of the worker")


def kill(engine: LocalEngine, number: int = signal.SIGKILL) -> None:
    os.kill(engine._workers[0].process.pid or 0, number)


def test_a_worker_that_is_killed_at_any_time_can_be_started_again(engine: LocalEngine) -> None:
    kill(engine)  # before it is ready
    assert next_event(engine) == Died(
        0, "the worker process was ended by SIGKILL (the kernel does this when memory runs out)"
    )
    engine.restart(0)
    assert isinstance(next_event(engine), Ready)
    kill(engine, signal.SIGTERM)  # while it is idle
    assert next_event(engine) == Died(0, "the worker process was ended by SIGTERM", preempted=True)
    engine.submit(0, JOB)  # nobody hears it, and nothing breaks
    engine.restart(0)
    assert isinstance(next_event(engine), Ready)
    engine.submit(0, JOB)
    finished = next_event(engine)
    assert isinstance(finished, Finished)
    assert finished.record.failure is None


DRIVER = """
import sys, time
from pathlib import Path
from scaling.launch.engines.local import LocalEngine
from scaling.launch.engines.process import Placement
from scaling.runner.jobs import Ready, WorkerConfig
from tests.launch.engines.test_local import JOB
if __name__ == "__main__":
    config = WorkerConfig(logs=sys.argv[1], checkpoints=sys.argv[1], run=sys.argv[2])
    with LocalEngine([Placement(("cpu:0",), (core,)) for core in (0, 0)], config) as engine:
        print(*(worker.process.pid for worker in engine._workers), flush=True)
        while True:
            for event in engine.events(timeout=0.2):
                if isinstance(event, Ready):
                    engine.submit(event.worker, JOB)
"""


def test_workers_share_decoded_images_and_leave_none_when_the_driver_is_killed(tmp_path: Path) -> None:
    (tmp_path / "driver.py").write_text(DRIVER)
    command = [sys.executable, str(tmp_path / "driver.py"), str(tmp_path), secrets.token_hex(8)]
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as driver:
        assert driver.stdout
        one, other = map(int, driver.stdout.readline().split())
        deadline = time.monotonic() + PATIENCE
        while not (copies := copies_of(one) & copies_of(other)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert copies_of(one) == copies_of(other) == copies
        driver.kill()
    while any(copy.exists() for copy in copies):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_that_cannot_start_dies_and_its_log_says_why(
    config: WorkerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "no_such_backend")
    with LocalEngine([Placement(("cpu:0",), (0,))], config) as engine:
        assert next_event(engine) == Died(0, "the worker process ended with exit code 1")
        engine.restart(0)
        assert next_event(engine) == Died(0, "the worker process ended with exit code 1")
    assert "no_such_backend" in (Path(config.logs) / "worker-0.log").read_text()


@pytest.mark.parametrize(("cores", "at_once", "each"), [(8, 1, 8), (8, 2, 4), (2, 2, 1), (1, 2, 1), (3, 2, 1)])
def test_operations_at_once_share_the_cores(cores: int, at_once: int, each: int) -> None:
    assert threads(cores, at_once) == {"TF_NUM_INTEROP_THREADS": str(cores), "TF_NUM_INTRAOP_THREADS": str(each)}
