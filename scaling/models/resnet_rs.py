"""ResNet-RS as data (arXiv 2103.07579; released code: github.com/tensorflow/tpu, models/official/resnet)."""

from __future__ import annotations

from collections.abc import Iterator

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
from scaling.schema import Variant

BLOCKS: dict[int, tuple[int, int, int, int]] = {
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

STRIDE = {"resnet_rs": 32, "small": 8}
"""Input pixels a side for each pixel of the last feature map, by stem."""


def network(variant: Variant, channels: int, classes: int, dropout: float, stochastic_depth: float) -> Network:
    """Writes the network down.

    Args:
        variant: of family `resnet_rs`.
        channels: of a picture.
        classes: number of logits.
        dropout: rate before the last dense layer.
        stochastic_depth: drop rate of the deepest stage, see `_stages`.

    Raises:
        ValueError: for a depth without a layout, a width that leaves a layer without filters, or a resolution below
            the network's stride.
    """
    _check(variant)
    return Network(
        name=variant.name,
        resolution=variant.resolution,
        channels=channels,
        layers=(
            *_stem(variant),
            *_stages(variant, stochastic_depth),
            GlobalPool("head_pool"),
            Dropout("head_dropout", dropout),
            Dense("head_dense", classes),
        ),
    )


def _check(variant: Variant) -> None:
    if variant.depth not in BLOCKS:
        raise ValueError(f"depth {variant.depth:g} has no block layout; known depths: {', '.join(map(str, BLOCKS))}")
    narrowest = 64 if variant.stem == "small" else 32
    if scaled(narrowest, variant.width) < 1:
        raise ValueError(f"width {variant.width:g} leaves a layer without filters; use at least {1 / narrowest:g}")
    if variant.resolution < STRIDE[variant.stem]:
        raise ValueError(
            f"resolution {variant.resolution} is below the network's stride of {STRIDE[variant.stem]} pixels"
            + ("; use a higher one, or stem: small" if variant.stem != "small" else "")
        )


def scaled(filters: int, width: float) -> int:
    """`int(filters * width)`, not rounded, stem included: as the FLOPs of Figure 2 fit and Model Garden does."""
    return int(filters * width)


def _stem(variant: Variant) -> tuple[Layer, ...]:
    """Three 3x3 and a strided 3x3 in place of max pooling (released code); for small pictures, one 3x3 unstrided."""
    act: Activation = "relu"
    wide = scaled(64, variant.width)
    if variant.stem == "small":
        return conv_norm_act("stem_1", wide, 3, 1, act)
    narrow = scaled(32, variant.width)
    return (
        *conv_norm_act("stem_1", narrow, 3, 2, act),
        *conv_norm_act("stem_2", narrow, 3, 1, act),
        *conv_norm_act("stem_3", wide, 3, 1, act),
        *conv_norm_act("stem_4", wide, 3, 2, act),
    )


def _stages(variant: Variant, stochastic_depth: float) -> Iterator[Layer]:
    """Stages c2 to c5. The drop rate grows by stage, not by block: `rate * stage / 5` (released `resnet_model.py`)."""
    for stage, (blocks, filters) in enumerate(zip(BLOCKS[int(variant.depth)], FILTERS, strict=True), start=2):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            yield from _bottleneck(
                f"stage{stage}_block{block}",
                variant,
                scaled(filters, variant.width),
                stride,
                projected=block == 1,
                drop_rate=stochastic_depth * stage / 5,
            )


def _bottleneck(
    name: str, variant: Variant, filters: int, stride: int, projected: bool, drop_rate: float
) -> tuple[Layer, ...]:
    act: Activation = "relu"
    channels = EXPANSION * filters
    branch: list[Layer] = [
        *conv_norm_act(f"{name}_1", filters, 1, 1, act),
        *conv_norm_act(f"{name}_2", filters, 3, stride, act),
        Conv(f"{name}_3_conv", channels),
        Norm(f"{name}_3_norm", zero_scale=True),
    ]
    if variant.se_ratio:
        branch.append(squeeze_excite(name, channels, max(1, int(channels * variant.se_ratio)), act))
    shortcut = _shortcut(name, channels, stride) if projected else ()
    return (
        Residual(f"{name}_add", tuple(branch), shortcut, drop_rate),
        Activate(f"{name}_out", act),
    )


def _shortcut(name: str, channels: int, stride: int) -> tuple[Layer, ...]:
    """ResNet-D: average pooling does the striding, so that the 1x1 convolution sees every pixel."""
    pool: tuple[Layer, ...] = (Pool(f"{name}_shortcut_pool", "average", 2, 2),) if stride == 2 else ()
    return (*pool, Conv(f"{name}_shortcut_conv", channels), Norm(f"{name}_shortcut_norm"))
