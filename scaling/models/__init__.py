"""Networks as data, what they cost, and the Keras models built from them."""

from __future__ import annotations

from scaling.models import efficientnet, resnet_rs
from scaling.models.architecture import Network
from scaling.models.complexity import Complexity, count
from scaling.schema import Variant

__all__ = ["Complexity", "Network", "check", "count", "describe"]

_NETWORKS = {"resnet_rs": resnet_rs.network, "efficientnet": efficientnet.network}
_CHECKS = {"resnet_rs": resnet_rs.check, "efficientnet": efficientnet.check}

LARGEST = {"resnet_rs": {"depth": 2000, "width": 64}, "efficientnet": {"depth": 40, "width": 64}}
"""No network comes near; a slip of the pen such as a depth of `1.0e9` would be written down for years."""

LARGEST_RESOLUTION = 16_384
"""Pixels a side, likewise."""


def check(variant: Variant) -> None:
    """Stops at a variant that cannot be built, without writing its network down.

    Raises:
        ValueError: the message starts with the field of the variant at fault.
    """
    for axis, most in {**LARGEST[variant.family], "resolution": LARGEST_RESOLUTION}.items():
        if (value := getattr(variant, axis)) > most:
            raise ValueError(f"{axis} {value:g} is more than {most}, the largest that is planned for")
    _CHECKS[variant.family](variant)


def describe(
    variant: Variant, *, channels: int, classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0
) -> Network:
    """Writes a variant's network down as data; see `resnet_rs.network` and `efficientnet.network`.

    Raises:
        ValueError: as `check`.
    """
    check(variant)
    return _NETWORKS[variant.family](variant, channels, classes, dropout, stochastic_depth)
