"""How far a study is, from its records, its study file and whoever drives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.generator import budget
from scaling.generator.study import check
from scaling.reports import plan as plans
from scaling.reports import status
from scaling.results import lock
from scaling.results.lock import Driver, Running
from scaling.results.records import ResultsFolder
from tests.builders import latency_record, results_folder, train_record

STUDY = check(
    {
        "study": "half",
        "question": "How far is it?",
        "dataset": {"name": "synthetic", "train_examples": 512},
        "grid": [{"depth": [14, 26], "width": 0.25}],
        "across": {"resolution": 8, "stem": "small", "epochs": 2, "seed": [0, 1, 2]},
    }
)
A, B, C, D, E, F = STUDY.trials


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    """One trial done, one done at the second try, one out of memory, one interrupted; one that nobody asks for."""
    records = [
        train_record(A, device="AMD EPYC, 2 cores"),
        train_record(B, failure="crash"),
        train_record(B, device="AMD EPYC, 2 cores"),
        train_record(C, failure="oom"),
        train_record(D, failure="interrupted"),
        train_record(),
    ]
    return results_folder(tmp_path / "half", records, [latency_record(A.variant)], STUDY.to_yaml())


def text(told: dict[str, object]) -> str:
    return "\n".join((status.counts(told), *status.details(told)))


def test_counts_come_from_records_and_study(folder: ResultsFolder) -> None:
    told = status.of(folder)
    counts = {name: told[name] for name in ("asked", "done", "running", "unfinished", "waiting", "failed", "timings")}
    assert counts == {
        "asked": 6,
        "done": 2,
        "running": 0,
        "unfinished": 1,
        "waiting": 2,
        "failed": {"oom": 1},
        "timings": 1,
    }
    assert told["seconds_left"] > 0
    shown = text(told)
    command = f"scaling run {folder.path}/study.yaml --results {folder.path.parent}"
    assert "2 of 6 done, 1 unfinished, 2 waiting, 1 failed" in shown
    assert f"1 oom, retried by: {command} --retry failed:oom" in shown
    assert f"continue with: {command}" in shown


def test_the_command_says_it_below_the_study_s_name(folder: ResultsFolder) -> None:
    shown = CliRunner().invoke(app, ["status", str(folder.path)]).stdout.splitlines()
    told = status.of(folder)
    assert shown == [f"half  {status.counts(told)}", *(f"    {line}" for line in status.details(told))]


def test_a_living_driver_tells_what_runs_and_a_dead_one_does_not(folder: ResultsFolder) -> None:
    running = (Running(E.id, seconds=90.0, epochs_done=1.5, epochs=2),)
    here = replace(Driver.here(), running=running, waiting=1, seconds_left=42.0)
    lock.write(folder.path, here)
    told = status.of(folder)
    assert (told["running"], told["waiting"], told["seconds_left"]) == (1, 1, 42.0)
    shown = text(told)
    assert f"process {os.getpid()} on {os.uname().nodename} runs:" in shown
    assert f"{E.id}  epoch 1.5 of 2" in shown
    assert "about 42s left" in shown
    assert "continue with" not in shown
    lock.write(folder.path, replace(here, pid=2**22 + 1))  # beyond the largest process id of Linux
    assert status.of(folder)["driver"] is None
    lock.write(folder.path, replace(here, host="elsewhere", updated=0.0))
    assert status.of(folder)["driver"] is None


def test_without_a_study_file_it_counts_what_was_recorded(folder: ResultsFolder) -> None:
    folder.study_file.unlink()
    told = status.of(folder)
    assert (told["asked"], told["done"], told["waiting"]) == (5, 3, 0)
    assert "what is still to come is not known" in text(told)


def test_lines_that_are_no_records_are_named(folder: ResultsFolder) -> None:
    with folder.training.path.open("a") as file:
        file.write('{"half": "a rec')
    assert "not a record: " in text(status.of(folder))


def test_a_damaged_driver_file_is_nobody(folder: ResultsFolder) -> None:
    (folder.path / lock.FILE).write_text("{")
    assert status.of(folder)["driver"] is None


def test_a_later_failure_does_not_hide_a_success_and_the_last_failure_counts(folder: ResultsFolder) -> None:
    for record in (train_record(A, failure="crash"), train_record(C, failure="nan")):
        folder.training.append(record)
    told = status.of(folder)
    assert (told["done"], told["failed"]) == (2, {"nan": 1})


def test_the_time_left_is_that_of_the_plan(folder: ResultsFolder) -> None:
    records, _ = folder.training.read()
    done = {record.trial_id for record in records if record.ok}
    planned = plans.rows(STUDY, done, budget.basis(None, records))
    assert status.of(folder)["seconds_left"] == pytest.approx(3600 * plans.totals(STUDY, planned)["hours_left"])


def test_the_generator_waits_for_a_study_file() -> None:
    names = "[name for name in sys.modules if name.startswith('scaling.generator')]"
    lines = f"import sys, scaling.reports.status; print({names})"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_without_a_record_yet_says_so(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "half")
    with folder.writing():
        folder.study_file.write_text(STUDY.to_yaml())
    ran = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert ran.exit_code == 0
    assert "0 of 6 done, 6 waiting" in ran.stdout
    assert "no trial is recorded yet" in ran.stdout


@pytest.mark.parametrize(
    "change",
    [
        {"updated": "yesterday"},
        {"updated": None},
        {"pid": 1e30},
        {"pid": -1},
        {"seconds_left": "soon"},
        {"running": [{"id": 1}]},
        {"waiting": []},
        {"updated": 4e9, "host": "elsewhere"},  # in the future
    ],
)
def test_a_driver_file_that_cannot_be_true_is_nobody(folder: ResultsFolder, change: dict[str, object]) -> None:
    lock.write(folder.path, Driver.here())
    told = json.loads((folder.path / lock.FILE).read_text())
    (folder.path / lock.FILE).write_text(json.dumps(told | change))
    assert status.of(folder)["driver"] is None


def test_networks_beyond_a_limit_on_a_time_are_neither_asked_for_nor_failed(tmp_path: Path) -> None:
    content = STUDY.file.model_dump(mode="json", exclude_defaults=True) | {"constraints": {"max_training_ms": 5}}
    limited = check(content)
    fast, slow = limited.variants
    timings = [latency_record(fast, median_ms=4.0), latency_record(slow, median_ms=6.0)]
    folder = results_folder(tmp_path / "half", [train_record(A)], timings, limited.to_yaml())
    told = status.of(folder)
    assert [told[name] for name in ("asked", "done", "waiting", "failed")] == [3, 1, 2, {}]
    assert told["left_out"] == [
        {
            "model": slow.name,
            "trials": 3,
            "place": timings[0].environment.place,
            "reason": "constraints.max_training_ms: 6 ms is more than 5 ms",
        }
    ]
    assert "1 of 3 done, 2 waiting, 1 network left out" in text(told)
    assert f"{slow.name} left out by constraints.max_training_ms: 6 ms is more than 5 ms" in text(told)
