"""Processes that are timed: whole commands, and sides that stay and do one repeat whenever they are asked."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SIDES = Path(__file__).parent / "sides"
GARDEN = Path(os.environ.get("BENCH_GARDEN_PYTHON", ROOT / ".venv-garden/bin/python"))
"""The Model Garden's own interpreter: it pins a TensorFlow older than ours."""

THREADS = os.cpu_count() or 1
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Ours is run from compiled files as peers that were installed are, whatever the shell says."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
SAME_THREADS = {"TF_NUM_INTRAOP_THREADS": str(THREADS), "TF_NUM_INTEROP_THREADS": str(THREADS)}


def environment(**more: str) -> dict[str, str]:
    """This process' environment, with the package of this checkout first."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, **QUIET, **COMPILED, "PYTHONPATH": path, **more}


def seconds(command: Sequence[str], cwd: Path | None = None) -> float:
    """Wall time of a command that must succeed."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return took


def scaling(*arguments: str) -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "scaling.cli", *arguments]


def lacks(*packages: str) -> str:
    """Why a peer cannot be measured here; empty where it can."""
    missing = [one for one in packages if importlib.util.find_spec(one) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


class Side:
    """A process of `sides/` that says it is ready, then answers one line of JSON to each that it is asked."""

    def __init__(self, script: str, *arguments: object, python: Path | str = sys.executable, **more: str) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process)
        self._command = " ".join([script, *map(str, arguments)])
        self._process = subprocess.Popen(
            [str(python), str(SIDES / f"{script}.py"), *map(str, arguments)],
            env=environment(**(SAME_THREADS | more)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )
        self.about: dict[str, Any] = self._answer()

    def ask(self, what: str) -> float:
        """Has it do `what` once; what that took or gave."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return float(self._answer()["value"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            ended = self._process.wait()
            self._complaints.seek(0)
            last = self._complaints.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"{self._command} ended with {ended}: {last}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process, self._complaints:
            self._process.kill()


def in_turn(sides: Sequence[Side], what: str, repeats: int) -> list[list[float]]:
    """For each side its repeats; the sides take turns."""
    rounds = [[side.ask(what) for side in sides] for _ in range(repeats)]
    return [list(one) for one in zip(*rounds, strict=True)]


def same_work(sides: Sequence[Side]) -> None:
    """As many parameters, and losses that fall.

    Raises:
        ValueError: if not.
    """
    for side in sides:
        losses = side.about["losses"]
        if side.about["params"] != sides[0].about["params"] or not losses[-1] < losses[0]:
            raise ValueError(f"not the same work: {[one.about for one in sides]}")
