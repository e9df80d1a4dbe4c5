"""What becomes of gradients: clipping, the optimiser, running averages, and the scale of the loss in float16.

All in `keras.ops`, from lists of tensors to lists of tensors. An optimiser is an entry of `OPTIMIZERS`; its `slots` are
in the state, and so in each checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from scaling.runner.compute import backend
from scaling.runner.compute.backend import State, Tensor
from scaling.runner.compute.rates import Rates

RMSPROP_DECAY, RMSPROP_EPSILON = 0.9, 0.001
"""Of the released EfficientNet (github.com/tensorflow/tpu, models/official/efficientnet, `utils.build_optimizer`)."""

FIRST_LOSS_SCALE = 2.0**15
GOOD_STEPS_TO_GROW = 2000
"""Steps without overflow after which the scale is doubled (arXiv 1710.03740 has the method, TensorFlow this number)."""


@dataclass(frozen=True)
class Optimizer:
    """How gradients move weights.

    Attributes:
        slots: by name, the value that an array beside each trainable one begins with.
        update: from the state, the gradients with the penalty's in them, and the rates of the step to what `trainable`
            and each slot change by.
    """

    slots: Mapping[str, float]
    update: Callable[[State, list[Tensor], Rates], State]

    def init(self, trainable: Sequence[NDArray[Any]]) -> dict[str, list[NDArray[Any]]]:
        """The slots before the first step."""
        return {slot: [np.full_like(array, first) for array in trainable] for slot, first in self.slots.items()}

    def changes(
        self, state: State, gradients: list[Tensor], decayed: Sequence[Tensor], rates: Rates, clips: bool
    ) -> State:
        """What a step changes `trainable` and the slots by.

        Args:
            state: `trainable` weights and the slots.
            gradients: of the loss.
            decayed: 1 where the penalty counts a weight, else 0.
            rates: of the step.
            clips: whether gradients are shortened to `rates.clip_norm`.
        """
        if clips:
            gradients = clipped(gradients, rates.clip_norm)
        state = {name: backend.after(gradients, state[name]) for name in ("trainable", *self.slots)}
        gradients = [
            gradient + rates.weight_decay * counts * weight
            for gradient, weight, counts in zip(gradients, state["trainable"], decayed, strict=True)
        ]
        return self.update(state, gradients, rates)


def _momentum(state: State, gradients: list[Tensor], rates: Rates, nesterov: bool = False) -> State:
    """SGD as the released code has it: `v = m v + g`; `w = w - lr v`, or `w = w - lr (m v + g)` in Nesterov's form."""
    before = state["velocity"]
    velocity = [rates.momentum * v + gradient for v, gradient in zip(before, gradients, strict=True)]
    moves = velocity
    if nesterov:
        moves = [rates.momentum * v + gradient for v, gradient in zip(velocity, gradients, strict=True)]
    return {
        "trainable": [-rates.learning_rate * move for move in moves],
        "velocity": [new - old for new, old in zip(velocity, before, strict=True)],
    }


def _rmsprop(state: State, gradients: list[Tensor], rates: Rates) -> State:
    """RMSProp as TensorFlow 1 has it; `s` begins at 1.

    `s = s + (g^2 - s)(1 - decay)`; `v = m v + lr g / sqrt(s + epsilon)`; `w = w - v`.
    """
    squares, before = state["mean_square"], state["velocity"]
    growth = [(ops.square(g) - s) * (1 - RMSPROP_DECAY) for g, s in zip(gradients, squares, strict=True)]
    velocity = [
        rates.momentum * v + rates.learning_rate * g / ops.sqrt(s + by + RMSPROP_EPSILON)
        for v, g, s, by in zip(before, gradients, squares, growth, strict=True)
    ]
    return {
        "trainable": [-v for v in velocity],
        "mean_square": growth,
        "velocity": [new - old for new, old in zip(velocity, before, strict=True)],
    }


OPTIMIZERS = {
    "sgd": Optimizer({"velocity": 0.0}, _momentum),
    "nesterov": Optimizer({"velocity": 0.0}, partial(_momentum, nesterov=True)),
    "rmsprop": Optimizer({"mean_square": 1.0, "velocity": 0.0}, _rmsprop),
}
"""By the recipe's `optimizer`; SGD is called `nesterov` where the recipe has its form."""


def clipped(gradients: list[Tensor], norm: Tensor) -> list[Tensor]:
    """Gradients shortened to `norm` where they are longer, all together as one vector."""
    length = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    factor = norm / ops.maximum(length, norm)
    return [gradient * factor for gradient in gradients]


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


def if_finite(gradients: list[Tensor], changes: State, scaling: list[Tensor], loss: Tensor) -> tuple[State, Tensor]:
    """The changes of a step whose gradients are numbers; else none, but half the scale of the loss.

    A loss scaled by 1 that still has no gradients has none at all, and becomes NaN.

    Args:
        gradients: the gradients.
        changes: what the step would do to the state.
        scaling: the scale of the loss, and the good steps since it changed.
        loss: of the step.
    """
    finite = ops.all(ops.stack([ops.all(ops.isfinite(gradient)) for gradient in gradients]))
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
