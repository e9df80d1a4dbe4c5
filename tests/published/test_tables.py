from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pandas as pd
import pytest

from scaling import published
from scaling.published.tables import title

TRUST = {"primary", "secondary", "digitised", "computed", "unverified"}

ROWS = {
    "table1": 11,
    "table2": 12,
    "table3": 4,
    "table6": 10,
    "table7": 19,
    "table12": 5,
    "fig2": 125,
    "fig3": 72,
    "fig5": 8,
    "grid_complexity": 175,
    "recipes": 11,
    "efficientnet_coefficients": 8,
    "released_weights": 11,
    "timm_rtx3090": 37,
}

CELLS = [
    ("table1", {"step": "Increase training epochs"}, "top1_percent", 78.8),
    ("table1", {"step": "Decrease weight decay"}, "top1_percent", 82.2),
    ("table2", {"depth": 50, "regularization": "none", "weight_decay": 1e-4}, "top1_percent", 79.7),
    ("table2", {"depth": 200, "regularization": "RA-LS-SD-DO", "weight_decay": 4e-5}, "top1_percent", 85.5),
    ("table3", {"model": "ResNet-RS-420"}, "tpuv3_memory_gb", 15.5),
    ("table3", {"model": "EfficientNet-B7"}, "v100_seconds_per_step", 29.9),
    ("table6", {"step": "ResNet-D"}, "top1_percent", 78.2),
    ("table7", {"model": "ResNet-RS-152", "resolution": 224}, "top1_percent", 82.8),
    ("table7", {"model": "ResNet-RS-420"}, "params_exact", 191_891_656),
    ("table7", {"model": "ResNet-RS-350", "resolution": 256}, "v100_speedup", 3.3),
    ("table7", {"model": "EfficientNet-B4"}, "tpuv3_ms_per_step", 710),
    ("table12", {"width": 1.0}, "dropout", 0.25),
    ("fig2", {"depth": 26, "width": 0.25, "resolution": 128}, "error_percent", 43.17),
    ("fig2", {"depth": 200, "width": 1.0, "resolution": 448}, "top1_percent", 86.03),
    ("fig3", {"epochs": 10, "resolution": 320, "depth": 101, "width": 2.0}, "top1_percent", 75.19),
    ("fig3", {"epochs": 350, "resolution": 128, "depth": 300, "width": 1.0}, "tpu_seconds_per_step", 0.087),
    ("fig5", {"model": "EfficientNet-RS-B6", "resolution": 320}, "top1_percent", 83.4),
    ("grid_complexity", {"depth": 50, "width": 1.0, "resolution": 160}, "flops_billions_rs_stem", 4.557),
    ("recipes", {"depth": 101, "resolution": 160}, "randaugment_magnitude_tf1", 10),
    ("recipes", {"depth": 101, "resolution": 160}, "randaugment_magnitude_tf2", 15),
    ("efficientnet_coefficients", {"efficientnet": "B7"}, "depth", 3.1),
    ("released_weights", {"depth": 152, "resolution": 224}, "top1_percent", 82.9),
    ("timm_rtx3090", {"model": "resnetrs152.tf_in1k", "phase": "train"}, "images_per_second", 282.26),
]

NOTES = [
    ("table7", {"model": "ResNet-RS-152", "resolution": 224}, "82.2"),
    ("table7", {"model": "ResNet-RS-420"}, "2301.1"),
    ("table7", {"model": "ResNet-RS-101", "resolution": 160}, "10 in the TF1"),
    ("table7", {"model": "EfficientNet-B2"}, "9.11"),
    ("table7", {"family": "efficientnet"}, "twice the MACs"),
    ("fig2", {}, "minival"),
    ("fig2", {"resolution": 448}, "part of it"),
    ("fig2", {"quality": "weak"}, "weakly"),
    ("fig3", {}, "2.4 times"),
    ("recipes", {}, "swish"),
    ("grid_complexity", {}, "stem"),
]


def chosen(name: str, where: dict[str, object]) -> pd.DataFrame:
    frame = published.table(name)
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame)
    return frame


@pytest.mark.parametrize("name", published.names())
def test_every_row_has_a_source_and_a_known_trust(name: str) -> None:
    frame = published.table(name)
    assert len(frame) == ROWS[name]
    assert (frame["source"].str.len() > 5).all()
    for column in frame.columns[frame.columns.str.startswith("trust")]:
        assert set(frame[column].dropna()) <= TRUST
    assert frame["trust"].notna().all()
    assert {type(note) for note in frame["note"]} == {str}


@pytest.mark.parametrize(("name", "where", "column", "value"), CELLS)
def test_cells_are_as_printed(name: str, where: dict[str, object], column: str, value: float) -> None:
    assert chosen(name, where)[column].tolist() == [value]


@pytest.mark.parametrize(("name", "where", "words"), NOTES)
def test_discrepancies_are_noted_on_the_rows_they_touch(name: str, where: dict[str, object], words: str) -> None:
    assert chosen(name, where)["note"].str.contains(words, regex=False).all()


def test_what_nobody_could_read_is_unverified() -> None:
    assert set(published.table("table12")["trust"]) == {"unverified"}
    table6 = published.table("table6")
    assert table6.loc[table6["trust"] == "primary", "top1_percent"].tolist() == [73.4, 77.4, 78.2]


def test_figure_3_keeps_the_points_beyond_its_edge() -> None:
    edge = chosen("fig3", {"depth": 400, "resolution": 320})
    assert edge["epochs"].tolist() == [10, 100, 350]
    assert edge[["tpu_seconds_per_step", "top1_percent"]].isna().all(axis=None)
    assert edge["note"].str.startswith("Beyond").all()
    assert published.table("fig3")["top1_percent"].isna().sum() == 3


def test_describe_lists_every_table() -> None:
    listed = published.describe()
    assert listed.index.tolist() == published.names() == list(ROWS)
    assert listed["rows"].to_dict() == ROWS
    assert listed.loc["table6", "trust"] == "primary; unverified"
    assert (listed["title"].str.len() > 10).all()
    assert listed.loc["table7", "source"] == "arXiv 2103.07579, Table 7"


@pytest.mark.parametrize("function", [published.load, published.table, published.read_rows, title])
def test_an_unknown_name_is_told_with_the_choices(function: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match=r"named 'tabel7'; did you mean 'table7'\? \(choices: .*fig2, .*table12"):
        function("tabel7")
    with pytest.raises(ValueError, match=r"named '\.\./x' \(choices"):
        function("../x")


def test_rows_are_read_without_pandas() -> None:
    script = (
        "import sys; from scaling import published; rows = published.read_rows('table12'); "
        "print(len(rows), rows[0]['dropout'], *sorted({'pandas', 'pydantic', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5", "0.0"]
