"""Networks as data, what they cost, and the Keras models built from them."""

from __future__ import annotations

from scaling.models import efficientnet, resnet_rs
from scaling.models.architecture import Network
from scaling.models.complexity import Complexity, count
from scaling.schema import Variant

__all__ = ["Complexity", "Network", "count", "describe"]

_FAMILIES = {"resnet_rs": resnet_rs.network, "efficientnet": efficientnet.network}


def describe(
    variant: Variant, *, channels: int, classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0
) -> Network:
    """Writes a variant's network down as data; see `resnet_rs.network` and `efficientnet.network`.

    Raises:
        ValueError: where the family cannot be built so.
    """
    return _FAMILIES[variant.family](variant, channels, classes, dropout, stochastic_depth)
