"""ResNet and ResNet-D as data (He et al., arXiv 1512.03385; He et al., arXiv 1812.01187), as timm builds them.

The stride of a bottleneck is in its 3x3 convolution. Widths multiply all filters, stem included.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from scaling.models.architecture import (
    Activate,
    Conv,
    Dense,
    Dropout,
    GlobalPool,
    Layer,
    Norm,
    Pool,
    Residual,
    VarianceScaled,
)
from scaling.models.families.resnet_rs import FILTERS, TIMM_BLOCK, TIMM_STEM, timm_tensor
from scaling.models.family import Blocks, Family, Head, Named, Option, dashed
from scaling.models.layouts import Target
from scaling.schema import Variant

BASIC: dict[int, Blocks] = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
BOTTLENECK: dict[int, Blocks] = {
    14: (1, 1, 1, 1),
    26: (2, 2, 2, 2),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
"""Blocks of stages c2 to c5 by depth; 18, 34 and 50 to 152 are the paper's, the others timm's."""

EXPANSION = 4
"""Output channels of a bottleneck over its filters."""

KERNELS = VarianceScaled(2.0, "fan_out")
DENSE = VarianceScaled(1 / 3, "fan_in", "uniform")
"""Initial weights: He et al., arXiv 1502.01852, and PyTorch's default for dense layers."""


def layout(variant: Variant) -> Blocks:
    """Blocks of stages c2 to c5.

    Raises:
        ValueError: where the depth has no layout and `blocks` makes none.
    """
    given = str(FAMILY.option(variant, "blocks"))
    own = {**BASIC, **BOTTLENECK}.get(int(variant.depth)) if variant.depth.is_integer() else None
    if not given:
        if own is None:
            known = ", ".join(map(str, sorted({*BASIC, *BOTTLENECK})))
            raise ValueError(f"depth {variant.depth:g} has no block layout; known depths: {known}; or give blocks")
        return own
    if not re.fullmatch(r"[1-9]\d{0,3}(-[1-9]\d{0,3}){3}", given):
        raise ValueError(f"blocks {given!r} are not four numbers such as 3-4-6-3")
    blocks = tuple(int(number) for number in given.split("-"))
    if variant.depth not in (2 * sum(blocks) + 2, 3 * sum(blocks) + 2):
        depths = f"{2 * sum(blocks) + 2} (basic) or {3 * sum(blocks) + 2} (bottlenecks)"
        raise ValueError(f"blocks {given} make depth {depths}, not {variant.depth:g}")
    return blocks


def bottlenecks(variant: Variant) -> bool:
    """Whether blocks have three convolutions instead of two."""
    return variant.depth == 3 * sum(layout(variant)) + 2


def with_blocks(variant: Variant, blocks: Blocks) -> Variant:
    """The variant with other blocks of the same kind."""
    depth = (3 if bottlenecks(variant) else 2) * sum(blocks) + 2
    named = (BOTTLENECK if bottlenecks(variant) else BASIC).get(depth) == blocks
    options = {name: value for name, value in variant.options if name != "blocks"}
    options |= {} if named else {"blocks": dashed(blocks)}
    return variant.model_copy(update={"depth": float(depth), "options": tuple(sorted(options.items()))})


def deepened(variant: Variant, factor: float) -> Mapping[str, object]:
    """Stages c3 and c4 take all growth, keeping their ratio, as in ResNet-RS; named depths get their own layout."""
    c2, c3, c4, c5 = layout(variant)
    total = max(math.floor((c2 + c3 + c4 + c5) * factor + 0.5), c2 + c5 + 2)
    kind = 3 if bottlenecks(variant) else 2
    named = (BOTTLENECK if kind == 3 else BASIC).get(kind * total + 2)
    inner = total - c2 - c5
    third = min(max(math.floor(inner * c3 / (c3 + c4) + 0.5), 1), inner - 1)
    grown = with_blocks(variant, named or (c2, third, inner - third, c5))
    return {"depth": grown.depth, "options": grown.options}


def scaled(filters: int, width: float) -> int:
    """`int(filters * width)`, as in ResNet-RS."""
    return int(filters * width)


def check(variant: Variant) -> None:
    """Stops at what cannot be built.

    Raises:
        ValueError: for a depth without a layout, a width that leaves a layer without filters, or a resolution below the
            network's stride.
    """
    layout(variant)
    narrowest = 32 if FAMILY.option(variant, "resnet_d") else 64
    if scaled(narrowest, variant.width) < 1:
        raise ValueError(f"width {variant.width:g} leaves a layer without filters; use at least {1 / narrowest:g}")
    if variant.resolution < stride(variant):
        raise ValueError(f"resolution {variant.resolution} is below the network's stride of {stride(variant)} pixels")


def stride(variant: Variant) -> int:
    """Pixels of the image for each of the last feature map."""
    return 8 if FAMILY.option(variant, "stem") == "small" else 32


def layers(variant: Variant, head: Head) -> tuple[Layer, ...]:
    """The network; the drop rate grows from block to block."""
    return (
        *_stem(variant),
        *_stages(variant, head.stochastic_depth),
        GlobalPool("head_pool"),
        Dropout("head_dropout", head.dropout),
        Dense("head_dense", head.classes, DENSE),
    )


def _stem(variant: Variant) -> tuple[Layer, ...]:
    wide, narrow = scaled(64, variant.width), scaled(32, variant.width)
    pool = Pool("stem_pool", "max", 3, 2, padding="fixed")
    if FAMILY.option(variant, "stem") == "small":
        return _conv_norm_relu("stem_1", wide, 3, 1)
    if not FAMILY.option(variant, "resnet_d"):
        return (*_conv_norm_relu("stem_1", wide, 7, 2), pool)
    return (
        *_conv_norm_relu("stem_1", narrow, 3, 2),
        *_conv_norm_relu("stem_2", narrow, 3, 1),
        *_conv_norm_relu("stem_3", wide, 3, 1),
        pool,
    )


def _stages(variant: Variant, stochastic_depth: float) -> Iterator[Layer]:
    blocks, deep = layout(variant), bottlenecks(variant)
    last, index, inputs = max(1, sum(blocks) - 1), 0, scaled(64, variant.width)
    for stage, (repeats, base) in enumerate(zip(blocks, FILTERS, strict=True), start=2):
        filters = scaled(base, variant.width)
        outputs = EXPANSION * filters if deep else filters
        for block in range(1, repeats + 1):
            strides = 2 if block == 1 and stage > 2 else 1
            name = f"stage{stage}_block{block}"
            shortcut = _shortcut(name, variant, outputs, strides) if strides > 1 or inputs != outputs else ()
            branch = _bottleneck(name, filters, strides) if deep else _basic(name, filters, strides)
            yield Residual(f"{name}_add", branch, shortcut, stochastic_depth * index / last)
            yield Activate(f"{name}_out", "relu")
            inputs, index = outputs, index + 1


def _basic(name: str, filters: int, strides: int) -> tuple[Layer, ...]:
    return (
        *_conv_norm_relu(f"{name}_1", filters, 3, strides),
        Conv(f"{name}_2_conv", filters, 3, initial=KERNELS),
        Norm(f"{name}_2_norm", zero_scale=True),
    )


def _bottleneck(name: str, filters: int, strides: int) -> tuple[Layer, ...]:
    return (
        *_conv_norm_relu(f"{name}_1", filters, 1, 1),
        *_conv_norm_relu(f"{name}_2", filters, 3, strides),
        Conv(f"{name}_3_conv", EXPANSION * filters, initial=KERNELS),
        Norm(f"{name}_3_norm", zero_scale=True),
    )


def _shortcut(name: str, variant: Variant, outputs: int, strides: int) -> tuple[Layer, ...]:
    """A 1x1 convolution; in ResNet-D average pooling does the striding."""
    norm = Norm(f"{name}_shortcut_norm")
    if FAMILY.option(variant, "resnet_d") and strides == 2:
        pool = Pool(f"{name}_shortcut_pool", "average", 2, 2)
        return (pool, Conv(f"{name}_shortcut_conv", outputs, initial=KERNELS), norm)
    return (Conv(f"{name}_shortcut_conv", outputs, stride=strides, initial=KERNELS), norm)


def _conv_norm_relu(name: str, filters: int, kernel: int, strides: int) -> tuple[Layer, ...]:
    return (
        Conv(f"{name}_conv", filters, kernel, strides, initial=KERNELS),
        Norm(f"{name}_norm"),
        Activate(f"{name}_act", "relu"),
    )


_PLAIN_STEM = {"conv1": "stem_1_conv", "bn1": "stem_1_norm", "fc": "head_dense"}
_PLAIN_BLOCK = TIMM_BLOCK | {"downsample.0": "shortcut_conv", "downsample.1": "shortcut_norm"}


def _timm(name: str) -> Target | None:
    """Names of timm's `resnet*`."""
    return timm_tensor(name, _PLAIN_STEM, _PLAIN_BLOCK)


def _timm_d(name: str) -> Target | None:
    """Names of timm's `resnet*d`."""
    return timm_tensor(name, TIMM_STEM, TIMM_BLOCK)


def unloadable(variant: Variant) -> str | None:
    """Why no checkpoint is of this variant."""
    return "stem small: checkpoints are of the stem for ImageNet" if stride(variant) == 8 else None


def _timm_name(name: str) -> str | None:
    match = re.fullmatch(r"resnet(\d+d?)", name)
    return f"resnet_{match[1]}" if match else None


FAMILY: Family = Family(
    name="resnet",
    title="ResNet",
    layers=layers,
    stride=stride,
    check=check,
    options={
        "resnet_d": Option(False, "whether the stem has three 3x3 convolutions, and shortcuts pool"),
        "stem": Option(
            "imagenet", "first layers; `small` does not stride, for images of few pixels", ("imagenet", "small")
        ),
        "blocks": Option("", "numbers of blocks in stages c2 to c5, as 3-4-6-3, for a depth without a layout"),
    },
    named={
        **{str(depth): Named(float(depth)) for depth in sorted({*BASIC, *BOTTLENECK})},
        **{f"{depth}d": Named(float(depth), options={"resnet_d": True}) for depth in sorted({*BASIC, *BOTTLENECK})},
    },
    blocks=layout,
    with_blocks=with_blocks,
    deepened=deepened,
    timm=_timm_name,
    layouts=lambda variant: (_timm_d if FAMILY.option(variant, "resnet_d") else _timm,),
    unloadable=unloadable,
    cpu_utilisation=0.3,
)
