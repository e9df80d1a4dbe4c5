"""`scaling run --until decided` in real processes: it ends by itself, and killed it trains the same in the end."""

from __future__ import annotations

import secrets
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests import commands
from tests.commands import call, inside, start, wait_until

pytestmark = pytest.mark.slow

STUDY = """
study: until
question: Does a deeper network pay?
answer: {compare: [width, depth], at_equal: macs}
dataset: {name: synthetic, train_examples: 2048}
grid:
  - {depth: [1, 2], width: 0.0625}
  - {depth: 1, width: 0.125}
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: 3, seed: [0, 1, 2]}
recipe: {batch_size: 32, learning_rate: 0.05}
latency: {phases: [inference], batch_size: 16, max_seconds: 0.2}
"""
SEARCH = """
study: seek
question: Is a search refused?
dataset: {name: synthetic, train_examples: 256}
search: {trials: 3, space: {depth: [1, 2]}}
across: {family: vit, patch: 4, head: 8, width: 0.0625, resolution: 8, epochs: 1, seed: 0}
recipe: {batch_size: 32}
latency: {batch_size: 16, max_seconds: 0.2}
"""
UNTIL = ("run", "until.yaml", "--until", "decided", "--workers", "2")
UNTIMED = ("--set", "latency.phases=[]")
"""Nothing that is decided on here is timed; one worker less is started."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("user")
    (path / "until.yaml").write_text(STUDY)
    (path / "seek.yaml").write_text(SEARCH)
    return path


def records(folder: Path, results: str) -> list[dict[str, Any]]:
    return commands.records(folder, "until", results)


def trained(folder: Path, results: str) -> list[str]:
    return [record["trial_id"] for record in records(folder, results) if not record.get("failure")]


@pytest.fixture(scope="module")
def uninterrupted(folder: Path) -> subprocess.CompletedProcess[str]:
    return call(folder, *UNTIL, "--results", "whole")


def test_it_ends_by_itself_with_its_reason_and_the_answer(
    folder: Path, uninterrupted: subprocess.CompletedProcess[str]
) -> None:
    assert uninterrupted.returncode == 0, uninterrupted.stdout + uninterrupted.stderr
    said = uninterrupted.stdout.splitlines()
    assert any(line.startswith("until: stopped, since ") for line in said)
    assert said[-1].startswith("until: Does a deeper network pay? ")
    assert 3 <= len(trained(folder, "whole")) == len({*trained(folder, "whole")}) < 9  # of those that it asks for
    again = inside(folder, *UNTIL, "--results", "whole")
    assert "nothing left to do" in again.stdout
    assert "until: stopped, since " in again.stdout


def test_killed_and_then_interrupted_it_trains_the_same_in_the_end(
    folder: Path, uninterrupted: subprocess.CompletedProcess[str]
) -> None:
    """Twice before its four trials are trained: training is the same wherever it is done, so all decisions are."""
    assert uninterrupted.returncode == 0
    results = "stopped"
    for blow in (signal.SIGKILL, signal.SIGINT):
        before = len(trained(folder, results))
        process = start(folder, *UNTIL, *UNTIMED, "--results", results)
        wait_until(lambda before=before: len(trained(folder, results)) > before, process)  # type: ignore[misc]
        assert process.poll() is None
        process.send_signal(blow)
        process.communicate(timeout=commands.PATIENCE)
    result = call(folder, *UNTIL, *UNTIMED, "--results", results)
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(trained(folder, results)) == sorted(trained(folder, "whole"))


@pytest.mark.skipif(find_spec("ray") is None, reason='Ray is not here: pip install "scaling-study[cluster]"')
def test_on_ray_it_ends_by_itself_after_the_same_trials(
    folder: Path, uninterrupted: subprocess.CompletedProcess[str]
) -> None:
    """On a Ray of its own, with as many workers."""
    assert uninterrupted.returncode == 0
    alone = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
    result = call(folder, *UNTIL, *UNTIMED, "--engine", "ray", "--results", "on-ray", **alone)
    assert result.returncode == 0, result.stdout + result.stderr
    (reason,) = [line for line in result.stdout.splitlines() if line.startswith("until: stopped, since ")]
    assert reason in uninterrupted.stdout.splitlines()
    assert sorted(trained(folder, "on-ray")) == sorted(trained(folder, "whole"))


def test_without_hours_nothing_is_trained(folder: Path) -> None:
    result = inside(folder, *UNTIL, "--max-hours", "0", "--results", "none")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "until: stopped, since 0 hours of training are spent, of 0 (--max-hours)" in result.stdout
    assert records(folder, "none") == []


def test_limits_without_until_are_refused(folder: Path) -> None:
    result = inside(folder, "run", "until.yaml", "--at-most", "macs=1e9", "--results", "none")
    assert result.returncode == 2
    assert "--at-most goes with --until decided" in result.stderr


def test_a_search_is_refused_with_a_sentence(folder: Path) -> None:
    result = inside(folder, "run", "seek.yaml", "--until", "decided", "--results", "none")
    assert result.returncode == 2
    assert "--until decided: seek is a search, which decides by itself what it trains" in result.stderr
    assert "Traceback" not in result.stderr
