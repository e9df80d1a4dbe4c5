"""EfficientNet as data (arXiv 1905.11946; released code: github.com/tensorflow/tpu, models/official/efficientnet)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from scaling.models import layouts
from scaling.models.architecture import (
    Activate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalPool,
    Layer,
    Norm,
    Residual,
    VarianceScaled,
    squeeze_excite,
)
from scaling.models.family import Family, Head, Named
from scaling.models.layouts import Target
from scaling.schema import Variant

STRIDE = 32
"""Five strided convolutions."""

EPSILON = 1e-3
"""Of batch norm (released `efficientnet_builder.py`)."""

KERNELS = VarianceScaled(2.0, "fan_out")
DENSE = VarianceScaled(1 / 3, "fan_out", "uniform")
"""Initial weights of convolutions and of the last layer (released `efficientnet_model.py`)."""

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
    if variant.resolution < STRIDE:
        raise ValueError(f"resolution {variant.resolution} is below EfficientNet's {STRIDE} pixels")


def layers(variant: Variant, head: Head) -> tuple[Layer, ...]:
    """The network; depth and width are compound coefficients, and the drop rate grows from block to block."""
    return (
        *_conv_norm_act("stem", rounded(32, variant.width), 3, 2),
        *_blocks(variant, head.stochastic_depth),
        *_conv_norm_act("top", rounded(1280, variant.width), 1, 1),
        GlobalPool("top_pool"),
        Dropout("top_dropout", head.dropout),
        Dense("predictions", head.classes, DENSE),
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
    layers: tuple[Layer, ...] = (
        *(_conv_norm_act(f"{name}_expand", hidden, 1, 1) if stage.expand != 1 else ()),
        DepthwiseConv(f"{name}_depthwise", stage.kernel, stage.stride, padding="same", initial=KERNELS),
        _norm(f"{name}_norm"),
        Activate(f"{name}_act", "swish"),
        squeeze_excite(name, hidden, max(1, filters_in // 4), "swish", KERNELS),
        Conv(f"{name}_project_conv", filters_out, initial=KERNELS),
        _norm(f"{name}_project_norm"),
    )
    if stage.stride == 1 and filters_in == filters_out:
        return (Residual(f"{name}_add", layers, drop_rate=drop_rate),)
    return layers


def _conv_norm_act(name: str, filters: int, kernel: int, stride: int) -> tuple[Layer, ...]:
    return (
        Conv(f"{name}_conv", filters, kernel, stride, padding="same", initial=KERNELS),
        _norm(f"{name}_norm"),
        Activate(f"{name}_act", "swish"),
    )


def _norm(name: str) -> Norm:
    return Norm(name, epsilon=EPSILON)


_PARTS = {
    "conv_pw": ("expand_conv", "conv"),
    "bn1": ("expand_norm", "norm"),
    "conv_dw": ("depthwise", "depthwise"),
    "bn2": ("norm", "norm"),
    "se.conv_reduce": ("se_reduce", "conv"),
    "se.conv_expand": ("se_expand", "conv"),
    "conv_pwl": ("project_conv", "conv"),
    "bn3": ("project_norm", "norm"),
}
_FIRST = _PARTS | {"bn1": ("norm", "norm"), "conv_pw": ("project_conv", "conv"), "bn2": ("project_norm", "norm")}
"""Of the first stage, which expands nothing, timm has other names."""

_ENDS = {
    "conv_stem": ("stem_conv", "conv"),
    "bn1": ("stem_norm", "norm"),
    "conv_head": ("top_conv", "conv"),
    "bn2": ("top_norm", "norm"),
    "classifier": ("predictions", "dense"),
}


def timm(name: str) -> Target | None:
    """Names of timm's `tf_efficientnet_b*`: `blocks.1.0.conv_pw.weight`."""
    module, _, leaf = name.rpartition(".")
    if match := re.fullmatch(r"blocks\.(\d)\.(\d+)\.(.+)", module):
        stage, index, part = int(match[1]) + 1, int(match[2]) + 1, match[3]
        layer, kind = (_FIRST if stage == 1 else _PARTS).get(part, ("", ""))
        return layouts.torch(f"block{stage}_{index}_{layer}", leaf, kind) if layer else None
    layer, kind = _ENDS.get(module, ("", ""))
    return layouts.torch(layer, leaf, kind) if layer else None


_KERAS_PARTS = {
    "expand_conv": "expand_conv",
    "expand_bn": "expand_norm",
    "dwconv": "depthwise",
    "bn": "norm",
    "se_reduce": "se_reduce",
    "se_expand": "se_expand",
    "project_conv": "project_conv",
    "project_bn": "project_norm",
}
_KERAS_ENDS = {
    "stem_conv": "stem_conv",
    "stem_bn": "stem_norm",
    "top_conv": "top_conv",
    "top_bn": "top_norm",
    "predictions": "predictions",
}


def keras(name: str) -> Target | None:
    """Names of `keras.applications`' `EfficientNetB*`: `block2a_expand_conv/kernel`, blocks from `a` on."""
    module, _, leaf = name.rpartition("/")
    if match := re.fullmatch(r"block([1-7])(.)_(\w+)", module):
        part = _KERAS_PARTS.get(match[3])
        layer = f"block{match[1]}_{ord(match[2]) - ord('a') + 1}_{part}" if part else None
    else:
        layer = _KERAS_ENDS.get(module)
    return layouts.keras(layer, leaf, "dense" if layer == "predictions" else "conv") if layer else None


def _timm_name(name: str) -> str | None:
    match = re.fullmatch(r"(?:tf_)?efficientnet_(b[0-8])", name)
    return f"efficientnet_{match[1]}" if match else None


FAMILY: Family = Family(
    name="efficientnet",
    title="EfficientNet",
    layers=layers,
    stride=lambda variant: STRIDE,
    check=check,
    named={
        name: Named(coefficients.depth, coefficients.width, coefficients.resolution)
        for name, coefficients in NAMED.items()
    },
    largest_depth=40,
    timm=_timm_name,
    layouts=lambda variant: (timm, keras),
    unloadable=lambda variant: None,
    cpu_utilisation=0.1,
)
