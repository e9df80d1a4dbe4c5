"""Real worker processes that die before they are ready, while idle and at work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaling.launch.engines.local import LocalEngine
from scaling.launch.engines.process import Placement
from scaling.runner.jobs import Died, Event, Finished, Ready, TrainJob, WorkerConfig
from tests.builders import trial

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


def test_a_worker_that_cannot_start_dies_and_its_log_says_why(
    config: WorkerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "no_such_backend")
    with LocalEngine([Placement(("cpu:0",), (0,))], config) as engine:
        assert next_event(engine) == Died(0, "the worker process ended with exit code 1")
        engine.restart(0)
        assert next_event(engine) == Died(0, "the worker process ended with exit code 1")
    assert "no_such_backend" in (Path(config.logs) / "worker-0.log").read_text()
