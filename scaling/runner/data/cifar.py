"""CIFAR-10 and CIFAR-100 in their binary version: plain bytes, where the usual Python version is pickles."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scaling.datasets import DataError, DatasetInfo
from scaling.datasets.known import CIFAR10, CIFAR100
from scaling.runner.data.memory import Split
from scaling.runner.data.places import DATA_DIR, check_that_keras_cache_is_searched, chosen, keras_cache
from scaling.runner.data.reader import Reader, from_memory

PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Binary:
    """The files of a data set: `labels` bytes and then red, green and blue row by row, for each image."""

    info: DatasetInfo
    archive: str
    folder: str
    train: tuple[str, ...]
    test: str
    labels: int


BINARIES = {
    CIFAR10.name: Binary(
        CIFAR10,
        "cifar-10-binary.tar.gz",
        "cifar-10-batches-bin",
        tuple(f"data_batch_{part}.bin" for part in range(1, 6)),
        "test_batch.bin",
        labels=1,
    ),
    CIFAR100.name: Binary(
        CIFAR100, "cifar-100-binary.tar.gz", "cifar-100-binary", ("train.bin",), "test.bin", labels=2
    ),
}


def read(name: str, resolution: int = 32) -> tuple[Split, Split]:
    """Train and test images; of CIFAR-100's two labels the fine one, which is the last.

    Raises:
        DataError: if they are not on this machine, or damaged.
    """
    binary, where = BINARIES[name], Path(locate(name))
    train = b"".join(_file(where, binary, file) for file in binary.train)
    return _split(train, binary, binary.info.train, where), _split(
        _file(where, binary, binary.test), binary, binary.info.test, where
    )


def locate(name: str) -> str:
    """The archive, or the folder it was unpacked to; looked for in `SCALING_DATA_DIR`, else in Keras' cache.

    Raises:
        DataError: if there is neither.
    """
    binary = BINARIES[name]
    for folder in chosen(name) or (keras_cache(),):
        unpacked, archive = folder / binary.folder, folder / binary.archive
        if all((unpacked / file).is_file() for file in (*binary.train, binary.test)):
            return str(unpacked)
        if archive.is_file():
            return str(archive)
    raise DataError(
        f"{binary.info.title} is not on this machine. One of these brings it:\n"
        f"  scaling data fetch {name}           (needs the internet)\n"
        f"  export {DATA_DIR}=/a/folder    with {binary.archive} or {binary.folder}/"
    )


def fetch(name: str) -> None:
    """Has Keras download the archive into its cache, and check its hash."""
    check_that_keras_cache_is_searched()
    from keras.utils import get_file

    archive = BINARIES[name].archive
    (sha256,) = BINARIES[name].info.sha256.values()
    get_file(archive, origin=f"https://www.cs.toronto.edu/~kriz/{archive}", file_hash=sha256)


def _file(where: Path, binary: Binary, name: str) -> bytes:
    try:
        if where.is_dir():
            return (where / name).read_bytes()
        with tarfile.open(where) as archive:
            member = archive.extractfile(f"{binary.folder}/{name}")
            return member.read() if member else b""
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise DataError(f"{where}: damaged ({error}); delete it and fetch it again") from None


def _split(content: bytes, binary: Binary, count: int, where: Path) -> Split:
    if len(content) != count * (binary.labels + PIXELS):
        raise DataError(f"{where}: damaged: {len(content)} bytes for {count} images; delete it and fetch it again")
    rows = np.frombuffer(content, np.uint8).reshape(count, binary.labels + PIXELS)
    images = rows[:, binary.labels :].reshape(count, 3, 32, 32).transpose(0, 2, 3, 1)
    return Split(np.ascontiguousarray(images), rows[:, binary.labels - 1].astype(np.int32))


READER = Reader(locate, from_memory(read), fetch, verify=read)
