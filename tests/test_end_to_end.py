"""The real command line, in real processes, on a tiny study: killed, interrupted, resumed, failed, plotted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import scaling
from scaling.results import lock
from tests.commands import PATIENCE, call, inside, start, wait_until

pytestmark = pytest.mark.slow

STUDY = """
study: tiny
question: Does a killed study lose anything?
dataset: {name: synthetic, train_examples: 512}
grid:
  - {depth: 1, width: [0.0625, 0.125], learning_rate: 0.05}
  - {depth: 1, width: 0.1875, learning_rate: 1.0e+20}         # its loss is soon no number
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: [1, 3], seed: 0}
recipe: {batch_size: 32}
latency: {batch_size: 16, max_seconds: 0.2}
"""
ALONE = ("--workers", "1")
"""One worker that trains and times: the first run and the last have several."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: his study, and the results that the tests below add to in turn."""
    path = tmp_path_factory.mktemp("user")
    (path / "tiny.yaml").write_text(STUDY)
    return path


def run_until(folder: Path, reached: Callable[[], bool], *arguments: str) -> subprocess.Popen[str]:
    process = start(folder, "run", "tiny.yaml", *arguments)
    wait_until(reached, process)
    return process


def lines(folder: Path, file: str = "records.jsonl") -> list[str]:
    path = folder / "results" / "tiny" / file
    return path.read_text().splitlines() if path.exists() else []


def children(pid: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                yield int(entry.name)


def plan(folder: Path) -> dict[str, Any]:
    result = inside(folder, "plan", "tiny.yaml", "--json")
    assert result.returncode == 0, result.stderr
    planned: dict[str, Any] = json.loads(result.stdout)
    return planned


def test_1_killed_in_the_middle_it_keeps_what_was_finished(folder: Path) -> None:
    process = run_until(folder, lambda: len(lines(folder)) >= 1)
    workers = list(children(process.pid))
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{worker}/cmdline").exists() and _alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its driver"
        time.sleep(0.1)
    assert plan(folder)["totals"]["done"] == len(lines(folder)) < 6


def _alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:4]
    except OSError:
        return False


def test_2_interrupted_it_says_so_and_exits_130(folder: Path) -> None:
    before = lines(folder)
    process = run_until(folder, lambda: len(lines(folder)) > len(before), *ALONE)
    refused = inside(folder, "run", "tiny.yaml")
    assert refused.returncode == 2
    assert f"another run is writing here: process {process.pid} on {os.uname().nodename}" in refused.stderr
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Interrupted. Finished trials are recorded" in output
    assert lines(folder)[: len(before)] == before


def test_3_the_same_command_does_the_rest_and_goes_on_past_failures(folder: Path) -> None:
    before = lines(folder)
    result = call(folder, "run", "tiny.yaml", *ALONE)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "2 failed" in result.stdout
    assert lines(folder)[: len(before)] == before
    records = [record for line in lines(folder) if not _is_interrupted(record := json.loads(line))]
    assert len(records) == len({record["trial_id"] for record in records}) == 6
    assert Counter(record.get("failure", {}).get("kind") for record in records) == {None: 4, "nan": 2}
    good = next(record for record in records if "failure" not in record)
    assert good["test_ema"]["n"] == 1000
    assert good["validation_raw"]["n"] == 200
    assert all(
        score["correct"] <= score["correct_top5"] <= score["n"] for score in (good["test_ema"], good["test_raw"])
    )
    assert len(good["history"]) == good["trial"]["recipe"]["epochs"]
    environment = good["environment"]
    assert {"python", "keras", "numpy", "backend"} <= set(environment["versions"])
    assert environment["device"]
    assert "PATH" not in json.dumps(environment)
    timings = [timing for line in lines(folder, "latency.jsonl") if not _is_interrupted(timing := json.loads(line))]
    assert Counter((t["request"]["variant"]["width"], t["request"]["phase"]) for t in timings) == {
        (width, phase): 1 for width in (0.0625, 0.125, 0.1875) for phase in ("training", "inference")
    }
    assert all(t["low_ms"] <= t["median_ms"] <= t["high_ms"] and t["batch_size"] == 16 for t in timings)


def _is_interrupted(record: dict[str, Any]) -> bool:
    return (record.get("failure") or {}).get("kind") == "interrupted"


def test_4_once_complete_it_runs_nothing_unless_told_to_retry(folder: Path) -> None:
    before = lines(folder)
    result = inside(folder, "run", "tiny.yaml")
    assert result.returncode == 1  # two of its trials have failed
    assert "nothing left to do" in result.stdout
    assert "tiny: 2 failed in all (2 nan)" in result.stdout
    assert "scaling run tiny.yaml --retry failed" in result.stdout
    assert lines(folder) == before
    assert inside(folder, "run", "tiny.yaml", "--retry", "failed:oom", *ALONE).returncode == 1
    assert lines(folder) == before
    assert call(folder, "run", "tiny.yaml", "--retry", "failed:nan", "--limit", "1", *ALONE).returncode == 1
    assert len(lines(folder)) == len(before) + 1


def test_5_it_is_planned_loaded_and_plotted(folder: Path) -> None:
    assert plan(folder)["totals"]["done"] == 4
    frame = scaling.load_results(folder / "results")
    assert len(frame) == 6
    assert frame["training_ms"].notna().all()
    assert (frame["status"] == "failed").sum() == 2
    result = inside(folder, "plot", "results/", "--format", "png,svg")
    assert result.returncode == 0, result.stderr
    figures = folder / "results" / "tiny" / "figures"
    for metric in ("training_ms", "inference_ms", "macs", "params"):
        for suffix in ("png", "svg"):
            assert (figures / f"accuracy_vs_{metric}.{suffix}").stat().st_size > 1000


def test_6_a_killed_worker_is_replaced_and_its_trial_goes_on(folder: Path) -> None:
    """Two workers; the one that is killed leaves a record of kind crash, and its trial is trained to success."""
    (folder / "pair.yaml").write_text(
        STUDY.replace("study: tiny", "study: pair")
        .replace("epochs: [1, 3]", "epochs: [2, 4]")
        .replace("1.0e+20", "0.1")
        .replace("latency: {", "latency: {phases: [training], ")
    )
    records = folder / "results" / "pair" / "records.jsonl"
    process = start(folder, "run", "pair.yaml", "--workers", "2")
    wait_until(lambda: records.exists() and under_way(records.parent) == 2, process)
    victim = next(pid for pid in children(process.pid) if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(victim, signal.SIGKILL)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    kinds = Counter((json.loads(line).get("failure") or {}).get("kind") for line in records.read_text().splitlines())
    assert kinds == {None: 6, "crash": 1}
    timings = [json.loads(line) for line in records.with_name("latency.jsonl").read_text().splitlines()]
    cores = len(os.sched_getaffinity(0))
    assert {timing["environment"]["cores"] for timing in timings} == {cores}
    trainings = [json.loads(line) for line in records.read_text().splitlines()]
    assert {training["environment"]["cores"] for training in trainings} == {max(1, cores // 2)}
    assert "was ended by SIGKILL" in output
    assert scaling.load_results(folder / "results" / "pair")["status"].eq("ok").all()


def under_way(folder: Path) -> int:
    told = lock.read(folder)
    return len(told.running) if told else 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "tinny.yaml"], "tinny.yaml: no such file"),
        (["run", "depth_vs_widht"], "did you mean 'depth_vs_width'"),
        (["run", "tiny.yaml", "--set", "grid[0].depth=1.5"], "grid[0].depth: depth 1.5 is no number of blocks"),
        (["run", "tiny.yaml", "--retry", "all"], "--retry all"),
        (["plot", "nowhere"], "nowhere: no such folder"),
        (["plot", "results", "--format", "gif"], "gif"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(folder: Path, arguments: list[str], message: str) -> None:
    result = inside(folder, *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
