"""Where the images of each data set are on this machine, and how to bring them here."""

from __future__ import annotations

import os

from scaling.datasets import CIFAR10, CIFAR100, DATASETS, FASHION_MNIST, IMAGENET, SYNTHETIC, DataError, facts, prepared
from scaling.runner.data import cifar, fashion_mnist, imagenet, synthetic
from scaling.runner.data.memory import Split
from scaling.runner.data.places import DATA_DIR

IN_MEMORY = (FASHION_MNIST.name, CIFAR10.name, CIFAR100.name, SYNTHETIC.name)
"""Data sets small enough to stay in memory."""


def read(name: str, resolution: int) -> tuple[Split, Split]:
    """Train and test images of a data set of `IN_MEMORY`, as stored (`synthetic`: at `resolution`).

    Raises:
        DataError: if they are not on this machine, or damaged.
    """
    if name == SYNTHETIC.name:
        return synthetic.read(resolution)
    return fashion_mnist.read() if name == FASHION_MNIST.name else cifar.read(name)


def locate(name: str) -> str:
    """The folder or archive that holds a data set; empty for `synthetic`, which is made when it is needed.

    Raises:
        DataError: if it is not on this machine, with each way to get it.
    """
    described = facts(name)
    kind, _, which = name.partition(":")
    if name == SYNTHETIC.name:
        return ""
    if name == IMAGENET.name:
        return imagenet.locate()
    if kind == "tfds":
        return str(prepared.locate(which))
    if kind == "image_folder":
        return which
    return str(fashion_mnist.locate() if described == FASHION_MNIST else cifar.locate(name))


def locations() -> dict[str, str | None]:
    """Where each data set is; None where it is not on this machine."""
    return {name: _location(name) for name in DATASETS}


def _location(name: str) -> str | None:
    try:
        return locate(name)
    except DataError:
        return None


def fetch(name: str) -> str:
    """What `locate` says, after downloading what is not here and checking what can be checked.

    Raises:
        DataError: if it cannot be downloaded, or is damaged.
    """
    try:
        where = locate(name)
    except DataError as missing:
        where = _downloaded(name, missing)
    if name == FASHION_MNIST.name:
        fashion_mnist.verified(fashion_mnist.locate())
    elif name in IN_MEMORY:
        read(name, SYNTHETIC.size)
    return where


def _downloaded(name: str, missing: DataError) -> str:
    kind, _, which = name.partition(":")
    if kind != "tfds" and (name not in IN_MEMORY or os.environ.get(DATA_DIR)):
        raise missing
    try:
        if kind == "tfds":
            _prepare(which)
        elif name == FASHION_MNIST.name:
            fashion_mnist.fetch()
        else:
            cifar.fetch(name)
    except Exception as error:  # Keras raises a bare Exception for whatever the network did
        raise DataError(f"{missing}\n(downloading was tried: {error})") from None
    return locate(name)


def _prepare(name: str) -> None:
    """Has TensorFlow Datasets download and write its TFRecord files."""
    import tensorflow_datasets

    tensorflow_datasets.builder(name, data_dir=prepared.roots()[0]).download_and_prepare()
