"""Where data sets are found, and what is said where they are not."""

from __future__ import annotations

import dataclasses
import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from scaling.datasets.known import CIFAR10, CIFAR100, FASHION_MNIST
from scaling.runner.data import DataError, cifar, fashion_mnist, imagenet, places, sources


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is found."""
    monkeypatch.delenv(places.DATA_DIR, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "debian")
    return tmp_path


def put_files(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in FASHION_MNIST.sha256:
        (folder / f"{name}.gz").write_bytes(gzip.compress(b"not the images"))
    return folder


def test_folders_are_tried_in_order(no_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian = put_files(no_data / "debian")
    assert Path(sources.locate("fashion_mnist")) == debian
    cache = put_files(places.keras_cache() / "fashion-mnist")
    assert Path(sources.locate("fashion_mnist")) == cache
    own = put_files(no_data / "own" / "fashion-mnist")
    monkeypatch.setenv(places.DATA_DIR, str(no_data / "own"))
    assert Path(sources.locate("fashion_mnist")) == own


def test_missing_data_says_each_way_to_get_it(no_data: Path) -> None:
    with pytest.raises(DataError) as caught:
        sources.locate("fashion_mnist")
    for way in ("make data", "apt-get install dataset-fashion-mnist", "scaling data fetch", "SCALING_DATA_DIR"):
        assert way in str(caught.value)


def test_a_chosen_folder_without_the_files_is_an_error_of_its_own(
    no_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_files(no_data / "debian")
    monkeypatch.setenv(places.DATA_DIR, str(no_data))
    with pytest.raises(DataError, match=f"SCALING_DATA_DIR={no_data}: does not hold"):
        sources.locate("fashion_mnist")


def test_damaged_files_are_named(no_data: Path) -> None:
    folder = put_files(no_data / "debian")
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: damaged: SHA-256"):
        fashion_mnist.read()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: damaged \("):
        fashion_mnist.read()


def cifar_bytes(count: int, labels: int) -> bytes:
    """Images whose last label is their number and whose red, green and blue are 10, 20 and 30 more than it."""
    planes = np.repeat(np.array([10, 20, 30], np.uint8), 32 * 32)
    rows = [np.concatenate([np.full(labels, 255, np.uint8), planes + np.uint8(row)]) for row in range(count)]
    for row, content in enumerate(rows):
        content[labels - 1] = row
    return np.concatenate(rows).tobytes()


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
@pytest.mark.parametrize("packed", [True, False])
def test_cifar_is_read_from_the_binary_archive_and_its_folder(
    name: str, packed: bool, no_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = cifar.BINARIES[name]
    info = {"cifar10": CIFAR10, "cifar100": CIFAR100}[name]
    small = dataclasses.replace(binary, info=dataclasses.replace(info, train=4 * len(binary.train), test=3))
    monkeypatch.setitem(cifar.BINARIES, name, small)
    monkeypatch.setenv(places.DATA_DIR, str(no_data))
    contents = dict.fromkeys(binary.train, cifar_bytes(4, binary.labels)) | {binary.test: cifar_bytes(3, binary.labels)}
    if packed:
        with tarfile.open(no_data / binary.archive, "w:gz") as archive:
            for file, content in contents.items():
                member = tarfile.TarInfo(f"{binary.folder}/{file}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        (no_data / binary.folder).mkdir()
        for file, content in contents.items():
            (no_data / binary.folder / file).write_bytes(content)
    train, test = cifar.read(name)
    assert train.labels.tolist() == [0, 1, 2, 3] * len(binary.train)
    assert test.labels.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(test.images[2], np.broadcast_to([12, 22, 32], (32, 32, 3)))
    if not packed:
        (no_data / binary.folder / binary.test).write_bytes(b"torn")
        with pytest.raises(DataError, match="damaged: 4 bytes for 3 images"):
            cifar.read(name)


def test_missing_cifar_says_each_way_to_get_it(no_data: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)scaling data fetch cifar10 .*cifar-10-binary.tar.gz or cifar-10-batches"):
        sources.locate("cifar10")


def test_missing_shards_of_imagenet_are_counted_and_named(no_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        DataError, match=r"Set SCALING_DATA_DIR to the folder, or gs:// address, with train-00000-of-01"
    ):
        sources.locate("imagenet")
    monkeypatch.setenv(places.DATA_DIR, str(no_data))
    folder = no_data / "imagenet"
    folder.mkdir()
    for name in imagenet.expected():
        (folder / name).touch()
    assert sources.locate("imagenet") == str(folder)
    for name in ("train-00007-of-01024", "validation-00127-of-00128"):
        (folder / name).unlink()
    with pytest.raises(
        DataError, match=r"imagenet: 2 of ImageNet's 1152 shards are missing: train-00007-of-01024, val"
    ):
        sources.locate("imagenet")


def test_a_name_that_means_no_data_set_is_refused() -> None:
    with pytest.raises(DataError, match=r"'fashion' is not a data set; did you mean 'fashion_mnist'\?"):
        sources.locate("fashion")
    with pytest.raises(DataError, match="image_folder:/no/such: there is no such folder"):
        sources.locate("image_folder:/no/such")
