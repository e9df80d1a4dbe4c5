"""Networks as data, what they cost, and the Keras models built from them.

A new family is a module in `families`; see `scaling.models.family` for what it tells.
"""

from __future__ import annotations

from scaling.errors import did_you_mean
from scaling.models import outside
from scaling.models.architecture import Network
from scaling.models.complexity import Complexity, count
from scaling.models.families import BUILT_IN
from scaling.models.family import Family, Head, check_sizes
from scaling.schema import Variant

__all__ = ["BUILT_IN", "Complexity", "Family", "Head", "Network", "check", "cost", "count", "describe", "family_of"]


def family_of(name: str) -> Family:
    """The family of this name; of one from outside the text of its module is read, and nothing runs.

    Raises:
        ValueError: for a name that is not known; the message starts with `family`.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    if outside.is_one(name):
        return outside.family(name)
    raise ValueError(
        f"family {name!r} is not known{did_you_mean(name, (*BUILT_IN, *outside.names()))}; one's own is module:function"
    )


def check(variant: Variant) -> None:
    """Stops at a variant that cannot be built, without writing its network down.

    Raises:
        ValueError: the message starts with the field of the variant at fault.
    """
    check_sizes(family_of(variant.family), variant)


def describe(
    variant: Variant, *, channels: int, classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0
) -> Network:
    """Writes a variant's network down as data.

    Args:
        variant: what to describe.
        channels: of an image.
        classes: number of logits.
        dropout: rate before the last dense layer.
        stochastic_depth: drop rate of residual branches, as the family shares it out.

    Raises:
        ValueError: as `check`; and of a family that has no layers as data.
    """
    check(variant)
    family = family_of(variant.family)
    if family.layers is None:
        raise ValueError(f"family {variant.family!r} has no layers as data")
    layers = family.layers(variant, Head(channels, classes, dropout, stochastic_depth))
    return Network(variant.name, variant.resolution, channels, layers)


def cost(variant: Variant, *, channels: int, classes: int) -> Complexity:
    """Parameters, multiply-accumulates and activations of a variant on images of so many channels.

    Raises:
        ValueError: as `check`.
    """
    family = family_of(variant.family)
    if family.count is None:
        return count(describe(variant, channels=channels, classes=classes))
    check(variant)
    return family.count(variant, Head(channels, classes))
