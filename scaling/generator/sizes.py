"""What a variant costs on a data set, counted once."""

from __future__ import annotations

import functools

from scaling.datasets import DatasetInfo
from scaling.models import Complexity, check, cost, describe, family_of
from scaling.models.architecture import Residual
from scaling.models.complexity import layer_costs
from scaling.schema import Variant


def size(variant: Variant, dataset_info: DatasetInfo) -> Complexity:
    """Parameters, multiply-accumulates and activations of a variant on images of this kind.

    Raises:
        ValueError: where the family cannot be built so; the message starts with the field at fault.
    """
    return _size(variant, dataset_info.channels, dataset_info.classes)


@functools.lru_cache(maxsize=20_000)
def _size(variant: Variant, channels: int, classes: int) -> Complexity:
    check(variant)
    family = family_of(variant.family)
    if family.blocks is None or family.with_blocks is None:
        return cost(variant, channels=channels, classes=classes)
    blocks = family.blocks(variant)
    two_each, further = _by_stage(family.with_blocks(variant, (2,) * len(blocks)), channels, classes)
    return sum(((repeats - 2) * more for repeats, more in zip(blocks, further, strict=True)), two_each)


@functools.lru_cache(maxsize=20_000)
def _by_stage(two_each: Variant, channels: int, classes: int) -> tuple[Complexity, tuple[Complexity, ...]]:
    """The cost of a network of two blocks a stage, and of each further block of each stage.

    Further blocks of a stage are all alike, so that networks of any depth follow from a small one, exactly. A grid of
    175 cells up to depth 400 is counted in a fortieth of the time.
    """
    network = describe(two_each, channels=channels, classes=classes)
    costs = list(layer_costs(network))
    blocks = [
        layer_cost for layer, layer_cost in zip(network.layers, costs, strict=True) if isinstance(layer, Residual)
    ]
    return sum(costs, Complexity()), tuple(blocks[1::2])
