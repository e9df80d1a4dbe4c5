"""What the published tables of results have in common: variant, accuracy and its images, devices, sources."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from scaling.results.columns import of_variant
from scaling.schema import Variant

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Split:
    """Images that an accuracy was measured on.

    Attributes:
        name: the paper's.
        images: how many.
        fraction: of the training images; None where they are others.
        is_test: whether this toolkit calls it the test set.
    """

    name: str
    images: int
    fraction: float | None
    is_test: bool


MINIVAL = Split("minival", 25_022, 0.02, is_test=False)
VALIDATION = Split("validation", 50_000, None, is_test=True)

V100 = {"training_device": "Tesla V100", "training_precision": "float32", "training_batch_size": 128}
TPU = {"training_device": "TPUv3 (8 cores)", "training_precision": "mixed_bfloat16", "training_batch_size": 1024}
"""Devices of Tables 3 and 7; batch sizes are the images that the printed time stands for."""

COUNTED = {"trust_params": "computed", "trust_macs": "computed"}


def result(cells: Row, split: Split, epochs: int | None, **options: Any) -> Row:
    """The columns that every result has.

    Args:
        cells: with `depth`, `width`, `resolution`, `top1_percent`, `source`, `trust`, `note`; of `resnet_rs` where
            there is no `family`.
        split: what the accuracy was measured on.
        epochs: None where the table does not say.
        **options: of the variant.
    """
    place = {name: cells[name] for name in ("depth", "width", "resolution")}
    variant = Variant(family=cells.get("family", "resnet_rs"), **place, **options)
    top1 = round(cells["top1_percent"] / 100, 6)
    return {
        "dataset": "imagenet",
        "validation_fraction": split.fraction,
        **of_variant(variant),
        "epochs": epochs,
        "top1": top1,
        "top1_n": split.images,
        "test_top1": top1 if split.is_test else None,
        "split": split.name,
        **kept(cells, *(["model"] if "model" in cells else []), "source", "trust", "note"),
    }


def on_both_devices(base: Row, cells: Row, v100_seconds: float, tpu_ms: float) -> Iterator[Row]:
    """The model's row on the V100, then the one on the TPUv3, each with the paper's own speed-up, if it gives one."""
    base = base | kept(cells, "paired_with")
    yield {
        **base,
        **V100,
        "training_ms": milliseconds(v100_seconds),
        "trust_training_batch_size": "computed",
        "speedup": cells["v100_speedup"],
    }
    yield {**base, **TPU, "training_ms": tpu_ms, "speedup": cells["tpuv3_speedup"]}


def kept(cells: Row, *names: str) -> Row:
    """The cells named, None for an empty one."""
    return {name: None if missing(cells[name]) else cells[name] for name in names}


def missing(cell: Any) -> bool:
    """Whether the cell was empty."""
    return isinstance(cell, float) and math.isnan(cell)


def milliseconds(seconds: float) -> float:
    """Seconds as printed, without the digits that binary fractions add."""
    return round(seconds * 1e3, 6)
