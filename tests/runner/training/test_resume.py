"""Interrupted equals uninterrupted: killed at random steps and gone on with, a trial ends with the same bits."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scaling.runner.training import checkpoint
from tests.commands import PATIENCE

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("resumed.py")
STEPS = 30


def start(folder: Path, backend: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    compiled_once = {
        "JAX_COMPILATION_CACHE_DIR": str(folder.parent / "compiled"),
        "JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    environment = os.environ | compiled_once | {"KERAS_BACKEND": backend}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )


def finish(folder: Path, backend: str) -> dict[str, Any]:
    output, _ = start(folder, backend).communicate(timeout=PATIENCE)
    assert "The trial starts over" not in output
    outcome: dict[str, Any] = json.loads((folder / "outcome.json").read_text())
    return outcome


def kill_after(folder: Path, backend: str, steps: int) -> None:
    """Trains on and kills the process with SIGKILL as soon as it has told of so many steps."""
    with start(folder, backend) as process:
        assert process.stdout is not None
        told = iter(process.stdout.readline, "")
        for _ in range(steps):
            assert "step\n" in told
        process.kill()


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_killed_and_resumed_trial_ends_with_the_same_bits(tmp_path: Path, backend: str) -> None:
    if backend == "jax":
        pytest.importorskip("jax")
    moments = random.SystemRandom().sample(range(3, STEPS - 6), 2 if backend == "tensorflow" else 1)
    whole = finish(tmp_path / "whole", backend)
    for steps in sorted(moments):
        kill_after(tmp_path / "killed", backend, steps)
        found = checkpoint.load(str(tmp_path / "killed" / "c.npz"))
        assert found is not None, f"killed after {moments}"
        assert not (tmp_path / "killed" / "outcome.json").exists()
    resumed = finish(tmp_path / "killed", backend)
    assert len(whole["history"]) == 3
    assert whole["state"]["trainable"] != whole["state"]["average_trainable"]
    assert resumed == whole, f"killed after {moments} steps"
