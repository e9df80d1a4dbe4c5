"""What a study's space holds: trials that nobody trained stand beside those that somebody did, with what they take."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scaling.analysis.settings import collapse_seeds
from scaling.datasets import dataset_info
from scaling.generator import candidates
from scaling.generator.accelerators import Accelerator
from scaling.generator.budget import Basis
from scaling.generator.candidates import with_candidates
from scaling.generator.sizes import size
from scaling.generator.study import Study, check
from scaling.results.columns import TABLE
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from tests.builders import latency_record, results_folder, train_record

BASIS = Basis(
    Accelerator(
        name="slow",
        peak_tflops={"float32": 1e-3, "mixed_bfloat16": 2e-3},
        memory_gb=1,
        dollars_per_hour=3.6,
        utilisation={"resnet_rs": 0.5},
    )
)


def study(**across: object) -> Study:
    return check(
        {
            "study": "example",
            "question": "Which is best?",
            "dataset": {"name": "fashion_mnist", "train_examples": 1000},
            "grid": [{"depth": [14, 26], "width": [0.25, 0.5]}],
            "across": {"resolution": 16, "stem": "small", "epochs": 1, **across},
        }
    )


def folder_of(path: Path, asked: Study, trained: int, failed: int = 0) -> ResultsFolder:
    """The first trials trained, the next failed, and all but the last network timed."""
    records = [
        train_record(trial, failure="oom" if number >= trained else None)
        for number, trial in enumerate(asked.trials[: trained + failed])
    ]
    timings = [latency_record(variant, channels=1) for variant in asked.variants[:-1]]
    return results_folder(path / "example", records, timings)


def frame_of(folder: ResultsFolder) -> pd.DataFrame:
    return load_results(folder.path) if folder.training.read()[0] else pd.DataFrame()


def test_each_trial_stands_once_trained_failed_or_planned(tmp_path: Path) -> None:
    asked = study(seed=[0, 1])
    folder = folder_of(tmp_path, asked, 3, failed=1)
    frame = with_candidates(frame_of(folder), asked, folder, BASIS)
    assert frame["trial_id"].tolist() == [trial.id for trial in asked.trials]
    assert frame["status"].tolist() == ["ok"] * 3 + ["failed"] + ["planned"] * 4
    assert set(frame.columns) <= {*TABLE}


def test_all_have_what_they_are_reckoned_to_take(tmp_path: Path) -> None:
    asked = study()
    folder = folder_of(tmp_path, asked, 2)
    frame = with_candidates(frame_of(folder), asked, folder, BASIS)
    info = dataset_info("fashion_mnist")
    for row, trial in zip(frame.to_dict("records"), asked.trials, strict=True):
        counted = size(trial.variant, info)
        estimate = BASIS.estimate(trial, counted)
        assert row["planned_seconds"] == pytest.approx(3600 * estimate.hours)
        assert row["memory_gb"] == pytest.approx(estimate.memory_gb)
        if row["status"] == "planned":
            assert (row["params"], row["macs"]) == (counted.params, counted.macs)


def test_planned_trials_have_the_times_of_their_network_and_no_results(tmp_path: Path) -> None:
    asked = study()
    folder = folder_of(tmp_path, asked, 1)
    frame = with_candidates(frame_of(folder), asked, folder, BASIS).set_index("trial_id")
    assert frame["training_ms"].notna().tolist() == [True, True, True, False]
    assert frame["top1"].notna().tolist() == [True, False, False, False]
    assert frame["train_seconds"].notna().tolist() == [True, False, False, False]


def test_settings_count_planned_trials_as_neither_trained_nor_failed(tmp_path: Path) -> None:
    asked = study()
    folder = folder_of(tmp_path, asked, 1, failed=1)
    settings = collapse_seeds(with_candidates(frame_of(folder), asked, folder, BASIS))
    assert settings["seeds"].tolist() == [1, 0, 0, 0]
    assert settings["failed"].tolist() == [0, 1, 0, 0]
    # A plan and a record of one network are alike in all that tells settings apart.
    again = collapse_seeds(with_candidates(frame_of(folder), study(seed=[0, 1]), folder, BASIS))
    assert len(again) == 4


def test_planned_seeds_are_of_the_setting_of_those_whose_device_chose_the_precision(tmp_path: Path) -> None:
    asked = study(seed=[0, 1, 2], precision="auto")
    first, second, third = asked.trials[:3]
    records = [
        train_record(first, precision="mixed_bfloat16"),
        train_record(second, failure="crash"),
        train_record(asked.trials[3], precision="float32"),
    ]
    folder = results_folder(tmp_path / "example", records)
    frame = with_candidates(load_results(folder.path), asked, folder, BASIS).set_index("trial_id")["precision"]
    assert frame[[trial.id for trial in (first, second, third)]].tolist() == ["mixed_bfloat16"] * 3
    assert frame[[trial.id for trial in asked.trials[3:6]]].tolist() == ["float32"] * 3
    assert set(frame[[trial.id for trial in asked.trials[6:]]]) == {"auto"}
    settings = collapse_seeds(with_candidates(load_results(folder.path), asked, folder, BASIS))
    assert (settings["seeds"].tolist(), settings["failed"].tolist()) == ([1, 1, 0, 0], [1, 0, 0, 0])


def test_of_a_study_that_nobody_began_all_is_planned(tmp_path: Path) -> None:
    frame = with_candidates(pd.DataFrame(), study(), ResultsFolder(tmp_path / "example"), BASIS)
    assert frame["status"].tolist() == ["planned"] * 4
    assert len(collapse_seeds(frame)) == 4


def test_of_a_study_that_is_done_nothing_is_added(tmp_path: Path) -> None:
    asked = study()
    folder = folder_of(tmp_path, asked, 4)
    frame = with_candidates(frame_of(folder), asked, folder, BASIS)
    assert frame["status"].tolist() == ["ok"] * 4


def test_records_that_the_study_does_not_ask_for_stay_without_a_plan(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, study(epochs=2), 1)
    frame = with_candidates(frame_of(folder), study(), folder, BASIS)
    assert frame["status"].tolist() == ["ok", *["planned"] * 4]
    assert frame["planned_seconds"].isna().tolist() == [True, *[False] * 4]


def test_of_very_many_trials_the_first_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST", 3)
    frame = with_candidates(pd.DataFrame(), study(), ResultsFolder(tmp_path / "example"), BASIS)
    assert len(frame) == 3
