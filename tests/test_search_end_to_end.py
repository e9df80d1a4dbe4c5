"""A tiny search through the real command line: killed in the middle, resumed, complete, shown and plotted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest

import scaling
from tests import commands
from tests.commands import call, inside, start, wait_until

pytestmark = pytest.mark.slow

STUDY = """
study: seek
question: Does a killed search go on where it was?
dataset: {name: synthetic, train_examples: 512}
search:
  trials: 4
  objectives: [top1, training_ms]
  space:
    depth: [1, 1.5]                                     # there is no half a block: it is asked again
    width: {low: 0.0625, high: 0.5}
    learning_rate: {low: 1e-2, high: 0.5, log: true}
  storage: sqlite:///optuna.db
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: 1, seed: 0}
recipe: {batch_size: 32}
latency: {batch_size: 16, max_seconds: 0.2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seeker")
    (path / "seek.yaml").write_text(STUDY)
    return path


def plan(folder: Path) -> dict[str, Any]:
    result = inside(folder, "plan", "seek.yaml", "--json")
    assert result.returncode == 0, result.stderr
    planned: dict[str, Any] = json.loads(result.stdout)
    return planned


def records(folder: Path, file: str) -> list[dict[str, Any]]:
    return commands.records(folder, "seek", file=file)


def test_1_a_cap_refuses_before_anything_runs(folder: Path) -> None:
    for arguments in (["plan"], ["run"]):
        result = inside(folder, *arguments, "seek.yaml", "--on", "h100", "--max-hours", "1e-9")
        assert result.returncode == 2
        assert "hours left on h100, more than --max-hours 1e-09" in result.stderr
    assert not (folder / "results").exists()


def test_2_killed_in_the_middle_it_has_what_was_recorded(folder: Path) -> None:
    (suggested,) = plan(folder)["search"]["suggested"]
    process = start(folder, "run", "seek.yaml")
    wait_until(lambda: len(records(folder, "records.jsonl")) >= 2, process)
    process.kill()
    process.communicate()
    assert records(folder, "records.jsonl")[0]["trial_id"] == suggested
    planned = plan(folder)
    assert 2 <= planned["search"]["recorded"] < planned["search"]["trials"] == 4
    assert planned["totals"]["done"] == planned["search"]["recorded"]
    assert planned["reckoned_by"]["measured"]["by"] == f"{planned['search']['recorded']} trainings"


def test_3_the_same_command_does_the_rest(folder: Path) -> None:
    before = records(folder, "records.jsonl")
    first = call(folder, "run", "seek.yaml", "--limit", "1")
    assert first.returncode == 0, first.stdout + first.stderr
    assert len(records(folder, "records.jsonl")) == len(before) + 1
    (suggested,) = plan(folder)["search"]["suggested"]
    result = call(folder, "run", "seek.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    trained = [record["trial_id"] for record in records(folder, "records.jsonl")]
    assert trained[: len(before)] == [record["trial_id"] for record in before]
    assert trained[len(before) + 1] == suggested
    assert len(set(trained)) == len(trained) == 4
    timed = [record["request"]["variant"]["width"] for record in records(folder, "latency.jsonl")]
    assert {record["request"]["phase"] for record in records(folder, "latency.jsonl")} == {"training"}
    assert len(timed) == len(set(timed)) == 4


def test_4_once_complete_it_runs_nothing_and_says_so(folder: Path) -> None:
    result = inside(folder, "run", "seek.yaml", "--max-hours", "0")
    assert result.returncode == 0, result.stderr
    assert "nothing left to do" in result.stdout
    planned = plan(folder)
    assert planned["search"] == {"trials": 4, "recorded": 4, "suggested": []}
    assert planned["totals"]["hours_left"] == 0
    assert "search: 4 of 4 trials recorded" in inside(folder, "plan", "seek.yaml").stdout


def test_5_optuna_s_storage_has_each_trial_once(folder: Path) -> None:
    url = f"sqlite:///{folder / 'optuna.db'}"
    (name,) = optuna.get_all_study_names(url)
    shown = optuna.load_study(study_name=name, storage=url)
    trained = [record["trial_id"] for record in records(folder, "records.jsonl")]
    assert [trial.user_attrs["trial_id"] for trial in shown.trials] == trained
    assert shown.best_trials


def test_6_it_is_loaded_and_plotted(folder: Path) -> None:
    frame = scaling.load_results(folder / "results")
    assert frame["training_ms"].notna().sum() == 4
    result = inside(folder, "plot", "results", "--format", "png")
    assert result.returncode == 0, result.stderr
    assert "4 trials drawn" in result.stdout
