from __future__ import annotations

from pathlib import Path

import pytest

from scaling.reports.page.build import build
from scaling.reports.page.page import Overview
from scaling.results.records import ResultsFolder
from tests.builders import results_folder, train_record, trial
from tests.reports.page.made_up import only_one_figure, small, trained


@pytest.fixture(autouse=True)
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """One figure instead of all, which take seconds."""
    only_one_figure(monkeypatch)


def overview_of(*folders: ResultsFolder) -> Overview:
    overview = build(folders).overview
    assert overview is not None
    return overview


def test_two_folders_are_compared_at_equal_accuracy(tmp_path: Path) -> None:
    overview = overview_of(small(tmp_path / "plain"), small(tmp_path / "tuned", better=0.05))
    (sentence,) = overview.sentences
    assert overview.heading == "What one may conclude"
    assert "tuned is" in sentence
    assert "times as fast as plain" in sentence
    assert [[cell.text for cell in row] for row in overview.table.rows] == [
        [str(tmp_path / name), "Is deeper better?", "8", "2", best, "test cpu"]
        for name, best in (("plain", "66.0"), ("tuned", "71.0"))
    ]
    assert [row[0].link for row in overview.table.rows] == ["part-1", "part-2"]


def test_times_of_two_devices_are_not_compared_but_multiply_accumulates_are(tmp_path: Path) -> None:
    (sentence,) = overview_of(small(tmp_path / "here"), small(tmp_path / "there", device="other")).sentences
    assert "by multiply-accumulates per image" in sentence


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    (sentence,) = overview_of(small(tmp_path / "a" / "same"), small(tmp_path / "b" / "same", better=0.05)).sentences
    assert str(tmp_path / "a" / "same") in sentence


def test_accuracies_on_different_images_are_not_compared(tmp_path: Path) -> None:
    folders = [
        results_folder(tmp_path / dataset, [trained(trial(dataset=dataset, depth=d), 0.3 + d / 100) for d in (14, 26)])
        for dataset in ("synthetic", "cifar10")
    ]
    overview = overview_of(*folders)
    (sentence,) = overview.sentences
    assert overview.heading == "The folders are not compared"
    assert "not measured alike (dataset cifar10; dataset synthetic)" in sentence


def test_a_folder_of_failures_is_listed_and_not_compared(tmp_path: Path) -> None:
    failed = results_folder(tmp_path / "failed", [train_record(trial(depth=14), failure="oom")])
    overview = overview_of(small(tmp_path / "good"), failed)
    assert overview.heading == "The folders are not compared"
    assert "Fewer than two of the 2 folders" in overview.sentences[0]
    assert [row[3].text for row in overview.table.rows] == ["2", "1"]
