"""Every data set and family of data sets: its name, what is known of it, and the module that reads it."""

from __future__ import annotations

from pathlib import Path

from scaling.datasets import folder, known, prepared, subset
from scaling.datasets.dataset import DataError, DatasetInfo, Registration
from scaling.errors import did_you_mean


def _named(info: DatasetInfo, reader: str) -> Registration:
    return Registration(info.name, info.title, lambda _: info, reader)


REGISTRY: dict[str, Registration] = {
    registration.kind: registration
    for registration in (
        _named(known.FASHION_MNIST, "scaling.runner.data.fashion_mnist"),
        _named(known.CIFAR10, "scaling.runner.data.cifar"),
        _named(known.CIFAR100, "scaling.runner.data.cifar"),
        _named(known.SYNTHETIC, "scaling.runner.data.synthetic"),
        _named(known.IMAGENET, "scaling.runner.data.imagenet"),
        Registration(folder.PATTERN, folder.TITLE, folder.info, "scaling.runner.data.image_folder"),
        Registration(subset.PATTERN, subset.TITLE, subset.info, "scaling.runner.data.subset"),
        Registration(prepared.PATTERN, prepared.TITLE, prepared.info, "scaling.runner.data.tfds"),
    )
}
"""By the name, or the part of it before the colon."""

DATASETS: dict[str, DatasetInfo] = {kind: entry.info("") for kind, entry in REGISTRY.items() if not entry.is_family}
"""What is known of each data set that has a name of its own."""

PATTERNS = {entry.pattern: entry.title for entry in REGISTRY.values() if entry.is_family}
"""Names that stand for many data sets, each with a title."""


def find(name: str) -> Registration:
    """The registration of the data set that a study file calls `name`.

    Raises:
        DataError: if no data set has this name.
    """
    kind, colon, rest = name.partition(":")
    registration = REGISTRY.get(kind)
    if registration is None or bool(colon) != registration.is_family or bool(rest) != registration.is_family:
        known = (*DATASETS, *PATTERNS)
        folder = f"; for this folder, write 'image_folder:{name}'" if Path(name).is_dir() else ""
        raise DataError(f"{name!r} is not a data set{folder or did_you_mean(name, known)}")
    return registration


def dataset_info(name: str) -> DatasetInfo:
    """What is known of the data set that a study file calls `name`.

    Raises:
        DataError: if no data set has this name, or its description is not on this machine.
    """
    return find(name).info(name.partition(":")[2])


def default_fraction(name: str) -> float | None:
    """The validation fraction of a study that does not give one, for this data set; None: the schema's default.

    Only image folders have one of their own: how many images they hold differs from hundreds to millions.

    Raises:
        DataError: as `dataset_info`.
    """
    registration = find(name)
    return folder.default_fraction(name.partition(":")[2]) if registration.pattern == folder.PATTERN else None
