"""`subset:<data set>:<labels>`: some classes of a small data set, as `subset:fashion_mnist:0-4`."""

from __future__ import annotations

import re
from dataclasses import replace

from scaling.datasets.dataset import DataError, DatasetInfo
from scaling.datasets.known import CIFAR10, CIFAR100, FASHION_MNIST

PATTERN = "subset:<data set>:<labels>"
TITLE = "Some classes of a small data set: subset:fashion_mnist:0-4, subset:cifar10:0,1,8,9"

BALANCED = {info.name: info for info in (FASHION_MNIST, CIFAR10, CIFAR100)}
"""Data sets with as many images of each class, so that a part of them can be counted without reading it."""


def info(which: str) -> DatasetInfo:
    """What is known of a part of a data set, from `fashion_mnist:0-4`.

    Raises:
        DataError: where there is no such data set, or no such classes.
    """
    base, labels = parsed(which)
    share = len(labels) / base.classes
    return replace(
        base,
        name=f"subset:{which}",
        title=f"{base.title}, {len(labels)} of its {base.classes} classes",
        classes=len(labels),
        train=round(base.train * share),
        test=round(base.test * share),
        labels=tuple(base.label(label) for label in labels),
    )


def parsed(which: str) -> tuple[DatasetInfo, tuple[int, ...]]:
    """The whole data set, and the labels that are kept, in order.

    Raises:
        DataError: as `info`.
    """
    name, _, text = which.partition(":")
    place = f"subset:{which}"
    if name not in BALANCED:
        raise DataError(f"{place}: {name!r} is none of {', '.join(BALANCED)}")
    base, labels = BALANCED[name], set[int]()
    for part in text.split(","):
        if not (match := re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", part)):
            raise DataError(f"{place}: write labels as 0-4 or 0,1,8,9, not {text!r}")
        labels |= set(range(int(match[1]), int(match[2] or match[1]) + 1))
    if not 2 <= len(labels) <= base.classes or max(labels) >= base.classes:
        raise DataError(f"{place}: two labels or more, from 0 to {base.classes - 1}")
    return base, tuple(sorted(labels))
