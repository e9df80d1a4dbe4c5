from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.depth_width.arms import find_arms
from scaling.analysis.depth_width.tradeoff import tradeoffs
from scaling.analysis.settings import collapse_seeds
from scaling.models import count, describe
from scaling.plots.kit import style
from scaling.plots.kit.layout import draw_panels, tradeoff_panels
from scaling.published.results import RESULTS
from scaling.results.columns import TABLE
from scaling.results.frame import load_results
from scaling.schema import Variant
from tests.builders import latency_record, results_folder, train_record, trial

ROWS = {"table7": 38, "table3": 8, "timm_rtx3090": 22}
MINIVAL = {"table2", "fig2", "fig3"}
V100, TPU = "Tesla V100", "TPUv3 (8 cores)"


@pytest.fixture
def measured(tmp_path: Path) -> pd.DataFrame:
    of = trial()
    results_folder(tmp_path / "study", [train_record(of)], [latency_record(of.variant)])
    return load_results(tmp_path)


@pytest.fixture
def table7() -> pd.DataFrame:
    return published.load("table7").set_index(["model", "resolution", "training_device"])


def test_the_columns_are_those_of_measured_results(measured: pd.DataFrame) -> None:
    assert list(TABLE) == measured.columns.tolist()


@pytest.mark.parametrize("name", RESULTS)
def test_every_table_of_results_has_them(name: str, measured: pd.DataFrame) -> None:
    frame = published.load(name)
    assert len(frame) == ROWS.get(name, len(published.table(name)))
    assert frame.columns[: len(TABLE)].tolist() == list(TABLE)
    assert {"split", "source", "trust", "note"} <= set(frame.columns)
    assert set(frame["study"]) == {f"published/{name}"}
    assert set(frame["status"]) == {"ok"}
    assert set(frame["dataset"]) == {"imagenet"}
    for column in ("params", "macs", "top1", "test_top1", "training_ms", "validation_fraction", "train_examples"):
        assert pd.api.types.is_numeric_dtype(frame[column])
    together = pd.concat([part.dropna(axis="columns", how="all") for part in (measured, frame)], ignore_index=True)
    assert len(collapse_seeds(together)) == len(frame) + 1


@pytest.mark.parametrize("name", RESULTS)
def test_accuracies_are_fractions_of_the_pictures_they_were_measured_on(name: str) -> None:
    frame = published.load(name)
    assert frame["top1"].dropna().between(0.5, 0.9).all()
    expected = ("minival", 25_022) if name in MINIVAL else ("validation", 50_000)
    assert set(zip(frame["split"], frame["top1_n"], strict=True)) == {expected}
    if name in MINIVAL:
        assert frame["test_top1"].isna().all()
        assert set(frame["validation_fraction"]) == {0.02}
    else:
        pd.testing.assert_series_equal(frame["test_top1"], frame["top1"], check_names=False)
        assert frame["validation_fraction"].isna().all()


@pytest.mark.parametrize("name", RESULTS)
def test_no_two_results_fall_together(name: str) -> None:
    settings = collapse_seeds(published.load(name))
    assert settings["seeds"].tolist() == [1] * len(settings)


@pytest.mark.parametrize("name", sorted(set(published.names()) - set(RESULTS)))
def test_tables_that_are_no_results_come_as_printed(name: str) -> None:
    pd.testing.assert_frame_equal(published.load(name), published.table(name))


def test_table_7_has_a_row_a_device(table7: pd.DataFrame) -> None:
    gpu, tpu = table7.loc[("ResNet-RS-350", 256, V100)], table7.loc[("ResNet-RS-350", 256, TPU)]
    timed = ["training_ms", "training_batch_size", "training_precision", "speedup"]
    assert gpu[timed].tolist() == [4720.0, 128, "float32", 3.3]
    assert tpu[timed].tolist() == [1100.0, 1024, "mixed_bfloat16", 2.7]
    assert gpu["trial_id"] == tpu["trial_id"] == "table7-009"
    shared = ["top1", "params", "macs", "epochs", "depth", "width", "paired_with", "trust_params", "trust_macs"]
    model = [0.84, 163_956_168, 34_380_000_000, 350, 350, 1, "EfficientNet-B6", "computed", "computed"]
    assert gpu[shared].tolist() == tpu[shared].tolist() == model


def test_an_efficientnet_has_compound_coefficients_and_half_the_flops(table7: pd.DataFrame) -> None:
    b3 = table7.loc[("EfficientNet-B3", 300, TPU)]
    assert b3[["family", "depth", "width"]].tolist() == ["efficientnet", 1.4, 1.2]
    assert b3[["params", "macs"]].tolist() == [12_000_000, 1_800_000_000]
    assert pd.isna(b3["trust_params"])


def test_printed_speedups_are_those_of_the_pairs(table7: pd.DataFrame) -> None:
    paired = table7.dropna(subset=["speedup"]).reset_index()
    assert len(paired) == 10
    times = {(model, device): row["training_ms"] for (model, _, device), row in table7.iterrows()}
    for _, row in paired.iterrows():
        ratio = times[row["paired_with"], row["training_device"]] / row["training_ms"]
        assert ratio == pytest.approx(row["speedup"], abs=0.06)


def test_figure_2_is_counted_with_the_max_pool_stem() -> None:
    frame = published.load("fig2").set_index(["depth", "width", "resolution"])
    cell = frame.loc[(26.0, 2.0, 320)]
    assert cell[["macs", "params", "top1", "stem"]].tolist() == [21_040_000_000, 82_200_000, 0.8311, "resnet_d"]


def test_figure_3_gives_both_arms_in_every_regime() -> None:
    settings = collapse_seeds(published.load("fig3"))
    found = {
        (arm.axis, arm.base_resolution, arm.epochs): settings.loc[list(arm.rows), arm.axis].tolist()
        for arm in find_arms(settings)
    }
    points = {"depth": [101, 200, 300, 400], "width": [1, 1.5, 2]}
    regimes = [(resolution, epochs) for resolution in (128, 160, 224, 320) for epochs in (10, 100, 350)]
    assert found == {(axis, *regime): points[axis] for axis in points for regime in regimes}


def test_figure_3_can_be_drawn() -> None:
    regimes = tradeoffs(collapse_seeds(published.load("fig3")), "training_ms")
    assert [(regime.epochs, len(regime.points)) for regime in regimes] == [(10, 23), (100, 23), (350, 23)]
    assert not sum(len(regime.unmeasured) + len(regime.failed) for regime in regimes)
    with style.light():
        assert len(draw_panels(tradeoff_panels(regimes), "Figure 3", []).axes) == 3


def test_figure_5_costs_what_its_networks_cost() -> None:
    for _, row in published.load("fig5").iterrows():
        place = {"depth": row["depth"], "width": row["width"], "resolution": row["resolution"]}
        cost = count(describe(Variant(family="efficientnet", **place), channels=3, classes=1000))
        assert row["params"] == cost.params
        assert row["macs"] == pytest.approx(cost.macs, abs=5e5)
    assert published.load("fig5")["training_ms"].tolist() == [181, 259, 330, 444, 550, 609, 747, 922]


def test_timm_has_both_phases_in_a_row_for_one_number_of_pictures() -> None:
    frame = published.load("timm_rtx3090").set_index(["family", "depth", "resolution"])
    row = frame.loc[("resnet_rs", 50.0, 160)]
    assert row["training_ms"] == pytest.approx(128 / 1686.45 * 1000)
    assert row["inference_ms"] == pytest.approx(128 / 5890.41 * 1000)
    assert row[["training_batch_size", "training_measured_batch_size"]].tolist() == [128, 512]
    assert row[["training_device", "inference_precision", "trust_training_ms"]].tolist() == [
        "RTX 3090",
        "amp",
        "computed",
    ]
    assert row["macs"] == pytest.approx(2.28e9, rel=0.01)
    assert np.isnan(frame.loc[("resnet_rs", 420.0, 416), "training_ms"])


def test_table_1_adds_up_to_table_7(table7: pd.DataFrame) -> None:
    frame = published.load("table1")
    whole = table7.loc[("ResNet-RS-200", 256, TPU)]
    last = frame.iloc[-1]
    assert last["resolution"] == 256
    same = ["top1", "depth", "se_ratio", "resnet_d", "stem", "epochs"]
    assert last[same].tolist() == whole[same].tolist()
    assert frame["kind"].value_counts().to_dict() == {
        "regularization": 6,
        "training": 2,
        "architecture": 2,
        "baseline": 1,
    }
    assert set(frame["trust_recipe"]) == {"unverified"}


def test_recipes_are_model_gardens() -> None:
    frame = published.load("recipes")
    assert set(frame["activation"]) == {"swish"}
    assert frame["dropout"].tolist() == [0.25] * 9 + [0.4] * 2
    assert frame["top1"].tolist()[:2] == [0.791, 0.802]
    assert np.isnan(frame["top1"].iloc[-1])


def test_released_weights_reach_what_the_paper_prints_but_for_one_misprint(table7: pd.DataFrame) -> None:
    """Table 7 and the release's README agree with others' evaluation within 0.1 points, save for 152 at 224 pixels."""
    evaluated = published.load("released_weights").set_index(["model", "resolution"])
    assert len(evaluated) == 11
    off = (evaluated["top1"] - evaluated["readme_top1"]).round(4)
    assert off[off.abs() > 0.0011].to_dict() == {("ResNet-RS-152", 224): 0.007}
    assert "misprint" in evaluated.loc[("ResNet-RS-152", 224), "note"]
    assert evaluated["top5"].between(evaluated["top1"], 1).all()
    printed = table7.xs(V100, level="training_device")["top1"]
    together = evaluated["top1"].to_frame("evaluated").join(printed, how="inner")
    assert len(together) == 11
    assert (together["evaluated"] - together["top1"]).abs().max() < 0.0015
