"""Streams of images: any batch can be the first, damaged images change nothing else, hosts share the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.datasets import folder
from scaling.runner import data
from scaling.runner.data import Augmentation, DataError, ImageDataset, Shard, shared
from scaling.runner.data.stream import Streamed
from scaling.schema import Dataset
from tests.runner.data import stored

pytestmark = pytest.mark.slow

AUGMENTATION = Augmentation(flip=True, layers=2, magnitude=10)
PLAIN = Augmentation(flip=True)
SIZE = 16

Make = Callable[[Path, pytest.MonkeyPatch], str]
LAYOUTS: dict[str, Make] = {
    "image_folder": lambda root, monkeypatch: stored.image_folder(root),
    "imagenet": lambda root, monkeypatch: stored.shards_of_imagenet(root, monkeypatch),
    "tfds": lambda root, monkeypatch: stored.prepared_by_tfds(root, monkeypatch, {"train": [20, 20, 8], "test": [9]}),
    "grey tfds": lambda root, monkeypatch: stored.prepared_by_tfds(root, monkeypatch, {"train": [48], "test": [9]}, 1),
}


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    yield
    data.load.cache_clear()


@pytest.fixture(params=LAYOUTS)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    made: str = LAYOUTS[request.param](tmp_path, monkeypatch)
    return made


def load(name: str, shard: Shard = data.images.WHOLE, **dataset: Any) -> ImageDataset:
    return data.load(Dataset(name=name, **{"validation_fraction": 0.125, **dataset}), SIZE, shard)


def train(loaded: ImageDataset, seed: int = 0, epoch: int = 1, start: int = 0, batch_size: int = 8) -> list[data.Batch]:
    return list(loaded.training(batch_size, seed, epoch, AUGMENTATION, start))


def digest(batches: list[data.Batch]) -> list[bytes]:
    return [images.tobytes() + labels.tobytes() for images, labels in batches]


def test_any_batch_can_be_the_first_and_seed_and_epoch_decide(name: str) -> None:
    loaded = load(name)
    whole = train(loaded)
    assert len(whole) == loaded.train_size // 8
    channels = whole[0][0].shape[-1]
    for images, labels in whole:
        assert (images.shape, images.dtype) == ((8, SIZE, SIZE, channels), np.uint8)
        assert (labels.shape, labels.dtype) == ((8,), np.int32)
    assert len(set(digest(whole))) == len(whole)
    for start in (1, len(whole) - 1, len(whole)):
        assert digest(train(loaded, start=start)) == digest(whole)[start:]
    assert digest(train(loaded)) == digest(whole)
    assert not set(digest(train(loaded, epoch=2))) & set(digest(whole))
    assert not set(digest(train(loaded, seed=1))) & set(digest(whole))


def test_an_epoch_trains_each_image_at_most_once_and_evaluates_each_once(name: str) -> None:
    loaded = load(name)
    counts = np.bincount(np.concatenate([labels for _, labels in train(loaded, batch_size=1)]))
    assert counts.sum() == loaded.train_size
    assert counts.tolist() == np.bincount(np.concatenate([labels for _, labels in train(loaded, 1, 2, 0, 1)])).tolist()
    for part, size in (("validation", loaded.validation_size), ("test", loaded.test_size)):
        batches = list(loaded.evaluation(part, 4))
        assert [len(labels) for _, labels, _ in batches] == [4] * -(-size // 4)
        assert sum(mask.sum() for _, _, mask in batches) == size
        again = list(loaded.evaluation(part, 4))
        assert all((a[0] == b[0]).all() for a, b in zip(batches, again, strict=True))


def test_without_a_validation_part_all_is_trained_on_and_the_test_images_are_validated_on(name: str) -> None:
    part, all_of_it = load(name), load(name, validation_fraction=0)
    assert all_of_it.train_size == part.train_size + part.validation_size
    assert sum(len(labels) for _, labels in train(all_of_it, batch_size=1)) == all_of_it.train_size
    assert all_of_it.validation_size == all_of_it.test_size == part.test_size
    for validated, tested in zip(*(all_of_it.evaluation(of, 4) for of in ("validation", "test")), strict=True):
        assert all((one == other).all() for one, other in zip(validated, tested, strict=True))


def test_a_data_set_says_how_its_images_are_resized(name: str) -> None:
    plain, legacy = load(name), load(name, resize="legacy_bicubic")
    (images, labels, _), *_ = plain.evaluation("test", 4)
    (others, same, _), *_ = legacy.evaluation("test", 4)
    assert (labels == same).all()
    assert (images != others).any()
    assert digest(train(plain)) != digest(train(legacy))


def test_hosts_share_each_batch(name: str) -> None:
    alone = np.sort(np.concatenate([labels for _, labels in train(load(name))]))
    hosts = [train(load(name, Shard(index, 2))) for index in range(2)]
    assert [len(labels) for _, labels in hosts[0]] == [4] * (len(alone) // 8)
    together = np.sort(np.concatenate([labels for host in hosts for _, labels in host]))
    assert np.abs(np.bincount(alone) - np.bincount(together)).sum() <= 8  # what fills no batch may differ
    assert not set(digest(hosts[0])) & set(digest(hosts[1]))
    masks = [sum(mask.sum() for *_, mask in load(name, Shard(index, 2)).evaluation("test", 4)) for index in range(2)]
    assert sum(masks) == load(name).test_size


def test_hosts_of_a_folder_get_the_very_rows_of_a_batch(tmp_path: Path) -> None:
    name = stored.image_folder(tmp_path)
    whole = train(load(name))
    hosts = [train(load(name, Shard(index, 4))) for index in range(4)]
    for (images, labels), *parts in zip(whole, *hosts, strict=True):
        np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), images)
        np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), labels)


def test_labels_are_the_sorted_class_folders_and_imagenet_s_begin_at_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = stored.image_folder(tmp_path / "folder")
    (path, label), *_ = folder.scan(str(tmp_path / "folder")).test
    images, labels, _ = next(load(name).evaluation("test", 1))
    assert labels[0] == label == sorted(stored.CLASSES).index(Path(path).parent.name)
    assert images.std() > 0
    imagenet = load(stored.shards_of_imagenet(tmp_path, monkeypatch))
    validation = [label for _, labels, mask in imagenet.evaluation("validation", 4) for label in labels[mask == 1]]
    assert validation == [0, 1, 2, 3, 4, 5]  # the first of eight shards, in order


def test_train_examples_are_the_same_images_in_each_epoch(name: str) -> None:
    loaded = load(name, train_examples=13)
    assert loaded.train_size == 13
    labels = [np.sort(np.concatenate([y for _, y in train(loaded, 0, epoch, 0, 1)])).tolist() for epoch in (1, 2)]
    assert labels[0] == labels[1]
    with pytest.raises(DataError, match="training images remain after the validation split"):
        load(name, train_examples=1000)


def test_a_damaged_image_is_named_replaced_and_masked(tmp_path: Path) -> None:
    name = stored.image_folder(tmp_path)
    before = load(name)
    whole = train(before)
    listed = folder.scan(str(tmp_path))
    train_files, validation_files = folder.cut(listed, 0.125)
    for path, _ in (train_files[3], validation_files[0]):
        content = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(content[:200])
    data.load.cache_clear()
    loaded = load(name)
    damaged = train(loaded)
    assert loaded.skipped == (train_files[3][0],)
    changed = [
        index for index, pair in enumerate(zip(digest(whole), digest(damaged), strict=True)) if len(set(pair)) > 1
    ]
    assert len(changed) <= 1
    assert digest(train(loaded, start=2)) == digest(damaged)[2:]
    for index in changed:
        rows = [row for row in range(8) if (whole[index][0][row] != damaged[index][0][row]).any()]
        assert len(rows) == 1
        copied = rows[0] - 1 if rows[0] else 7
        np.testing.assert_array_equal(damaged[index][0][rows[0]], damaged[index][0][copied])
        assert damaged[index][1][rows[0]] == damaged[index][1][copied]
    masks = np.concatenate([mask for *_, mask in loaded.evaluation("validation", 4)])
    assert masks.sum() == len(validation_files) - 1
    assert masks[0] == 0
    assert loaded.skipped == (train_files[3][0], validation_files[0][0])


def test_workers_of_a_run_share_what_they_evaluate_and_the_names_of_what_they_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As bytes: a copy that is mapped is what a worker that is alone decodes."""
    (memory := tmp_path / "memory").mkdir()
    monkeypatch.setattr(shared, "MEMORY", memory)
    name = stored.image_folder(tmp_path / "images")
    _, (damaged, *_) = folder.cut(folder.scan(str(tmp_path / "images")), 0.125)
    (tmp_path / "images" / damaged[0]).write_bytes(b"no image")

    def seen(run: str) -> tuple[list[bytes], tuple[str, ...]]:
        data.load.cache_clear()
        loaded = data.load(Dataset(name=name, validation_fraction=0.125), SIZE, run=run)
        batches = [batch for part in ("validation", "test") for batch in loaded.evaluation(part, 4)]
        return [array.tobytes() for batch in batches for array in batch], tuple(loaded.skipped)

    alone = seen("")
    assert not list(memory.iterdir())
    assert alone[1] == (damaged[0],)
    assert seen("one run") == alone
    assert list(memory.iterdir())
    monkeypatch.setattr(Streamed, "_evaluation", lambda *_: pytest.fail("it has been decoded already"))
    first = data.load(Dataset(name=name, validation_fraction=0.125), SIZE, run="one run")
    assert seen("one run") == alone
    del first


def test_a_damaged_example_of_a_shard_is_named_by_file_and_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = stored.shards_of_imagenet(tmp_path, monkeypatch)
    shard = tmp_path / "train-00003-of-00008"
    example = stored._example(**{"image/encoded": b"no image", "image/class/label": 3})
    stored.write_records(shard, [stored._imagenet_example(0), example, b"no example"])
    loaded = load(name)
    assert sum(len(labels) for _, labels in train(loaded)) == 40  # 39 in the files: one comes twice
    assert set(loaded.skipped) == {f"{shard}#1", f"{shard}#2"}
    shard.write_bytes(shard.read_bytes()[:-3])
    with pytest.raises(DataError, match="imagenet: cannot be read: "):
        train(load(name))


def test_too_many_damaged_images_are_an_error(tmp_path: Path) -> None:
    name = stored.image_folder(tmp_path)
    files, _ = folder.cut(folder.scan(str(tmp_path)), 0.125)
    for path, _ in files[:20]:
        (tmp_path / path).write_bytes(b"")
    with pytest.raises(DataError, match="more than 10 images cannot be decoded: "):
        train(load(name))
    for path, _ in files:
        (tmp_path / path).unlink()
    with pytest.raises(DataError, match=r"more than 10|none of the 8"):
        train(load(name))
