from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scaling.analysis.settings import collapse_seeds
from scaling.results.frame import load_results
from scaling.schema import LatencyRecord, TrainRecord
from tests.builders import latency_record, results_folder, train_record, trial


def collapsed(path: Path, training: list[TrainRecord], latency: list[LatencyRecord] | None = None) -> pd.DataFrame:
    return collapse_seeds(load_results(results_folder(path / "study", training, latency or []).path))


def test_mean_and_range_over_the_seeds_that_went_well(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), top1=top1) for seed, top1 in enumerate([0.5, 0.6, 0.7])]
    records.append(train_record(trial(seed=3), failure="nan"))
    (row,) = collapsed(tmp_path, records).to_dict("records")
    assert row["top1"] == pytest.approx(0.6)
    assert (row["top1_min"], row["top1_max"]) == (0.5, 0.7)
    assert (row["seeds"], row["failed"], row["top1_n"]) == (3, 1, 1000)


def test_a_setting_that_only_failed_stays(tmp_path: Path) -> None:
    settings = collapsed(tmp_path, [train_record(trial(seed=seed), failure="oom") for seed in (0, 1)])
    assert settings[["seeds", "failed"]].to_numpy().tolist() == [[0, 2]]
    assert settings["top1"].isna().all()
    assert settings["macs"].notna().all()


OTHERS: list[dict[str, Any]] = [
    {"depth": 26},
    {"width": 0.5},
    {"resolution": 32},
    {"stem": "small"},
    {"epochs": 2},
    {"recipe": {"dropout": 0.1}},
    {"train_examples": 10},
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_settings_that_differ_stay_apart(tmp_path: Path, other: dict[str, Any]) -> None:
    settings = collapsed(tmp_path, [train_record(trial()), train_record(trial(seed=1, **other))])
    assert settings["seeds"].tolist() == [1, 1]


def test_carries_latency(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed)) for seed in (0, 1)]
    settings = collapsed(tmp_path, records, [latency_record(trial().variant, median_ms=12.0)])
    assert settings["training_ms"].tolist() == [12.0]
    assert settings["training_device"].tolist() == ["test cpu (tensorflow)"]
    assert settings["inference_ms"].isna().all()


def test_never_mixes_two_devices_latencies(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), device=device) for seed, device in enumerate(["a", "b"])]
    timings = [
        latency_record(trial().variant, median_ms=ms, device=device) for device, ms in {"a": 1.0, "b": 2.0}.items()
    ]
    settings = collapsed(tmp_path, records, timings)
    assert settings["training_ms"].tolist() == [1.0, 2.0]


def test_of_nothing_is_nothing() -> None:
    settings = collapse_seeds(pd.DataFrame())
    assert settings.empty
    assert {"top1", "seeds", "epochs", "training_ms"} <= set(settings.columns)
