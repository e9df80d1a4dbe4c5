"""Vision transformers as data (Dosovitskiy et al., arXiv 2010.11929), as timm builds them.

Depth is the number of blocks, width multiplies the 384 features of ViT-S, in whole heads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaling.models import layouts
from scaling.models.architecture import (
    Activate,
    Attention,
    ClassToken,
    Conv,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    Normal,
    Residual,
    Tokens,
)
from scaling.models.family import Family, Head, Named, Option
from scaling.models.layouts import Target
from scaling.schema import Variant

FEATURES = 384
"""At width 1."""

WEIGHTS = Normal(0.02, truncated=True)
"""Initial weights (timm, models/vision_transformer.py)."""


def features(variant: Variant) -> int:
    """Of a token: whole heads."""
    size = int(FAMILY.option(variant, "head"))
    return size * max(1, round(FEATURES * variant.width / size))


def patch(variant: Variant) -> int:
    """Pixels a side that become one token."""
    return int(FAMILY.option(variant, "patch"))


def check(variant: Variant) -> None:
    """Stops at what cannot be built.

    Raises:
        ValueError: for a depth that is no number of blocks, or a resolution that is no multiple of the patch.
    """
    if not variant.depth.is_integer():
        raise ValueError(f"depth {variant.depth:g} is no number of blocks: whole numbers from 1 on")
    if variant.resolution % patch(variant):
        raise ValueError(f"resolution {variant.resolution} is no multiple of the patch of {patch(variant)} pixels")


def layers(variant: Variant, head: Head) -> tuple[Layer, ...]:
    """The network; the drop rate grows from block to block."""
    side = patch(variant)
    return (
        Conv("patches", features(variant), side, side, bias=True, padding="valid", initial=WEIGHTS),
        Tokens("tokens"),
        *_blocks(variant, head.stochastic_depth),
        LayerNorm("head_norm"),
        ClassToken("head_token"),
        Dropout("head_dropout", head.dropout),
        Dense("head_dense", head.classes, WEIGHTS),
    )


def _blocks(variant: Variant, stochastic_depth: float) -> Iterator[Layer]:
    width, depth = features(variant), int(variant.depth)
    heads = width // int(FAMILY.option(variant, "head"))
    hidden = round(width * float(FAMILY.option(variant, "mlp_ratio")))
    for block in range(1, depth + 1):
        name = f"block{block}"
        drop_rate = stochastic_depth * (block - 1) / max(1, depth - 1)
        attention = (
            LayerNorm(f"{name}_1_norm"),
            Dense(f"{name}_qkv", 3 * width, WEIGHTS),
            Attention(f"{name}_attention", heads),
            Dense(f"{name}_mix", width, WEIGHTS),
        )
        mlp = (
            LayerNorm(f"{name}_2_norm"),
            Dense(f"{name}_expand", hidden, WEIGHTS),
            Activate(f"{name}_act", "gelu"),
            Dense(f"{name}_project", width, WEIGHTS),
        )
        yield Residual(f"{name}_1_add", attention, drop_rate=drop_rate)
        yield Residual(f"{name}_2_add", mlp, drop_rate=drop_rate)


_PARTS = {
    "norm1": ("1_norm", "norm"),
    "attn.qkv": ("qkv", "dense"),
    "attn.proj": ("mix", "dense"),
    "norm2": ("2_norm", "norm"),
    "mlp.fc1": ("expand", "dense"),
    "mlp.fc2": ("project", "dense"),
}
_ENDS = {"patch_embed.proj": ("patches", "conv"), "norm": ("head_norm", "norm"), "head": ("head_dense", "dense")}
_TOKENS = {"cls_token": "tokens/class_token", "pos_embed": "tokens/positions"}


def timm(name: str) -> Target | None:
    """Names of timm's `vit_*_patch*`: `blocks.0.attn.qkv.weight`."""
    if name in _TOKENS:
        return Target(_TOKENS[name], (0, 1, 2))
    module, _, leaf = name.rpartition(".")
    if match := re.fullmatch(r"blocks\.(\d+)\.(.+)", module):
        part, kind = _PARTS.get(match[2], ("", ""))
        return layouts.torch(f"block{int(match[1]) + 1}_{part}", leaf, kind) if part else None
    layer, kind = _ENDS.get(module, ("", ""))
    return layouts.torch(layer, leaf, kind) if layer else None


NAMED = {
    "tiny": Named(12, 0.5),
    "small": Named(12, 1.0),
    "base": Named(12, 2.0),
    "large": Named(24, 1024 / FEATURES),
}
"""ViT-Ti, S, B and L with patches of 16 pixels."""


def _timm_name(name: str) -> str | None:
    match = re.fullmatch(r"vit_(\w+)_patch16_(\d+)", name)
    return f"vit_{match[1]}" if match and match[1] in NAMED else None


FAMILY: Family = Family(
    name="vit",
    title="ViT",
    layers=layers,
    stride=patch,
    resolution_step=patch,
    check=check,
    options={
        "patch": Option(16, "side of the square of pixels that becomes one token"),
        "mlp_ratio": Option(4.0, "hidden features of a block's MLP, as a multiple of the block's own"),
        "head": Option(64, "features of an attention head"),
    },
    named=NAMED,
    deepened=lambda variant, factor: {"depth": float(max(1, round(variant.depth * factor)))},
    timm=_timm_name,
    layouts=lambda variant: (timm,),
    unloadable=lambda variant: None,
    undecayed=frozenset({"gamma", "beta", "class_token", "positions"}),
    largest_depth=1000,
    cpu_utilisation=0.3,
)
