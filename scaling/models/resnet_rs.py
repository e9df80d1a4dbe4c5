"""ResNet-RS as data (arXiv 2103.07579; released code: github.com/tensorflow/tpu, models/official/resnet)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from scaling.models.architecture import (
    Activate,
    Activation,
    Conv,
    Dense,
    Dropout,
    GlobalPool,
    Layer,
    Network,
    Norm,
    Pool,
    Residual,
    conv_norm_act,
    squeeze_excite,
)
from scaling.schema import Stem, Variant

Blocks: TypeAlias = tuple[int, int, int, int]

BLOCKS: dict[int, Blocks] = {
    14: (1, 1, 1, 1),
    26: (2, 2, 2, 2),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
    270: (4, 29, 53, 4),
    300: (4, 36, 54, 4),
    350: (4, 36, 72, 4),
    400: (6, 48, 72, 6),
    420: (4, 44, 87, 4),
}
"""Bottleneck blocks of stages c2 to c5 by depth (weight layers).

50 to 270, 350 and 420: released `resnet_model.py`. 300 and 400: appendix E of the paper, seen in translation,
confirmed by the FLOPs of its Figure 2. 26: inferred from the same FLOPs. 14: ours, one block a stage, for small runs.
"""

FILTERS = (64, 128, 256, 512)
"""Bottleneck filters of stages c2 to c5 at width 1 (released code)."""

EXPANSION = 4
"""Output channels of a bottleneck over its filters (released code)."""

STRIDE: dict[Stem, int] = {"resnet_rs": 32, "resnet_d": 32, "paper_text": 32, "small": 8}
"""Input pixels a side for each pixel of the last feature map, by stem."""


def network(variant: Variant, channels: int, classes: int, dropout: float, stochastic_depth: float) -> Network:
    """Writes the network down.

    Args:
        variant: of family `resnet_rs`, one that `check` lets pass.
        channels: of an image.
        classes: number of logits.
        dropout: rate before the last dense layer.
        stochastic_depth: drop rate of the deepest stage, see `_stages`.
    """
    return Network(
        name=variant.name,
        resolution=variant.resolution,
        channels=channels,
        layers=(
            *_stem(variant),
            *_stages(variant, layout(variant), stochastic_depth),
            GlobalPool("head_pool"),
            Dropout("head_dropout", dropout),
            Dense("head_dense", classes),
        ),
    )


def layout(variant: Variant) -> Blocks:
    """The bottleneck blocks of stages c2 to c5: the depth's own, or those that the variant brings.

    A bottleneck has three weight layers, stem and dense layer count as two: what a variant brings must make
    `3 * blocks + 2` its depth. The named depths beyond 200 are rounded (420 has 419) and exempt.

    Raises:
        ValueError: where there is no layout, or the variant's contradicts its depth.
    """
    own = BLOCKS.get(int(variant.depth)) if variant.depth.is_integer() else None
    if variant.blocks is None:
        if own is None:
            raise ValueError(
                f"depth {variant.depth:g} has no block layout; known depths: {', '.join(map(str, BLOCKS))};"
                " any other needs `blocks`, four numbers that make 3 * sum + 2 the depth"
            )
        return own
    if own is not None and variant.blocks != own:
        raise ValueError(
            f"blocks {dashed(variant.blocks)} are not those of depth {variant.depth:g}, which are {dashed(own)}: leave"
            " them out, or give another depth"
        )
    if own is None and (layers := 3 * sum(variant.blocks) + 2) != variant.depth:
        raise ValueError(f"blocks {dashed(variant.blocks)} make depth {layers}, not {variant.depth:g}")
    return variant.blocks


def dashed(blocks: Blocks) -> str:
    """`3-4-6-3`, as the paper's tables have it."""
    return "-".join(map(str, blocks))


def scaled(filters: int, width: float) -> int:
    """`int(filters * width)`, not rounded, stem included: as the FLOPs of Figure 2 fit and Model Garden does."""
    return int(filters * width)


def check(variant: Variant) -> None:
    """Stops at what cannot be built.

    Raises:
        ValueError: for a depth without a layout or with two, a width that leaves a layer without filters, a resolution
            below the network's stride, or options that exclude each other.
    """
    layout(variant)
    if variant.stem == "paper_text" and not variant.resnet_d:
        raise ValueError("stem paper_text has the three convolutions of ResNet-D: it cannot go with resnet_d: false")
    narrowest = 64 if variant.stem == "small" or not variant.resnet_d else 32
    if scaled(narrowest, variant.width) < 1:
        raise ValueError(f"width {variant.width:g} leaves a layer without filters; use at least {1 / narrowest:g}")
    if variant.resolution < STRIDE[variant.stem]:
        raise ValueError(
            f"resolution {variant.resolution} is below the network's stride of {STRIDE[variant.stem]} pixels"
            + ("; use a higher one, or stem: small" if variant.stem != "small" else "")
        )


def _activation(variant: Variant) -> Activation:
    return variant.activation or "relu"


def _stem(variant: Variant) -> tuple[Layer, ...]:
    """What comes before stage c2, by stem.

    `resnet_rs`: three 3x3 and a strided 3x3 in place of max pooling (released code). `resnet_d`: max pooling instead.
    `paper_text`: neither; stage c2 does that striding (section 4.1). `small`: one 3x3, nothing strided. Without
    ResNet-D the first two are one 7x7 and max pooling (He et al., arXiv 1512.03385).
    """
    act, wide, narrow = _activation(variant), scaled(64, variant.width), scaled(32, variant.width)
    pool = Pool("stem_pool", "max", 3, 2)
    if variant.stem == "small":
        return conv_norm_act("stem_1", wide, 3, 1, act)
    if not variant.resnet_d:
        return (*conv_norm_act("stem_1", wide, 7, 2, act), pool)
    convolutions = (
        *conv_norm_act("stem_1", narrow, 3, 2, act),
        *conv_norm_act("stem_2", narrow, 3, 1, act),
        *conv_norm_act("stem_3", wide, 3, 1, act),
    )
    match variant.stem:
        case "resnet_rs":
            return (*convolutions, *conv_norm_act("stem_4", wide, 3, 2, act))
        case "resnet_d":
            return (*convolutions, pool)
        case "paper_text":
            return convolutions


def _stages(variant: Variant, blocks: Blocks, stochastic_depth: float) -> Iterator[Layer]:
    """Stages c2 to c5. The drop rate grows by stage, not by block: `rate * stage / 5` (released `resnet_model.py`)."""
    first_strided = 2 if variant.stem == "paper_text" else 3
    for stage, (repeats, filters) in enumerate(zip(blocks, FILTERS, strict=True), start=2):
        for block in range(1, repeats + 1):
            yield from _bottleneck(
                f"stage{stage}_block{block}",
                variant,
                scaled(filters, variant.width),
                stride=2 if block == 1 and stage >= first_strided else 1,
                projected=block == 1,
                drop_rate=stochastic_depth * stage / 5,
            )


def _bottleneck(
    name: str, variant: Variant, filters: int, stride: int, projected: bool, drop_rate: float
) -> tuple[Layer, ...]:
    act = _activation(variant)
    channels = EXPANSION * filters
    branch: list[Layer] = [
        *conv_norm_act(f"{name}_1", filters, 1, 1, act),
        *conv_norm_act(f"{name}_2", filters, 3, stride, act),
        Conv(f"{name}_3_conv", channels),
        Norm(f"{name}_3_norm", zero_scale=True),
    ]
    if variant.se_ratio:
        branch.append(squeeze_excite(name, channels, max(1, int(channels * variant.se_ratio)), act))
    shortcut = _shortcut(name, channels, stride, pooled=variant.resnet_d) if projected else ()
    return (
        Residual(f"{name}_add", tuple(branch), shortcut, drop_rate),
        Activate(f"{name}_out", act),
    )


def _shortcut(name: str, channels: int, stride: int, pooled: bool) -> tuple[Layer, ...]:
    """A 1x1 convolution; in ResNet-D average pooling does the striding, so that it sees every pixel."""
    norm = Norm(f"{name}_shortcut_norm")
    if pooled and stride == 2:
        return (Pool(f"{name}_shortcut_pool", "average", 2, 2), Conv(f"{name}_shortcut_conv", channels), norm)
    return (Conv(f"{name}_shortcut_conv", channels, stride=stride), norm)
