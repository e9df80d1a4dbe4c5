"""Timings that cannot be right, and timings that were disturbed, are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.launch.missing import Outcomes, missing
from scaling.launch.retry import RetryPolicy
from scaling.reports import latencies, status
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import TimeJob
from scaling.schema import LatencyRecord, Variant
from tests.builders import environment, latency_record, results_folder, train_record, trial

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def timed(median_ms: float, disturbed: bool = False, **variant: Any) -> LatencyRecord:
    record = latency_record(Variant(**{"depth": 14, "width": 0.25, "resolution": 16, **variant}), median_ms=median_ms)
    return record.model_copy(update={"disturbed": disturbed})


def test_a_smaller_network_that_takes_longer_is_named_with_both_times() -> None:
    (sentence,) = latencies.broken_orders([timed(10), timed(9, width=0.5), timed(9.9, depth=26)])
    assert sentence.startswith(
        "resnet_rs_14x0.25@16 took 10 ms a training step, longer than the larger resnet_rs_14x0.5"
    )
    assert "with 9 ms" in sentence


@pytest.mark.parametrize(
    "other",
    [
        timed(9, depth=26, width=0.125),  # neither is the larger one
        timed(9.8, depth=26),  # their intervals overlap
        timed(9, depth=26, stem="small"),  # of another kind
        timed(9, depth=26).model_copy(update={"environment": environment("another device")}),
    ],
)
def test_what_does_not_compare_is_left_alone(other: LatencyRecord) -> None:
    assert latencies.broken_orders([timed(10), other]) == []


@pytest.mark.parametrize("study", ["depth_vs_width", "pareto"])
def test_the_shipped_timings_are_in_order(study: str) -> None:
    records, _ = ResultsFolder(REFERENCE / study).latency.read()
    assert len(records) > 5
    assert latencies.broken_orders(records) == []


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    variants = [trial(depth=depth) for depth in (14, 26)]
    records = [train_record(of, top1=0.5 + of.variant.depth / 100) for of in variants]
    return results_folder(tmp_path / "study", records, [timed(10, disturbed=True), timed(20, depth=26)])


def test_a_disturbed_timing_is_taken_again_when_one_asks(folder: ResultsFolder) -> None:
    (first, second), _ = folder.latency.read()
    jobs = [TimeJob(record.request, "synthetic", 1.0) for record in (first, second)]
    outcomes, place = Outcomes.read(folder), environment().place
    assert missing(jobs, outcomes, place, RetryPolicy(recorded={"any"})) == []
    assert missing(jobs, outcomes, place, RetryPolicy(recorded={"disturbed"})) == jobs[:1]
    assert outcomes.failed(jobs, place) == {}
    said = "\n".join(status.details(status.of(folder)))
    assert "1 timing was disturbed; to take it again: scaling run" in said
    folder.latency.append(timed(10))
    assert missing(jobs, Outcomes.read(folder), place, RetryPolicy(recorded={"disturbed"})) == []
    assert status.of(folder)["disturbed"] == 0


def test_a_disturbed_timing_is_marked_in_the_frame_and_said_under_the_figure(folder: ResultsFolder) -> None:
    assert load_results(folder.path)["training_disturbed"].tolist() == [1, 0]
    ran = CliRunner().invoke(app, ["plot", str(folder.path), "--format", "png"])
    assert ran.exit_code == 0, ran.output
    index = (folder.figures / "index.md").read_text()
    assert "1 of 2 timings, marked ~, was disturbed by other work on the machine" in index


def test_a_folder_of_timings_alone_asks_for_no_training(tmp_path: Path) -> None:
    asked = latencies.study_of(["efficientnet_b0@64"], ["training", "inference"], 128, "float32", 1.0)
    record = latency_record(asked.variants[0], median_ms=12812)
    record = record.model_copy(update={"request": asked.timings[0], "disturbed": True})
    folder = results_folder(tmp_path / "latency", latency=[record, record], study=asked.to_yaml())
    said = CliRunner().invoke(app, ["status", str(tmp_path)]).stdout
    command = f"scaling latency {folder.study_file} --results {tmp_path} --retry disturbed"
    assert said == (f"latency  2 timings, nothing to train\n    1 timing was disturbed; to take it again: {command}\n")
    folder.training.append(train_record())
    assert status.counts(status.of(folder)).startswith("0 of 1 done")  # somebody did train it


def test_networks_have_the_names_that_were_typed_and_times_no_powers_of_ten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = latencies.study_of(["efficientnet_b0@64", "resnet_rs_50@160"], ["training"], 128, "float32", 1.0)
    timings = [
        latency_record(request.variant, median_ms=ms).model_copy(update={"request": request})
        for request, ms in zip(asked.timings, (0.0781, 12812.0), strict=True)
    ]
    listed = latencies.rows(asked, results_folder(tmp_path / "latency", latency=timings).path)
    assert [row["model"] for row in listed] == ["efficientnet_b0@64", "resnet_rs_50@160"]
    latencies.show(listed, Console(width=200), wide=True)
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[2:6] == ["0.0781", "0.0765", "to", "0.0797"]
    assert second.split()[2:6] == ["12,812", "12,556", "to", "13,068"]
