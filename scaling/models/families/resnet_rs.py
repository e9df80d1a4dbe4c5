"""ResNet-RS as data (arXiv 2103.07579; released code: github.com/tensorflow/tpu, models/official/resnet)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TypeAlias

from scaling.models import layouts
from scaling.models.architecture import (
    Activate,
    Activation,
    Conv,
    Dense,
    Dropout,
    GlobalPool,
    Layer,
    Norm,
    Pool,
    Residual,
    conv_norm_act,
    squeeze_excite,
)
from scaling.models.family import Family, Head, Named, dashed
from scaling.models.layouts import Target
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


def layers(variant: Variant, head: Head) -> tuple[Layer, ...]:
    """The network, for a variant that `check` lets pass; stochastic depth is the deepest stage's, see `_stages`."""
    return (
        *_stem(variant),
        *_stages(variant, layout(variant), head.stochastic_depth),
        GlobalPool("head_pool"),
        Dropout("head_dropout", head.dropout),
        Dense("head_dense", head.classes),
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


def with_blocks(variant: Variant, blocks: tuple[int, ...]) -> Variant:
    """The variant with other blocks: by the name of their depth where they have one."""
    c2, c3, c4, c5 = blocks
    depth = _DEPTHS.get((c2, c3, c4, c5))
    if depth is not None:
        return variant.model_copy(update={"depth": float(depth), "blocks": None})
    return variant.model_copy(update={"depth": float(3 * sum(blocks) + 2), "blocks": (c2, c3, c4, c5)})


def deepened(variant: Variant, factor: float) -> dict[str, object]:
    """Depth and blocks where the number of blocks is multiplied.

    Stages c3 and c4 take all growth, keeping their ratio, as from ResNet-270 on (Appendix D, seen in translation). A
    number of blocks that has a name (26, 50, 101 ...) gets the layout of that name.
    """
    c2, c3, c4, c5 = layout(variant)
    total = max(math.floor(sum((c2, c3, c4, c5)) * factor + 0.5), c2 + c5 + 2)
    depth = 3 * total + 2
    if depth in BLOCKS:
        return {"depth": float(depth), "blocks": None}
    inner = total - c2 - c5
    third = min(max(math.floor(inner * c3 / (c3 + c4) + 0.5), 1), inner - 1)
    grown = with_blocks(variant, (c2, third, inner - third, c5))
    return {"depth": grown.depth, "blocks": grown.blocks}


# timm/models/resnet.py: a deep stem is a Sequential of conv, norm, act, ...; `maxpool` kept its name when a strided
# convolution took its place.
TIMM_STEM = {
    "conv1.0": "stem_1_conv",
    "conv1.1": "stem_1_norm",
    "conv1.3": "stem_2_conv",
    "conv1.4": "stem_2_norm",
    "conv1.6": "stem_3_conv",
    "bn1": "stem_3_norm",
    "maxpool.0": "stem_4_conv",
    "maxpool.1": "stem_4_norm",
    "fc": "head_dense",
}
TIMM_BLOCK = {
    "conv1": "1_conv",
    "bn1": "1_norm",
    "conv2": "2_conv",
    "bn2": "2_norm",
    "conv3": "3_conv",
    "bn3": "3_norm",
    "se.fc1": "se_reduce",
    "se.fc2": "se_expand",
    "downsample.1": "shortcut_conv",
    "downsample.2": "shortcut_norm",
}


def timm(name: str) -> Target | None:
    """Names of timm's `resnetrs*`: `layer1.0.conv1.weight`."""
    return timm_tensor(name, TIMM_STEM, TIMM_BLOCK)


def timm_tensor(name: str, stem: dict[str, str], block: dict[str, str]) -> Target | None:
    """Names of timm's ResNets, which call the parts of their stems and shortcuts differently."""
    module, _, leaf = name.rpartition(".")
    if match := re.fullmatch(r"layer([1-4])\.(\d+)\.(.+)", module):
        stage, index, part = match.groups()
        layer = f"stage{int(stage) + 1}_block{int(index) + 1}_{block[part]}" if part in block else None
    else:
        layer = stem.get(module)
    if layer is None:
        return None
    kind = "norm" if layer.endswith("_norm") else "dense" if layer == "head_dense" else "conv"
    return layouts.torch(layer, leaf, kind)


# keras 2, keras/applications/resnet_rs.py; the stem's number counts the stems built before it in that process, and the
# first norm of a block has one underscore less than the others.
_KERAS_2 = [
    (r"stem_\d+_stem_conv_([1-4])", r"stem_\1_conv"),
    (r"stem_\d+_stem_batch_norm_([1-4])", r"stem_\1_norm"),
    (r"BlockGroup([2-5])__block_(\d+)__conv_([1-3])", r"stage\1_block\2_\3_conv"),
    (r"BlockGroup([2-5])__block_(\d+)__?batch_norm_([1-3])", r"stage\1_block\2_\3_norm"),
    (r"BlockGroup([2-5])__block_(\d+)__se_se_(reduce|expand)", r"stage\1_block\2_se_\3"),
    (r"BlockGroup([2-5])__block_(\d+)__projection_conv", r"stage\1_block\2_shortcut_conv"),
    (r"BlockGroup([2-5])__block_(\d+)__projection_batch_norm", r"stage\1_block\2_shortcut_norm"),
    (r"predictions", r"head_dense"),
]


def keras_2(name: str) -> Target | None:
    """Names of Keras 2's `ResNetRS*`: `BlockGroup2__block_0__conv_1/kernel`, laid out as ours, blocks from 0."""
    module, _, leaf = name.rpartition("/")
    for pattern, ours in _KERAS_2:
        if match := re.fullmatch(pattern, module):
            layer = re.sub(r"_block(\d+)", lambda m: f"_block{int(m[1]) + 1}", match.expand(ours))
            return layouts.keras(layer, leaf, "dense" if layer == "head_dense" else "conv")
    return None


def unloadable(variant: Variant) -> str | None:
    """Why none of the released checkpoints is of this variant."""
    if variant.stem == "resnet_rs" and variant.resnet_d:
        return None
    plain = "" if variant.resnet_d else " and resnet_d: false"
    return f"stem {variant.stem}{plain}: the released weights are for stem resnet_rs with resnet_d"


def _timm_name(name: str) -> str | None:
    match = re.fullmatch(r"resnetrs(\d+)", name)
    return f"resnet_rs_{match[1]}" if match else None


_DEPTHS = {blocks: depth for depth, blocks in BLOCKS.items()}

FAMILY: Family = Family(
    name="resnet_rs",
    title="ResNet-RS",
    layers=layers,
    stride=lambda variant: STRIDE[variant.stem],
    check=check,
    named={str(depth): Named(float(depth)) for depth in BLOCKS},
    blocks=layout,
    with_blocks=with_blocks,
    deepened=deepened,
    timm=_timm_name,
    layouts=lambda variant: (timm, keras_2, layouts.tensorflow_1(layers(variant, Head(3, 1000)))),
    unloadable=unloadable,
    cpu_utilisation=0.3,
)
