"""What TensorFlow Datasets has prepared, by its two descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scaling.datasets import DataError, dataset_info, prepared

COLOUR = {
    "image": {"image": {"shape": {"dimensions": ["-1", "-1", "3"]}}},
    "label": {"classLabel": {"numClasses": "7"}},
}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCALING_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    prepared.read.cache_clear()
    return tmp_path


def describe(folder: Path, features: dict[str, Any] = COLOUR, kind: str = "tfrecord", **splits: list[int]) -> None:
    folder.mkdir(parents=True)
    described = [{"name": name, "shardLengths": [str(n) for n in lengths]} for name, lengths in splits.items()]
    info = {"name": folder.relative_to(folder.parents[1]).parts[0], "fileFormat": kind, "splits": described}
    (folder / "dataset_info.json").write_text(json.dumps(info))
    (folder / "features.json").write_text(json.dumps({"featuresDict": {"features": features}}))


def test_sizes_and_classes_are_those_described(root: Path) -> None:
    describe(root / "beans" / "0.1.0", train=[500, 500], validation=[130], test=[120])
    known = dataset_info("tfds:beans")
    assert (known.classes, known.channels, known.size) == (7, 3, 224)
    assert (known.train, known.validation, known.test, known.trainable(0.02)) == (1000, 130, 120, 1000)


def test_validation_is_the_test_split_where_there_is_no_other_and_a_tenth_where_there_is_none(root: Path) -> None:
    describe(root / "flowers" / "1.0.0", train=[1000], validation=[100])
    describe(root / "birds" / "1.0.0", train=[1000])
    flowers, birds = dataset_info("tfds:flowers"), dataset_info("tfds:birds")
    assert (flowers.train, flowers.validation, flowers.test) == (1000, None, 100)
    assert (birds.train, birds.validation, birds.test, birds.trainable(0.1)) == (900, None, 100, 810)


def test_the_newest_version_counts_unless_another_is_named(root: Path) -> None:
    for version, count in (("1.9.0", 19), ("1.10.0", 110)):
        describe(root / "beans" / version, train=[count], test=[5])
    assert dataset_info("tfds:beans").train == 110
    assert dataset_info("tfds:beans:1.9.0").train == 19


def test_grey_pictures_have_one_mean(root: Path) -> None:
    grey = {**COLOUR, "image": {"image": {"shape": {"dimensions": ["28", "28", "1"]}}}}
    describe(root / "mnist" / "3.0.1", grey, train=[60], test=[10])
    known = dataset_info("tfds:mnist")
    assert (known.channels, known.size, len(known.mean), len(known.std)) == (1, 28, 1, 1)


def test_what_cannot_be_used_is_told(root: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)tfds:beans is not prepared in .*scaling data fetch tfds:beans"):
        dataset_info("tfds:beans")
    with pytest.raises(DataError, match="give it as tfds:beans"):
        dataset_info("tfds:../../etc")
    describe(root / "text" / "1.0.0", {"text": {"text": {}}}, train=[60])
    with pytest.raises(DataError, match="no image classification: its features are text"):
        dataset_info("tfds:text")
    describe(root / "rows" / "1.0.0", kind="array_record", train=[60])
    with pytest.raises(DataError, match="prepared as array_record; prepare it as tfrecord"):
        dataset_info("tfds:rows")
    describe(root / "two" / "a" / "1.0.0", train=[60])
    describe(root / "two" / "b" / "1.0.0", train=[60])
    with pytest.raises(DataError, match="which of a, b"):
        dataset_info("tfds:two")
    (root / "rows" / "1.0.0" / "features.json").write_text("{")
    with pytest.raises(DataError, match=r"features\.json: damaged"):
        dataset_info("tfds:rows")
