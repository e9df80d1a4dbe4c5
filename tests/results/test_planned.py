"""Trials without a record stand as rows beside those with one."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from scaling.results.columns import TABLE, names
from scaling.results.frame import load_results, planned
from scaling.results.records import ResultsFolder
from tests.builders import latency_record, results_folder, train_record, trial


def test_a_planned_row_is_what_a_record_of_the_same_trial_would_say_without_its_results(tmp_path: Path) -> None:
    of = trial(seed=3, recipe={"dropout": 0.1})
    timing = latency_record(of.variant, median_ms=7.0)
    recorded = load_results(results_folder(tmp_path / "study", [train_record(of)], [timing]).path)
    asked = planned(results_folder(tmp_path / "planned" / "study", (), [timing]), {of: {"macs": 5.0}})
    assert list(asked.columns) == list(recorded.columns) == [*TABLE]
    (row,), (record,) = asked.to_dict("records"), recorded.to_dict("records")
    same = [name for name in (*names("setting", "condition"), "trial_id", "seed", "training_ms") if name != "folder"]
    assert {name: row[name] for name in same} == {name: record[name] for name in same}
    assert (row["status"], row["macs"]) == ("planned", 5.0)
    assert pd.isna(row["top1"])
    assert pd.isna(row["train_seconds"])


def test_of_timings_at_several_places_the_last_ones_count(tmp_path: Path) -> None:
    of = trial()
    timings = [latency_record(of.variant, median_ms=time, device=at) for at, time in (("a", 1.0), ("b", 2.0))]
    for records, time, device in ((timings, 2.0, "b"), (timings[::-1], 1.0, "a")):
        folder = results_folder(tmp_path / device / "study", (), records)
        (row,) = planned(folder, {of: {}}).to_dict("records")
        assert row["training_ms"] == time
        assert row["training_device"].startswith(device)


def test_a_training_step_of_the_trials_own_batch_counts_before_a_later_one_of_another(tmp_path: Path) -> None:
    of = trial(recipe={"batch_size": 64})
    timings = [
        latency_record(of.variant, median_ms=float(size), batch_size=size, phase=phase)
        for size in (64, 1)
        for phase in ("training", "inference")
    ]
    (row,) = planned(results_folder(tmp_path / "study", (), timings), {of: {}}).to_dict("records")
    assert (row["training_ms"], row["training_batch_size"]) == (64.0, 64.0)
    assert (row["inference_ms"], row["inference_batch_size"]) == (1.0, 1.0)


def test_without_timings_or_without_trials_there_are_no_times_or_no_rows(tmp_path: Path) -> None:
    nowhere = ResultsFolder(tmp_path / "study")
    assert planned(nowhere, {trial(): {}})["training_ms"].isna().all()
    empty = planned(nowhere, {})
    assert (len(empty), list(empty.columns)) == (0, [*TABLE])
