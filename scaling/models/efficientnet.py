"""EfficientNet as data (arXiv 1905.11946), for counting; the model itself comes from `keras.applications`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from scaling.models.architecture import (
    Activate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalPool,
    Layer,
    Network,
    Norm,
    Residual,
    conv_norm_act,
    squeeze_excite,
)
from scaling.schema import Variant

MIN_RESOLUTION = 32
"""Five strided convolutions; `keras.applications` refuses less."""

DEPTH_DIVISOR = 8
"""Filters are rounded to multiples of this (released `efficientnet_builder.py`)."""


class Coefficients(NamedTuple):
    """What a named EfficientNet scales B0 by, and the dropout rate it was trained with."""

    width: float
    depth: float
    resolution: int
    dropout: float


NAMED: dict[str, Coefficients] = {
    "b0": Coefficients(1.0, 1.0, 224, 0.2),
    "b1": Coefficients(1.0, 1.1, 240, 0.2),
    "b2": Coefficients(1.1, 1.2, 260, 0.3),
    "b3": Coefficients(1.2, 1.4, 300, 0.3),
    "b4": Coefficients(1.4, 1.8, 380, 0.4),
    "b5": Coefficients(1.6, 2.2, 456, 0.4),
    "b6": Coefficients(1.8, 2.6, 528, 0.5),
    "b7": Coefficients(2.0, 3.1, 600, 0.5),
    "b8": Coefficients(2.2, 3.6, 672, 0.5),
    "l2": Coefficients(4.3, 5.3, 800, 0.5),
}
"""The released `efficientnet_builder.py` (github.com/tensorflow/tpu, models/official/efficientnet)."""


class _Stage(NamedTuple):
    kernel: int
    repeats: int
    filters_in: int
    filters_out: int
    expand: int
    stride: int


STAGES = (
    _Stage(3, 1, 32, 16, 1, 1),
    _Stage(3, 2, 16, 24, 6, 2),
    _Stage(5, 2, 24, 40, 6, 2),
    _Stage(3, 3, 40, 80, 6, 2),
    _Stage(5, 3, 80, 112, 6, 1),
    _Stage(5, 4, 112, 192, 6, 2),
    _Stage(3, 1, 192, 320, 6, 1),
)
"""B0's stages (released `efficientnet_builder.py`); squeeze-and-excitation hides `filters_in / 4` channels."""


def check(variant: Variant) -> None:
    """Stops at what cannot be built.

    Raises:
        ValueError: for a resolution below 32 pixels.
    """
    if variant.resolution < MIN_RESOLUTION:
        raise ValueError(f"resolution {variant.resolution} is below EfficientNet's {MIN_RESOLUTION} pixels")


def network(variant: Variant, channels: int, classes: int, dropout: float, stochastic_depth: float) -> Network:
    """Writes the network down; arguments as for `resnet_rs.network`, depth and width being compound coefficients."""
    return Network(
        name=variant.name,
        resolution=variant.resolution,
        channels=channels,
        layers=(
            *conv_norm_act("stem", rounded(32, variant.width), 3, 2, "swish"),
            *_blocks(variant, stochastic_depth),
            *conv_norm_act("top", rounded(1280, variant.width), 1, 1, "swish"),
            GlobalPool("top_pool"),
            Dropout("top_dropout", dropout),
            Dense("predictions", classes),
        ),
    )


def rounded(filters: int, width: float) -> int:
    """Filters times width, to the nearest multiple of 8 but never down by more than 10%."""
    wanted = filters * width
    nearest = max(DEPTH_DIVISOR, int(wanted + DEPTH_DIVISOR / 2) // DEPTH_DIVISOR * DEPTH_DIVISOR)
    return nearest if nearest >= 0.9 * wanted else nearest + DEPTH_DIVISOR


def _blocks(variant: Variant, stochastic_depth: float) -> Iterator[Layer]:
    repeats = [math.ceil(stage.repeats * variant.depth) for stage in STAGES]
    total, index = sum(repeats), 0
    for number, (stage, times) in enumerate(zip(STAGES, repeats, strict=True), start=1):
        for repeat in range(times):
            yield from _block(
                f"block{number}_{repeat + 1}",
                stage if repeat == 0 else stage._replace(filters_in=stage.filters_out, stride=1),
                variant.width,
                drop_rate=stochastic_depth * index / total,
            )
            index += 1


def _block(name: str, stage: _Stage, width: float, drop_rate: float) -> tuple[Layer, ...]:
    """An inverted bottleneck: expand, depthwise, squeeze-and-excitation, project."""
    filters_in, filters_out = rounded(stage.filters_in, width), rounded(stage.filters_out, width)
    hidden = filters_in * stage.expand
    expand = conv_norm_act(f"{name}_expand", hidden, 1, 1, "swish") if stage.expand != 1 else ()
    layers: tuple[Layer, ...] = (
        *expand,
        DepthwiseConv(f"{name}_depthwise", stage.kernel, stage.stride),
        Norm(f"{name}_norm"),
        Activate(f"{name}_act", "swish"),
        squeeze_excite(name, hidden, max(1, filters_in // 4), "swish"),
        Conv(f"{name}_project_conv", filters_out),
        Norm(f"{name}_project_norm"),
    )
    if stage.stride == 1 and filters_in == filters_out:
        return (Residual(f"{name}_add", layers, drop_rate=drop_rate),)
    return layers
