"""The `scaling` command in processes of its own, and what it leaves in a results folder."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

PATIENCE = 600
"""Seconds that nothing here takes, however busy the machine is."""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "scaling.cli", *arguments]


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """The command under way in a folder; it says everything on standard output."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def call(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command once it has ended."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def inside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, which has loaded already what it needs: for those that end without workers."""
    from scaling.cli.app import app

    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "400")
        done = CliRunner().invoke(app, arguments)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Looks again and again; the process must still run when it is reached."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def records(folder: Path, study: str, results: str = "results", file: str = "records.jsonl") -> list[dict[str, Any]]:
    """What stands in a file of a study's results; nothing where there is none yet."""
    path = folder / results / study / file
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
