"""A variant compiled once: one training step, evaluation and a forward pass, as pure functions of a state.

What differs between trials of the same program (seed, epochs, learning rate, penalties, averaging) goes in as data, so
that nothing is compiled again for it. The mathematics is written once, in `keras.ops`, for every backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from scaling.datasets import DatasetFacts
from scaling.models.build import build, initialize
from scaling.runner.backend import State, Tensor, compiled, compiled_step, gradients, held
from scaling.schema import Recipe, Variant


@dataclass(frozen=True)
class ProgramKey:
    """What a compiled program depends on; trials with equal keys share one."""

    variant: Variant
    facts: DatasetFacts
    dropout: float
    stochastic_depth: float
    batch_norm_momentum: float
    nesterov: bool
    precision: str

    @classmethod
    def of(cls, variant: Variant, facts: DatasetFacts, recipe: Recipe) -> ProgramKey:
        return cls(
            variant=variant,
            facts=facts,
            dropout=recipe.dropout,
            stochastic_depth=recipe.stochastic_depth,
            batch_norm_momentum=recipe.batch_norm_momentum,
            nesterov=recipe.nesterov,
            precision=recipe.precision,
        )

    def __hash__(self) -> int:
        return hash((self.variant, self.facts.name))


class Program:
    """A compiled network with the state of its training.

    The state has five lists: `trainable` and `fixed` weights (batch-norm statistics, random states), the `velocity` of
    each trainable one, and the averages `average_trainable` and `average_fixed`.
    """

    def __init__(self, key: ProgramKey) -> None:
        self.key = key
        self._model = build(
            key.variant,
            classes=key.facts.classes,
            mean=key.facts.mean,
            std=key.facts.std,
            dropout=key.dropout,
            stochastic_depth=key.stochastic_depth,
            norm_momentum=key.batch_norm_momentum,
            precision=key.precision,
        )
        self._decayed = [_is_decayed(variable) for variable in self._model.trainable_variables]
        self._step = compiled_step(self._training_step)
        self._evaluate = compiled(self._evaluation)
        self._forward = compiled(self._logits)
        self.state: State = {}

    def reset(self, seed: int) -> None:
        """Starts training over from `seed`: weights, statistics, averages, velocities and the random state."""
        initialize(self._model, seed)
        trainable = [ops.convert_to_numpy(variable) for variable in self._model.trainable_variables]
        fixed = [ops.convert_to_numpy(variable) for variable in self._model.non_trainable_variables]
        self.state = held(
            {
                "trainable": trainable,
                "fixed": fixed,
                "velocity": [np.zeros_like(value) for value in trainable],
                "average_trainable": trainable,
                "average_fixed": fixed,
            }
        )

    def snapshot(self) -> dict[str, list[NDArray[Any]]]:
        """The state as NumPy arrays; waits for the steps under way."""
        return {
            name: [np.asarray(ops.convert_to_numpy(value)) for value in values] for name, values in self.state.items()
        }

    def restore(self, snapshot: Mapping[str, Sequence[NDArray[Any]]]) -> None:
        """Goes on from a snapshot, of this process or of another."""
        self.state = held({name: list(values) for name, values in snapshot.items()})

    def step(self, images: Tensor, labels: Tensor, rates: Mapping[str, float]) -> tuple[Tensor, Tensor]:
        """One optimiser step.

        Args:
            images: `(batch, resolution, resolution, channels)` in [0, 255].
            labels: `(batch,)`, integers.
            rates: `learning_rate`, `momentum`, `weight_decay`, `label_smoothing`, `ema_decay` of this step.

        Returns:
            The mean loss and the number of right answers of the batch, not yet waited for.
        """
        as_data = {name: np.float32(value) for name, value in rates.items()}
        self.state, results = self._step(self.state, images, labels, as_data)
        return results

    def evaluate(self, images: Tensor, labels: Tensor, mask: Tensor, averaged: bool) -> tuple[Tensor, Tensor]:
        """Right answers and summed cross-entropy (nats) of the pictures whose mask is 1, not yet waited for."""
        return self._evaluate(*self._weights(averaged), images, labels, mask)

    def forward(self, images: Tensor) -> Tensor:
        """Logits `(batch, classes)`, by the raw weights, not yet waited for."""
        return self._forward(*self._weights(averaged=False), images)

    def _weights(self, averaged: bool) -> tuple[list[Tensor], list[Tensor]]:
        prefix = "average_" if averaged else ""
        return self.state[f"{prefix}trainable"], self.state[f"{prefix}fixed"]

    def _loss(
        self, trainable: list[Tensor], fixed: list[Tensor], images: Tensor, labels: Tensor, smoothing: Tensor
    ) -> tuple[Tensor, tuple[list[Tensor], Tensor]]:
        """Mean cross-entropy with label smoothing; the weight penalty enters as its gradient, in the update."""
        logits, fixed = self._model.stateless_call(trainable, fixed, images, training=True)
        loss = ops.mean(_cross_entropy(logits, labels, smoothing))
        return loss, (fixed, ops.sum(_right(logits, labels)))

    def _training_step(
        self, state: State, images: Tensor, labels: Tensor, rates: Mapping[str, Tensor]
    ) -> tuple[State, tuple[Tensor, Tensor]]:
        """SGD with momentum as the released code has it, then the averages.

        `v = m v + g + d w`; `w = w - lr v`, or `w = w - lr (m v + g + d w)` in Nesterov's form.
        """
        slopes, loss, (fixed, right) = gradients(
            self._loss, state["trainable"], state["fixed"], images, labels, rates["label_smoothing"]
        )
        momentum, decay = rates["momentum"], rates["weight_decay"]
        slopes = [
            slope + decay * weight if decayed else slope
            for slope, weight, decayed in zip(slopes, state["trainable"], self._decayed, strict=True)
        ]
        velocity = [momentum * v + slope for v, slope in zip(state["velocity"], slopes, strict=True)]
        moves = velocity
        if self.key.nesterov:
            moves = [momentum * v + slope for v, slope in zip(velocity, slopes, strict=True)]
        trainable = [w - rates["learning_rate"] * move for w, move in zip(state["trainable"], moves, strict=True)]
        kept = rates["ema_decay"]
        after: State = {
            "trainable": trainable,
            "fixed": fixed,
            "velocity": velocity,
            "average_trainable": _averaged(state["average_trainable"], trainable, kept),
            "average_fixed": _averaged(state["average_fixed"], fixed, kept),
        }
        return after, (loss, right)

    def _evaluation(
        self, trainable: list[Tensor], fixed: list[Tensor], images: Tensor, labels: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits = self._logits(trainable, fixed, images)
        return ops.sum(_right(logits, labels) * mask), ops.sum(_cross_entropy(logits, labels, 0.0) * mask)

    def _logits(self, trainable: list[Tensor], fixed: list[Tensor], images: Tensor) -> Tensor:
        logits, _ = self._model.stateless_call(trainable, fixed, images, training=False)
        return logits


def _is_decayed(variable: keras.Variable) -> bool:
    """All but batch norm's scale and offset (released code: every trainable not named `batch_normalization`)."""
    return variable.name not in ("gamma", "beta")


def _averaged(averages: list[Tensor], values: list[Tensor], decay: Tensor) -> list[Tensor]:
    """`decay * average + (1 - decay) * value`; what is no real number (a random state) is carried over."""
    return [
        average + (1 - decay) * (value - average) if "float" in keras.backend.standardize_dtype(value.dtype) else value
        for average, value in zip(averages, values, strict=True)
    ]


def _cross_entropy(logits: Tensor, labels: Tensor, smoothing: Tensor) -> Tensor:
    """`(batch,)`, in nats; `smoothing` of the mass is spread evenly over all classes."""
    log_likelihood = ops.log_softmax(logits, axis=-1)
    target = ops.one_hot(labels, logits.shape[-1], dtype="float32")
    target = (1 - smoothing) * target + smoothing / logits.shape[-1]
    return -ops.sum(target * log_likelihood, axis=-1)


def _right(logits: Tensor, labels: Tensor) -> Tensor:
    """`(batch,)`: 1 where the largest logit is the label's, else 0."""
    return ops.cast(ops.equal(ops.argmax(logits, axis=-1), ops.cast(labels, "int32")), "float32")
