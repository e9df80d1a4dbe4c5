"""Names that people type, and the variants they stand for: `resnet_rs_101x1.5@224`, `efficientnet_b4@256`."""

from __future__ import annotations

import difflib
import re

from scaling import models
from scaling.models.families import BUILT_IN
from scaling.models.family import Family, Named
from scaling.schema import Variant

EXAMPLES = "resnet_rs_50@160, resnet_rs_101x1.5@224, efficientnet_b3, efficientnet_b4@256"

_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_SCALED = re.compile(rf"({_NUMBER})(?:x({_NUMBER}))?")
_RESOLUTION = re.compile(r"[0-9]{1,9}")


def parse(text: str) -> Variant:
    """The variant that a name stands for.

    A name is a family, an underscore, the depth or a member's own name (`b4`), and where they are not 1 and the named
    network's own, `x` width and `@` resolution.

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
        models.cost(variant, channels=3, classes=1000)
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None
    return variant


def name_of(variant: Variant) -> str:
    """The name that `parse` reads as this variant again, save for options that no member with a name has."""
    family = BUILT_IN.get(variant.family)
    if family and (name := family.name_of(variant)):
        own = variant.resolution == family.named[name].resolution
        return f"{variant.family}_{name}" + ("" if own else f"@{variant.resolution}")
    width = "" if variant.width == 1 else f"x{_shortest(variant.width)}"
    return f"{variant.family}_{_shortest(variant.depth)}{width}@{variant.resolution}"


def known() -> list[str]:
    """All names with a layout or coefficients of their own, at width 1 and without resolution."""
    return [f"{family.name}_{name}" for family in BUILT_IN.values() for name in family.named]


def title(name: str) -> str:
    """A family as people call it; of one's own the function's name; any other name as it stands."""
    return BUILT_IN[name].title if name in BUILT_IN else name.rpartition(":")[2]


def family_named(group: str) -> str | None:
    """The family that a group is called after, by its name or title; None for any other group."""
    if ":" in group:
        return group
    return next((name for name, family in BUILT_IN.items() if group in (name, family.title)), None)


def _variant(text: str, base: str, resolution: int | None) -> Variant:
    for family in BUILT_IN.values():
        rest = base.removeprefix(f"{family.name}_")
        if rest != base and (member := _member(family, rest)):
            if (pixels := member.resolution if resolution is None else resolution) is None:
                raise ValueError(
                    f"{text} has no resolution of its own: add @ and the pixels a side, such as {base}@224"
                )
            return _checked(text, family, member, pixels)
    raise ValueError(f"{text!r} names no model{_did_you_mean(base)}; names look like {EXAMPLES}")


def _member(family: Family, rest: str) -> Named | None:
    if rest in family.named:
        return family.named[rest]
    match = _SCALED.fullmatch(rest)
    return Named(float(match[1]), float(match[2] or 1)) if match else None


def _checked(text: str, family: Family, member: Named, resolution: int) -> Variant:
    """The variant, where each number is one that the schema takes."""
    sizes = {"depth": member.depth, "width": member.width, "resolution": resolution}
    for axis, value in sizes.items():
        if not 0 < value < float("inf"):
            raise ValueError(f"{text}: {axis} {value:g} is no finite number above 0")
    return family.variant({**sizes, **member.options})


def _did_you_mean(base: str) -> str:
    """Says which known name comes nearest, spelling of case, hyphens and underscores aside."""
    plain = {re.sub(r"[-_ ]", "", name): name for name in known()}
    near = difflib.get_close_matches(re.sub(r"[-_ ]", "", base.lower()), plain, n=1)
    return f"; did you mean {plain[near[0]]!r}?" if near else ""


def _shortest(value: float) -> str:
    """As few digits as give the number back: `50`, `0.375`."""
    return short if float(short := f"{value:g}") == value else repr(value)
