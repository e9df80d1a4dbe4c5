"""What becomes of gradients: clipping, SGD with momentum, running averages, and the scale of the loss in float16.

All in `keras.ops`, from lists of tensors to lists of tensors.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from scaling.runner.compute import backend
from scaling.runner.compute.backend import Settings, State, Tensor

FIRST_LOSS_SCALE = 2.0**15
GOOD_STEPS_TO_GROW = 2000
"""Steps without overflow after which the scale is doubled (arXiv 1710.03740 has the method, TensorFlow this number)."""


def sgd(state: State, slopes: list[Tensor], decayed: Sequence[Tensor], nesterov: bool, rates: Settings) -> State:
    """SGD with momentum as the released code has it: what `trainable` and `velocity` change by.

    `v = m v + g + d w`; `w = w - lr v`, or `w = w - lr (m v + g + d w)` in Nesterov's form.

    Args:
        state: `trainable` weights and their `velocity`.
        slopes: gradients of the loss.
        decayed: 1 where the penalty counts a weight, else 0.
        nesterov: which form.
        rates: `learning_rate`, `momentum`, `weight_decay`; `clip_norm` where gradients are clipped.
    """
    momentum = rates["momentum"]
    if "clip_norm" in rates:
        slopes = clipped(slopes, rates["clip_norm"])
    weights, before = (backend.after(slopes, state[name]) for name in ("trainable", "velocity"))
    slopes = [
        slope + rates["weight_decay"] * counts * weight
        for slope, weight, counts in zip(slopes, weights, decayed, strict=True)
    ]
    velocity = [momentum * v + slope for v, slope in zip(before, slopes, strict=True)]
    moves = velocity
    if nesterov:
        moves = [momentum * v + slope for v, slope in zip(velocity, slopes, strict=True)]
    return {
        "trainable": [-rates["learning_rate"] * move for move in moves],
        "velocity": [new - old for new, old in zip(velocity, before, strict=True)],
    }


def clipped(slopes: list[Tensor], norm: Tensor) -> list[Tensor]:
    """Gradients shortened to `norm` where they are longer, all together as one vector."""
    length = ops.sqrt(sum(ops.sum(ops.square(slope)) for slope in slopes))
    factor = norm / ops.maximum(length, norm)
    return [slope * factor for slope in slopes]


def averaged(averages: list[Tensor], values: list[Tensor], decay: Tensor) -> list[Tensor]:
    """What averages change by: `(1 - decay) * (value - average)`; what is no real number is carried over."""
    return [
        (1 - decay) * (value - average) if is_real(value) else value - average
        for average, value in zip(averages, values, strict=True)
    ]


def is_real(tensor: Tensor) -> bool:
    """Whether it holds real numbers, not a random state."""
    return "float" in keras.backend.standardize_dtype(tensor.dtype)


def first_loss_scale() -> list[Tensor]:
    """What the scale of the loss is before the first step: the scale, and the good steps since it changed."""
    return [np.float32(FIRST_LOSS_SCALE), np.float32(0)]


def if_finite(slopes: list[Tensor], changes: State, scaling: list[Tensor], loss: Tensor) -> tuple[State, Tensor]:
    """The changes of a step whose gradients are numbers; else none, but half the scale of the loss.

    A loss scaled by 1 that still has no gradients has none at all, and becomes NaN.

    Args:
        slopes: the gradients.
        changes: what the step would do to the state.
        scaling: the scale of the loss, and the good steps since it changed.
        loss: of the step.
    """
    finite = ops.all(ops.stack([ops.all(ops.isfinite(slope)) for slope in slopes]))
    scale, good = scaling
    grown = good + 1 >= GOOD_STEPS_TO_GROW
    chosen: State = {
        name: [ops.where(finite, change, ops.zeros_like(change)) for change in of_name]
        for name, of_name in changes.items()
    }
    chosen["loss_scale"] = [
        ops.where(finite, ops.where(grown, scale, 0.0), ops.maximum(scale / 2, 1.0) - scale),
        ops.where(ops.logical_and(finite, ops.logical_not(grown)), 1.0, -good),
    ]
    return chosen, ops.where(ops.logical_or(finite, scale > 1), loss, float("nan"))
