"""Fashion-MNIST: files on this machine, or Keras' downloader."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np

from scaling.datasets import DataError
from scaling.datasets.known import FASHION_MNIST
from scaling.runner.data.images import Images, Labels
from scaling.runner.data.memory import Split
from scaling.runner.data.places import DATA_DIR, check_that_keras_cache_is_searched, chosen, keras_cache
from scaling.runner.data.reader import Reader, from_memory

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
DEBIAN_PACKAGE = "dataset-fashion-mnist"


def read(name: str = FASHION_MNIST.name, resolution: int = FASHION_MNIST.size) -> tuple[Split, Split]:
    """Train and test images.

    Raises:
        DataError: if they are not on this machine, or damaged.
    """
    files = verified(name)
    return (
        Split(_idx_images(files["train-images-idx3-ubyte"]), _idx_labels(files["train-labels-idx1-ubyte"])),
        Split(_idx_images(files["t10k-images-idx3-ubyte"]), _idx_labels(files["t10k-labels-idx1-ubyte"])),
    )


def locate(name: str = FASHION_MNIST.name) -> str:
    """The folder that holds the files; the first of `SCALING_DATA_DIR`, Keras' cache, Debian's package.

    Raises:
        DataError: if no folder has all of them, with each way to get them.
    """
    own = chosen("fashion-mnist", "fashion_mnist")
    for folder in own or (keras_cache() / "fashion-mnist", DEBIAN_FOLDER):
        if all((folder / name).is_file() for name in _file_names()):
            return str(folder)
    if own:
        raise DataError(f"{DATA_DIR}={own[0]}: does not hold {', '.join(_file_names())} there or in fashion-mnist/")
    raise DataError(
        f"{FASHION_MNIST.title} is not on this machine. One of these brings it:\n"
        f"  make data                             (Debian: apt-get install {DEBIAN_PACKAGE})\n"
        f"  scaling data fetch {FASHION_MNIST.name}       (Keras' downloader, needs the internet)\n"
        f"  export {DATA_DIR}=/a/folder    with {', '.join(_file_names())}"
    )


def fetch(name: str) -> None:
    """Has Keras download the files into its cache."""
    check_that_keras_cache_is_searched()
    from keras.datasets import fashion_mnist

    fashion_mnist.load_data()


def _file_names() -> list[str]:
    return [f"{name}.gz" for name in FASHION_MNIST.sha256]


def verified(name: str) -> dict[str, bytes]:
    """The uncompressed files, each of the right hash.

    Raises:
        DataError: if they are not on this machine, or damaged.
    """
    folder, files = Path(locate(name)), {}
    for file, expected in FASHION_MNIST.sha256.items():
        path = folder / f"{file}.gz"
        try:
            content = gzip.decompress(path.read_bytes())
        except (OSError, EOFError, ValueError) as error:
            raise DataError(f"{path}: damaged ({error}); delete it and fetch it again") from None
        if (found := hashlib.sha256(content).hexdigest()) != expected:
            raise DataError(
                f"{path}: damaged: SHA-256 of its content is {found}, not {expected}; delete it and fetch it again"
            )
        files[file] = content
    return files


def _idx_images(content: bytes) -> Images:
    """IDX images: a 16 byte header (magic, count, rows, columns), then the pixels row by row."""
    count, rows, columns = np.frombuffer(content, ">i4", 3, offset=4)
    return np.frombuffer(content, np.uint8, offset=16).reshape(count, rows, columns, 1)


def _idx_labels(content: bytes) -> Labels:
    """IDX labels: an 8 byte header (magic, count), then one byte a label."""
    return np.frombuffer(content, np.uint8, offset=8).astype(np.int32)


READER = Reader(locate, from_memory(read), fetch, verified)
