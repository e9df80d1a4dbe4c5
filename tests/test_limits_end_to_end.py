"""A limit on a measured time through the real command line: what is too slow is timed, named, and never trained."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from scaling.results.records import ResultsFolder
from tests import commands
from tests.builders import train_record
from tests.commands import call, inside, start, wait_until

pytestmark = pytest.mark.slow

STUDY = """
study: within
question: Which network within the time is best?
dataset: {name: synthetic, train_examples: 256}
grid: [{depth: 1, width: [0.0625, 2.0]}]
across: {family: vit, patch: 4, head: 8, resolution: 16, epochs: 1, seed: [0, 1]}
recipe: {batch_size: 32}
latency: {phases: [inference], batch_size: 16, max_seconds: 0.5}
"""
SEARCH = """
study: within
question: Does a search keep within the time?
dataset: {name: synthetic, train_examples: 256}
search:
  trials: 3
  space:
    width: [0.0625, 2.0]
    learning_rate: {low: 1.0e-2, high: 0.5, log: true}
across: {family: vit, patch: 4, head: 8, depth: 1, resolution: 16, epochs: 1, seed: 0}
recipe: {batch_size: 32}
latency: {batch_size: 16, max_seconds: 0.5}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits")
    (path / "within.yaml").write_text(STUDY)
    (path / "search.yaml").write_text(SEARCH)
    return path


@pytest.fixture(scope="module")
def limit(folder: Path) -> str:
    """The override for a limit half-way between the two networks, as they are timed on this machine."""
    result = call(folder, "latency", "within.yaml", "--results", "timed")
    assert result.returncode == 0, result.stdout + result.stderr
    times = [timing["median_ms"] for timing in records(folder, "timed", "latency.jsonl")]
    assert len(times) == 2
    return f"constraints.max_inference_ms={math.sqrt(times[0] * times[1]):.4g}"


def test_timings_beside_a_trained_study_change_nothing_of_what_it_asks(folder: Path, limit: str) -> None:
    """Its question is asked of what it has, with the times that were asked for besides."""
    assert limit  # both networks were timed
    study = folder / "timed" / "within" / "study.yaml"
    ResultsFolder(study.parent).training.append(train_record())
    before = study.read_text()
    single = call(folder, "latency", str(study), "--results", "timed", "--set", "latency.batch_size=1")
    assert single.returncode == 0, single.stdout + single.stderr
    assert [timing["batch_size"] for timing in records(folder, "timed", "latency.jsonl")] == [16, 16, 1, 1]
    assert study.read_text() == before


def records(folder: Path, results: str, file: str = "records.jsonl") -> list[dict[str, Any]]:
    return commands.records(folder, "within", results, file)


def killed_at(folder: Path, results: str, file: str, *arguments: str) -> None:
    """Runs until a file has a record, and kills the run."""
    process = start(folder, "run", *arguments, "--results", results)
    wait_until(lambda: bool(records(folder, results, file)), process)
    process.kill()
    process.communicate()


def widths(folder: Path, results: str) -> list[float]:
    trained = [record for record in records(folder, results) if "failure" not in record or not record["failure"]]
    return [record["trial"]["variant"]["width"] for record in trained]


SLOW = "vit_1x2@16 (2 trials) left out by constraints.max_inference_ms: "


@pytest.mark.parametrize(("killed_in", "workers"), [("latency", "2"), ("records", "1")])
def test_what_is_too_slow_is_timed_and_not_trained_wherever_the_run_is_killed(
    folder: Path, limit: str, killed_in: str, workers: str
) -> None:
    """Where there are two workers to train, a third one has timed before; one alone does both."""
    arguments = ("within.yaml", "--set", limit, "--workers", workers)
    killed_at(folder, killed_in, f"{killed_in}.jsonl", *arguments)
    result = call(folder, "run", *arguments, "--results", killed_in)
    assert result.returncode == 0, result.stdout + result.stderr
    assert SLOW in result.stdout
    assert widths(folder, killed_in) == [0.0625, 0.0625]
    timed = [record["request"]["variant"].get("width", 1.0) for record in records(folder, killed_in, "latency.jsonl")]
    assert sorted(timed) == [0.0625, 2.0]


def test_once_done_it_runs_nothing_and_plan_and_status_name_what_is_left_out(folder: Path, limit: str) -> None:
    arguments = ("within.yaml", "--set", limit, "--results", "records")
    again = inside(folder, "run", *arguments)
    assert "nothing left to do" in again.stdout
    assert SLOW in again.stdout
    planned = json.loads(inside(folder, "plan", *arguments, "--json").stdout)
    assert planned["totals"] | {"trials": 2, "done": 2, "hours_left": 0} == planned["totals"]
    (left_out,) = planned["left_out"]
    assert (left_out["model"], left_out["trials"]) == ("vit_1x2@16", 2)
    (status,) = json.loads(inside(folder, "status", "records", "--json").stdout)
    assert (status["asked"], status["done"], status["waiting"], status["failed"]) == (2, 2, 0, {})
    assert "2 of 2 done, 1 network left out" in inside(folder, "status", "records").stdout


def test_a_limit_that_leaves_nothing_says_how_near_it_was(folder: Path, limit: str) -> None:
    """Of networks that have been timed, so that no worker starts."""
    assert limit
    (folder / "nothing" / "within").mkdir(parents=True)
    shutil.copy(folder / "timed" / "within" / "latency.jsonl", folder / "nothing" / "within")
    tight = "constraints.max_inference_ms=0.0001"
    result = inside(folder, "run", "within.yaml", "--set", tight, "--results", "nothing")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "constraints leave no trial on " in result.stdout
    assert "the nearest, vit_1x0.0625@16, is " in result.stdout
    assert records(folder, "nothing") == []


def test_a_search_times_first_and_goes_on_within_the_limit(folder: Path, limit: str) -> None:
    killed_at(folder, "search", "records.jsonl", "search.yaml", "--set", limit)
    result = call(folder, "run", "search.yaml", "--set", limit, "--results", "search")
    assert result.returncode == 0, result.stdout + result.stderr
    assert widths(folder, "search") == [0.0625] * 3
    planned = json.loads(inside(folder, "plan", "search.yaml", "--set", limit, "--results", "search", "--json").stdout)
    assert planned["search"] == {"trials": 3, "recorded": 3, "suggested": []}
    again = inside(folder, "run", "search.yaml", "--set", limit, "--results", "search")
    assert "nothing left to do" in again.stdout
