"""What a variant costs on a data set, counted once."""

from __future__ import annotations

import functools
from dataclasses import astuple

from scaling.datasets import DatasetFacts
from scaling.models import LARGEST, Complexity, count, describe, resnet_rs
from scaling.schema import Variant


def size(variant: Variant, facts: DatasetFacts) -> Complexity:
    """Parameters, multiply-accumulates and activations of a variant on pictures of this kind.

    Raises:
        ValueError: where the family cannot be built so; the message starts with the field at fault.
    """
    return _size(variant, facts.channels, facts.classes)


@functools.lru_cache(maxsize=20_000)
def _size(variant: Variant, channels: int, classes: int) -> Complexity:
    if variant.family != "resnet_rs" or variant.depth > LARGEST["resnet_rs"]["depth"]:
        return count(describe(variant, channels=channels, classes=classes))
    blocks = resnet_rs.layout(variant)
    smallest, each = _by_stage(variant.model_copy(update={"depth": 14.0, "blocks": None}), channels, classes)
    further = [(repeats - 1, astuple(cost)) for repeats, cost in zip(blocks, each, strict=True)]
    return smallest + Complexity(*(sum(times * cost[part] for times, cost in further) for part in range(3)))


@functools.lru_cache(maxsize=20_000)
def _by_stage(smallest: Variant, channels: int, classes: int) -> tuple[Complexity, list[Complexity]]:
    """The cost of a ResNet-RS of one block a stage, and of each further block in stages c2 to c5.

    Further blocks of a stage are all alike, so that networks of any depth follow from five small ones, exactly. A grid
    of 175 cells up to depth 400 is counted in a tenth of the time.
    """
    one = count(describe(smallest, channels=channels, classes=classes))
    further = []
    for stage in range(4):
        blocks = tuple(2 if index == stage else 1 for index in range(4))
        longer = smallest.model_copy(update={"depth": 17.0, "blocks": blocks})
        two = count(describe(longer, channels=channels, classes=classes))
        further.append(Complexity(two.params - one.params, two.macs - one.macs, two.activations - one.activations))
    return one, further
