"""Where pictures come from: files on this machine, Keras' downloader, or a generator. Keras is imported to download."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np

from scaling.datasets import DATASETS, FASHION_MNIST, SYNTHETIC, DataError
from scaling.errors import did_you_mean
from scaling.runner.data.memory import Split
from scaling.runner.data.pictures import Images, Labels

DATA_DIR = "SCALING_DATA_DIR"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
DEBIAN_PACKAGE = "dataset-fashion-mnist"


def read(name: str, resolution: int) -> tuple[Split, Split]:
    """Reads the train and test pictures of a data set at the size it is stored in (`synthetic`: at `resolution`).

    Raises:
        DataError: if they are not on this machine, or damaged.
    """
    if name == SYNTHETIC.name:
        return synthetic(SYNTHETIC.train, resolution, seed=0), synthetic(SYNTHETIC.test, resolution, seed=1)
    files = _verified(locate(name))
    return (
        Split(_idx_images(files["train-images-idx3-ubyte"]), _idx_labels(files["train-labels-idx1-ubyte"])),
        Split(_idx_images(files["t10k-images-idx3-ubyte"]), _idx_labels(files["t10k-labels-idx1-ubyte"])),
    )


def locate(name: str) -> Path:
    """The folder that holds a data set's files; the first of `SCALING_DATA_DIR`, Keras' cache, Debian's package.

    Raises:
        DataError: if no folder has all of them, with each way to get them.
    """
    if name == SYNTHETIC.name:
        return Path()
    if name != FASHION_MNIST.name:
        state = "can be planned with, but not read yet" if name in DATASETS else "is not a data set"
        raise DataError(f"{name!r} {state}{did_you_mean(name, (FASHION_MNIST.name, SYNTHETIC.name))}")
    if chosen := os.environ.get(DATA_DIR):
        for folder in (Path(chosen), Path(chosen) / "fashion-mnist", Path(chosen) / "fashion_mnist"):
            if _complete(folder):
                return folder
        raise DataError(f"{DATA_DIR}={chosen}: does not hold {', '.join(_file_names())} there or in fashion-mnist/")
    for folder in (keras_cache(), DEBIAN_FOLDER):
        if _complete(folder):
            return folder
    raise DataError(
        f"{FASHION_MNIST.title} is not on this machine. One of these brings it:\n"
        f"  make data                             (Debian: apt-get install {DEBIAN_PACKAGE})\n"
        f"  scaling data fetch {FASHION_MNIST.name}       (Keras' downloader, needs the internet)\n"
        f"  export {DATA_DIR}=/a/folder    with {', '.join(_file_names())}"
    )


def locations() -> dict[str, Path | None]:
    """Each data set's folder; None where it is not on this machine."""
    return {name: _folder(name) for name in DATASETS}


def _folder(name: str) -> Path | None:
    try:
        return locate(name)
    except DataError:
        return None


def fetch(name: str) -> Path:
    """The folder of `locate`, files verified; downloaded by Keras into its cache first where there is none.

    Raises:
        DataError: if it cannot be downloaded either, or is damaged.
    """
    try:
        folder = locate(name)
    except DataError as missing:
        if os.environ.get(DATA_DIR):
            raise
        from keras.datasets import fashion_mnist

        try:
            fashion_mnist.load_data()
        except Exception as error:  # Keras raises a bare Exception for whatever the network did
            raise DataError(f"{missing}\n(Keras' downloader was tried: {error})") from None
        folder = locate(name)
    if name == FASHION_MNIST.name:
        _verified(folder)
    return folder


def keras_cache() -> Path:
    """Where Keras' downloader puts Fashion-MNIST."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "fashion-mnist"


def synthetic(examples: int, resolution: int, seed: int) -> Split:
    """Gratings whose direction is their class; phase, frequency, contrast, tint and noise are chance.

    Args:
        examples: number of pictures.
        resolution: pixels a side.
        seed: of everything random, the same on every machine.

    Returns:
        Pictures `(examples, resolution, resolution, 3)`.
    """
    random = np.random.RandomState(seed)
    labels = random.randint(SYNTHETIC.classes, size=examples).astype(np.int32)
    across, down = np.meshgrid(np.linspace(0, 1, resolution), np.linspace(0, 1, resolution))
    images = np.empty((examples, resolution, resolution, SYNTHETIC.channels), np.uint8)
    for row, label in enumerate(labels):
        angle = np.pi * label / SYNTHETIC.classes
        frequency, phase, contrast = random.uniform(2, 4), random.uniform(0, 2 * np.pi), random.uniform(0.5, 1.0)
        wave = np.sin(2 * np.pi * frequency * (across * np.cos(angle) + down * np.sin(angle)) + phase)
        tint = random.uniform(0.5, 1.0, size=SYNTHETIC.channels)
        noise = random.normal(0, 0.1, size=(resolution, resolution, SYNTHETIC.channels))
        images[row] = np.clip(127.5 + 100 * (contrast * wave[..., None] * tint + noise), 0, 255)
    return Split(images, labels)


def _file_names() -> list[str]:
    return [f"{name}.gz" for name in DATASETS[FASHION_MNIST.name].sha256]


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _file_names())


def _verified(folder: Path) -> dict[str, bytes]:
    """The uncompressed files, each of the right hash."""
    files = {}
    for name, expected in FASHION_MNIST.sha256.items():
        path = folder / f"{name}.gz"
        try:
            content = gzip.decompress(path.read_bytes())
        except (OSError, EOFError, ValueError) as error:
            raise DataError(f"{path}: damaged ({error}); delete it and fetch it again") from None
        if (found := hashlib.sha256(content).hexdigest()) != expected:
            raise DataError(
                f"{path}: damaged: SHA-256 of its content is {found}, not {expected}; delete it and fetch it again"
            )
        files[name] = content
    return files


def _idx_images(content: bytes) -> Images:
    """IDX images: a 16 byte header (magic, count, rows, columns), then the pixels row by row."""
    count, rows, columns = np.frombuffer(content, ">i4", 3, offset=4)
    return np.frombuffer(content, np.uint8, offset=16).reshape(count, rows, columns, 1)


def _idx_labels(content: bytes) -> Labels:
    """IDX labels: an 8 byte header (magic, count), then one byte a label."""
    return np.frombuffer(content, np.uint8, offset=8).astype(np.int32)
