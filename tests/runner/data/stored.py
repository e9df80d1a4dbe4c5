"""Small data sets on disk, in each layout that is read: folders, shards, what TensorFlow Datasets prepares."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scaling.datasets import folder, prepared
from scaling.datasets.known import IMAGENET
from scaling.datasets.registry import REGISTRY
from scaling.runner.data import imagenet, places

CLASSES = ("bird", "cat", "dog")


def photo(number: int, mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    """A smooth image unlike that of any other number."""
    coarse = np.random.default_rng(number).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG") -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return content.getvalue()


def image_folder(root: Path, each: int = 16, below: Sequence[str] = ("",)) -> str:
    """The name of a folder with `each` JPEG files in each of three classes of each split."""
    for part, split in enumerate(below):
        for label, name in enumerate(CLASSES):
            where = root / split / name
            where.mkdir(parents=True)
            for row in range(each):
                image = photo(1000 * part + 100 * label + row, size=(40 + row, 30 + label))
                (where / f"{row:03d}.jpg").write_bytes(encoded(image))
    folder.scan.cache_clear()
    return f"image_folder:{root}"


def shards_of_imagenet(root: Path, monkeypatch: pytest.MonkeyPatch, each: int = 6) -> str:
    """Eight shards to train on and two to test on, in the layout of the real ones; labels are 1 to 10."""
    monkeypatch.setattr(imagenet, "TRAIN_SHARDS", 8)
    monkeypatch.setattr(imagenet, "TEST_SHARDS", 2)
    small = dataclasses.replace(IMAGENET, classes=10, train=8 * each, test=2 * each)
    monkeypatch.setitem(REGISTRY, "imagenet", dataclasses.replace(REGISTRY["imagenet"], info=lambda _: small))
    monkeypatch.setenv(places.DATA_DIR, str(root))
    for index, name in enumerate(imagenet.expected()):
        rows = range(index * each, (index + 1) * each)
        write_records(root / name, [_imagenet_example(row) for row in rows])
    return "imagenet"


def prepared_by_tfds(
    root: Path, monkeypatch: pytest.MonkeyPatch, splits: dict[str, list[int]], channels: int = 3
) -> str:
    """Splits with so many grey or colour PNG images in each shard, as TensorFlow Datasets 4.9 describes them."""
    folder = root / "pets" / "1.0.0"
    folder.mkdir(parents=True)
    monkeypatch.setenv(places.DATA_DIR, str(root))
    row = 0
    for split, counts in splits.items():
        for index, count in enumerate(counts):
            examples = []
            for _ in range(count):
                image = photo(row, "L" if channels == 1 else "RGB", (20, 20))
                examples.append(_example(image=encoded(image, "PNG"), label=row % 3))
                row += 1
            write_records(folder / f"pets-{split}.tfrecord-{index:05d}-of-{len(counts):05d}", examples)
    described = [{"name": split, "shardLengths": [str(n) for n in counts]} for split, counts in splits.items()]
    _write_json(folder / "dataset_info.json", {"name": "pets", "fileFormat": "tfrecord", "splits": described})
    image = {"image": {"shape": {"dimensions": ["20", "20", str(channels)]}}}
    label = {"classLabel": {"numClasses": "3"}}
    _write_json(folder / "features.json", {"featuresDict": {"features": {"image": image, "label": label}}})
    prepared.read.cache_clear()
    return "tfds:pets"


def write_records(path: Path, examples: Sequence[bytes]) -> None:
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            writer.write(example)


def _imagenet_example(row: int) -> bytes:
    content = encoded(photo(row)) if row % 5 else encoded(photo(row, "CMYK"))
    return _example(**{"image/encoded": content, "image/class/label": row % 10 + 1})


def _example(**features: bytes | int) -> bytes:
    import tensorflow as tf

    def feature(value: bytes | int) -> Any:
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    described = {name: feature(value) for name, value in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=described)).SerializeToString()


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))
