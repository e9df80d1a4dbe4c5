"""`tfds:<name>`: a data set that TensorFlow Datasets has prepared. Read are two JSON files, without it."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling.datasets.dataset import TEST_SHARE, DataError, DatasetInfo
from scaling.datasets.known import IMAGENET

PATTERN = "tfds:<name>"
TITLE = "An image classification data set of TensorFlow Datasets, as tfds:beans"

GREY_MEAN, GREY_STD = sum(IMAGENET.mean) / 3, sum(IMAGENET.std) / 3


@dataclass(frozen=True, eq=False)
class Prepared:
    """A prepared data set.

    Attributes:
        folder: its TFRecord files, of one version.
        classes, channels, size: of its images; see `DatasetInfo`.
        shards: by split, each file with its number of images.
    """

    folder: Path
    classes: int
    channels: int
    size: int
    shards: dict[str, tuple[tuple[Path, int], ...]]

    def count(self, split: str) -> int:
        """Images of a split; 0 where there is none of this name."""
        return sum(count for _, count in self.shards.get(split, ()))

    @property
    def test(self) -> str | None:
        """The split to test on: `test`, else `validation`."""
        return next((name for name in ("test", "validation") if name in self.shards), None)

    @property
    def validation(self) -> str | None:
        """A validation split beside the test split."""
        return "validation" if "validation" in self.shards and self.test == "test" else None


def info(name: str) -> DatasetInfo:
    """What a prepared data set holds; colour images are normalised as ImageNet's are, grey ones by their averages.

    Raises:
        DataError: if it is not on this machine, or is no image classification.
    """
    prepared = read(name)
    grey = prepared.channels == 1
    all_train = prepared.count("train")
    test = prepared.count(prepared.test) if prepared.test else round(TEST_SHARE * all_train)
    return DatasetInfo(
        name=f"tfds:{name}",
        title=f"TensorFlow Datasets: {name}",
        classes=prepared.classes,
        channels=prepared.channels,
        size=prepared.size,
        train=all_train if prepared.test else all_train - test,
        validation=prepared.count(prepared.validation) if prepared.validation else None,
        test=test,
        mean=(GREY_MEAN,) if grey else IMAGENET.mean,
        std=(GREY_STD,) if grey else IMAGENET.std,
        flip=True,
        labels=_labels(prepared),
    )


def _labels(prepared: Prepared) -> tuple[str, ...]:
    """Names of the classes, where they were prepared with them: a file of one a line."""
    names = prepared.folder / "label.labels.txt"
    labels = tuple(names.read_text(encoding="utf-8").splitlines()) if names.is_file() else ()
    return labels if len(labels) == prepared.classes else ()


@functools.lru_cache(maxsize=4)
def read(name: str) -> Prepared:
    """Reads the descriptions of a prepared data set.

    Args:
        name: `builder`, `builder/config`, each perhaps with `:version`; else the only configuration, newest version.

    Raises:
        DataError: as for `info`.
    """
    folder = locate(name)
    info, features = (_json(folder / file) for file in ("dataset_info.json", "features.json"))
    if info.get("fileFormat", "tfrecord") != "tfrecord":
        raise DataError(f"{folder}: prepared as {info['fileFormat']}; prepare it as tfrecord")
    columns = features.get("featuresDict", {}).get("features", {})
    image, label = columns.get("image", {}).get("image"), columns.get("label", {}).get("classLabel")
    if not image or not label:
        raise DataError(f"tfds:{name}: no image classification: its features are {', '.join(columns) or 'not named'}")
    height, _, channels = (int(side) for side in image["shape"]["dimensions"])
    return Prepared(
        folder=folder,
        classes=int(label["numClasses"]),
        channels=channels if channels in (1, 3) else 3,
        size=height if height > 0 else IMAGENET.size,
        shards={split["name"]: _shards(folder, info["name"], split) for split in info["splits"]},
    )


def locate(name: str) -> Path:
    """The folder of a prepared data set's version.

    Raises:
        DataError: if it is not on this machine.
    """
    which, _, version = name.partition(":")
    if not re.fullmatch(r"\w+(/[\w.-]+)?", which):
        raise DataError(f"tfds:{name}: give it as tfds:beans, tfds:builder/config or tfds:beans:0.1.0")
    by_root = ([path.parent for path in (root / which).glob("**/dataset_info.json")] for root in roots())
    in_each = ([folder for folder in folders if version in ("", folder.name)] for folders in by_root)
    matching = next(filter(None, in_each), [])
    if not matching:
        raise DataError(
            f"tfds:{name} is not prepared in {' or '.join(str(root) for root in roots())}. One of these brings it:\n"
            f"  scaling data fetch tfds:{name}       (extra tfds, needs the internet)\n"
            f"  export SCALING_DATA_DIR=/a/folder    with {which}/"
        )
    if len(configs := {folder.parent for folder in matching}) > 1:
        raise DataError(f"tfds:{name}: which of {', '.join(sorted(config.name for config in configs))}?")
    return max(matching, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.name)])


def roots() -> list[Path]:
    """Folders that are looked in, of which the first two count where they are set."""
    chosen = [os.environ.get(name) for name in ("SCALING_DATA_DIR", "TFDS_DATA_DIR")]
    return [Path(folder).expanduser() for folder in (*chosen, "~/tensorflow_datasets") if folder]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: damaged ({error}); prepare it again") from None


def _shards(folder: Path, name: str, split: dict[str, Any]) -> tuple[tuple[Path, int], ...]:
    counts: Iterable[int] = [int(count) for count in split["shardLengths"]]
    total = len(split["shardLengths"])
    return tuple(
        (folder / f"{name}-{split['name']}.tfrecord-{index:05d}-of-{total:05d}", count)
        for index, count in enumerate(counts)
    )
