"""Names that people type, and the variants they stand for: `resnet_rs_101x1.5@224`, `efficientnet_b4@256`."""

from __future__ import annotations

import difflib
import re

from scaling.models import describe
from scaling.models.efficientnet import NAMED
from scaling.models.resnet_rs import BLOCKS
from scaling.schema import Variant

EXAMPLES = "resnet_rs_50@160, resnet_rs_101x1.5@224, efficientnet_b3, efficientnet_b4@256"

FAMILY_TITLE = {"resnet_rs": "ResNet-RS", "efficientnet": "EfficientNet"}
"""What people call them."""

_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_SCALED = re.compile(rf"(resnet_rs|efficientnet)_({_NUMBER})(?:x({_NUMBER}))?")
_RESOLUTION = re.compile(r"[0-9]{1,9}")


def parse(text: str) -> Variant:
    """The variant that a name stands for.

    A name is a family, an underscore, the depth, and where they are not 1 and the named network's own, `x` width and
    `@` resolution. EfficientNets have names of their own (`b0` to `b8`, `l2`); their compound coefficients do as well
    (`efficientnet_1.4x1.2@300`).

    Args:
        text: the name.

    Raises:
        ValueError: for a name that is not known (with the nearest one), lacks its resolution, or names what cannot be
            built for ImageNet.
    """
    base, at, resolution = text.partition("@")
    if at and not _RESOLUTION.fullmatch(resolution):
        raise ValueError(f"{text}: {resolution!r} is no resolution in pixels; names look like {EXAMPLES}")
    variant = _variant(text, base, int(resolution) if at else None)
    try:
        describe(variant, channels=3, classes=1000)
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None
    return variant


def name_of(variant: Variant) -> str:
    """The name that `parse` reads as this variant again, save for the options of its family, which names leave out."""
    if variant.family == "efficientnet":
        for name, its in NAMED.items():
            if (its.width, its.depth) == (variant.width, variant.depth):
                own = variant.resolution == its.resolution
                return f"efficientnet_{name}" + ("" if own else f"@{variant.resolution}")
    width = "" if variant.width == 1 else f"x{_shortest(variant.width)}"
    return f"{variant.family}_{_shortest(variant.depth)}{width}@{variant.resolution}"


def known() -> list[str]:
    """All names with a layout or coefficients of their own, at width 1 and without resolution."""
    return [f"resnet_rs_{depth}" for depth in BLOCKS] + [f"efficientnet_{name}" for name in NAMED]


def _variant(text: str, base: str, resolution: int | None) -> Variant:
    own = NAMED.get(base.removeprefix("efficientnet_")) if base.startswith("efficientnet_") else None
    if own is not None:
        return _checked(
            text, "efficientnet", own.depth, own.width, own.resolution if resolution is None else resolution
        )
    if not (match := _SCALED.fullmatch(base)):
        raise ValueError(f"{text!r} names no model{_did_you_mean(base)}; names look like {EXAMPLES}")
    if resolution is None:
        raise ValueError(f"{text} has no resolution of its own: add @ and the pixels a side, such as {base}@224")
    family, depth, width = match.groups()
    return _checked(text, family, float(depth), float(width or 1), resolution)


def _checked(text: str, family: str, depth: float, width: float, resolution: int) -> Variant:
    """The variant, where each number is one that the schema takes."""
    for axis, value in {"depth": depth, "width": width, "resolution": resolution}.items():
        if not 0 < value < float("inf"):
            raise ValueError(f"{text}: {axis} {value:g} is no finite number above 0")
    return Variant.model_validate({"family": family, "depth": depth, "width": width, "resolution": resolution})


def _did_you_mean(base: str) -> str:
    """Says which known name comes nearest, spelling of case, hyphens and underscores aside."""
    plain = {re.sub(r"[-_ ]", "", name): name for name in known()}
    near = difflib.get_close_matches(re.sub(r"[-_ ]", "", base.lower()), plain, n=1)
    return f"; did you mean {plain[near[0]]!r}?" if near else ""


def _shortest(value: float) -> str:
    """As few digits as give the number back: `50`, `0.375`."""
    return short if float(short := f"{value:g}") == value else repr(value)


def title(name: str) -> str:
    """A family as people call it; any other name as it stands."""
    return FAMILY_TITLE.get(name, name)
