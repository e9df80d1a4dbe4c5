"""ConvNeXt as data (Liu et al., arXiv 2201.03545), as timm builds it.

Depth is the number of blocks, width multiplies the 96 to 768 channels of ConvNeXt-T.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaling.models import layouts
from scaling.models.architecture import (
    Activate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalPool,
    Layer,
    LayerNorm,
    Normal,
    Residual,
    Scale,
)
from scaling.models.family import Blocks, Family, Head, Named, Option
from scaling.models.layouts import Target
from scaling.schema import Variant

CHANNELS = (96, 192, 384, 768)
"""Of the four stages at width 1."""

WEIGHTS = Normal(0.02, truncated=True)
LAYER_SCALE = 1e-6
"""Initial weights and factors (official code, models/convnext.py)."""


def layout(variant: Variant) -> Blocks:
    """Blocks of the four stages: 2-2-6-2, 3-3-9-3 and 3-3-27-3 at depths 12, 18 and 36; the third takes what is left.

    Raises:
        ValueError: for a depth that is no whole number from 4 on.
    """
    if not variant.depth.is_integer() or variant.depth < 4:
        raise ValueError(f"depth {variant.depth:g} is no number of blocks: whole numbers from 4 on")
    depth = int(variant.depth)
    others = 1 if depth < 12 else 2 if depth < 18 else 3
    return (others, others, depth - 3 * others, others)


def check(variant: Variant) -> None:
    """Stops at what cannot be built.

    Raises:
        ValueError: for a depth that is no number of blocks, a width that leaves a layer without channels, or a
            resolution below the network's stride.
    """
    layout(variant)
    if channels(variant)[0] < 1:
        raise ValueError(f"width {variant.width:g} leaves a layer without channels; use at least {1 / CHANNELS[0]:.3g}")
    if variant.resolution < stride(variant):
        raise ValueError(f"resolution {variant.resolution} is below the network's stride of {stride(variant)} pixels")


def stride(variant: Variant) -> int:
    """Pixels of the image for each of the last feature map."""
    return 8 * int(FAMILY.option(variant, "patch"))


def channels(variant: Variant) -> tuple[int, ...]:
    """Of each stage, twice those of the one before."""
    first = round(CHANNELS[0] * variant.width)
    return tuple(first * 2**stage for stage in range(len(CHANNELS)))


def layers(variant: Variant, head: Head) -> tuple[Layer, ...]:
    """The network; the drop rate grows from block to block."""
    patch = int(FAMILY.option(variant, "patch"))
    return (
        Conv("stem_conv", channels(variant)[0], patch, patch, bias=True, padding="valid", initial=WEIGHTS),
        LayerNorm("stem_norm"),
        *_stages(variant, head.stochastic_depth),
        GlobalPool("head_pool"),
        LayerNorm("head_norm"),
        Dropout("head_dropout", head.dropout),
        Dense("head_dense", head.classes, WEIGHTS),
    )


def _stages(variant: Variant, stochastic_depth: float) -> Iterator[Layer]:
    blocks, kernel = layout(variant), int(FAMILY.option(variant, "kernel"))
    last, index = max(1, sum(blocks) - 1), 0
    for stage, (repeats, width) in enumerate(zip(blocks, channels(variant), strict=True), start=1):
        if stage > 1:
            yield LayerNorm(f"stage{stage}_downsample_norm")
            yield Conv(f"stage{stage}_downsample_conv", width, 2, 2, bias=True, padding="valid", initial=WEIGHTS)
        for block in range(1, repeats + 1):
            yield _block(f"stage{stage}_block{block}", width, kernel, stochastic_depth * index / last)
            index += 1


def _block(name: str, width: int, kernel: int, drop_rate: float) -> Residual:
    branch = (
        DepthwiseConv(f"{name}_depthwise", kernel, bias=True, initial=WEIGHTS),
        LayerNorm(f"{name}_norm"),
        Conv(f"{name}_expand", 4 * width, bias=True, initial=WEIGHTS),
        Activate(f"{name}_act", "gelu"),
        Conv(f"{name}_project", width, bias=True, initial=WEIGHTS),
        Scale(f"{name}_scale", LAYER_SCALE),
    )
    return Residual(f"{name}_add", branch, drop_rate=drop_rate)


_ENDS = {
    "stem.0": ("stem_conv", "conv"),
    "stem.1": ("stem_norm", "norm"),
    "head.norm": ("head_norm", "norm"),
    "head.fc": ("head_dense", "dense"),
}
_PARTS = {
    "conv_dw": ("depthwise", "depthwise"),
    "norm": ("norm", "norm"),
    "mlp.fc1": ("expand", "conv"),
    "mlp.fc2": ("project", "conv"),
}
_DOWNSAMPLE = {"0": ("norm", "norm"), "1": ("conv", "conv")}


def timm(name: str) -> Target | None:
    """Names of timm's `convnext_*`: `stages.2.blocks.0.mlp.fc1.weight`; small ones have 1x1 convolutions there."""
    module, _, leaf = name.rpartition(".")
    if match := re.fullmatch(r"stages\.(\d)\.downsample\.([01])", module):
        part, kind = _DOWNSAMPLE[match[2]]
        return layouts.torch(f"stage{int(match[1]) + 1}_downsample_{part}", leaf, kind)
    if match := re.fullmatch(r"stages\.(\d)\.blocks\.(\d+)(?:\.(.+))?", module):
        block = f"stage{int(match[1]) + 1}_block{int(match[2]) + 1}"
        if leaf == "gamma" and not match[3]:
            return Target(f"{block}_scale/gamma", (0,))
        part, kind = _PARTS.get(match[3] or "", ("", ""))
        return layouts.torch(f"{block}_{part}", leaf, kind) if part else None
    layer, kind = _ENDS.get(module, ("", ""))
    return layouts.torch(layer, leaf, kind) if layer else None


def unloadable(variant: Variant) -> str | None:
    """Why no checkpoint is of this variant."""
    return f"options {', '.join(dict(variant.options))}: checkpoints are of none" if variant.options else None


NAMED = {
    "atto": Named(12, 40 / 96),
    "femto": Named(12, 48 / 96),
    "pico": Named(12, 64 / 96),
    "nano": Named(14, 80 / 96),
    "tiny": Named(18, 1.0),
    "small": Named(36, 1.0),
    "base": Named(36, 128 / 96),
    "large": Named(36, 192 / 96),
}
"""The paper's, and timm's smaller ones."""


def _timm_name(name: str) -> str | None:
    match = re.fullmatch(r"convnext_(\w+)", name)
    return f"convnext_{match[1]}" if match and match[1] in NAMED else None


FAMILY: Family = Family(
    name="convnext",
    title="ConvNeXt",
    layers=layers,
    stride=stride,
    check=check,
    options={
        "patch": Option(4, "side of the square of pixels that the stem turns into one", (1, 2, 4)),
        "kernel": Option(7, "side of the depthwise convolutions' kernels", (3, 5, 7)),
    },
    named=NAMED,
    blocks=layout,
    deepened=lambda variant, factor: {"depth": float(max(4, round(variant.depth * factor)))},
    timm=_timm_name,
    layouts=lambda variant: (timm,),
    unloadable=unloadable,
    largest_depth=1000,
    cpu_utilisation=0.1,
)
