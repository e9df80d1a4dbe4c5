"""What a worker computes in where a recipe leaves it to the device: `precision: auto`. Needs no Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scaling.datasets import DatasetInfo
from scaling.models import cost
from scaling.schema import Precision, Recipe, Variant

LEAST_MACS = 5e6
"""Multiply-accumulates for an image from which a network is trained faster in bfloat16 on a processor.

On one core with `avx512_bf16`, TensorFlow: `14x0.0625@14` (0.4e6), `50x0.0625@14` (1.2e6) and `14x0.125@14` (1.6e6)
0.54, 0.54 and 0.72 times as fast as in float32; `14x0.25@14` (6e6) 1.20, `14x0.25@32` (28e6) 1.30, `14@32` (445e6) 1.46
times. ResNet-RS-50@160 on two cores is in benchmarks/results.md.
"""

INSTRUCTIONS = frozenset({"amx_bf16", "avx512_bf16"})
"""Of `scaling.machine.BFLOAT16`, those with which it pays; of Arm's nothing was measured."""

LEAST_CAPABILITY = 8
"""Compute capability of the first of NVIDIA's GPUs that multiply in bfloat16."""


@dataclass(frozen=True)
class Multiplier:
    """What multiplies: a device, and what tells whether it does so in bfloat16.

    Attributes:
        kind: of device.
        capability: of a GPU, the whole part of NVIDIA's compute capability, of several the least; 0 of other makers'.
        instructions: of a processor, those of `scaling.machine.BFLOAT16` that it has.
    """

    kind: Literal["cpu", "gpu", "tpu"]
    capability: int = 0
    instructions: tuple[str, ...] = ()


def chosen(on: Multiplier, macs: int) -> Precision:
    """Bfloat16 where the device multiplies in it and a network of so many multiply-accumulates gains by it."""
    if on.kind == "cpu":
        pays = not INSTRUCTIONS.isdisjoint(on.instructions) and is_large(macs)
    else:
        pays = on.kind == "tpu" or on.capability >= LEAST_CAPABILITY
    return "mixed_bfloat16" if pays else "float32"


def is_large(macs: int) -> bool:
    """Whether bfloat16 pays on a processor that multiplies in it: a small network is slowed by what is beside it."""
    return macs >= LEAST_MACS


def of_recipe(recipe: Recipe, variant: Variant, info: DatasetInfo) -> Precision:
    """What this process computes a network in: what its recipe says, else what its devices are for, by Keras."""
    if recipe.precision != "auto":
        return recipe.precision
    from scaling.runner.compute import backend

    return chosen(backend.multiplier(), cost(variant, channels=info.channels, classes=info.classes).macs)
