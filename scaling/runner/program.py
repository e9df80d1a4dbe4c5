"""A variant compiled once: one training step, evaluation and a forward pass, as pure functions of a state.

What differs between trials of the same program (seed, epochs, learning rate, penalties, averaging) goes in as data, so
that nothing is compiled again for it. The mathematics is written once, in `keras.ops`, for every backend and any number
of devices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from scaling.datasets import DatasetFacts
from scaling.errors import UserError
from scaling.models.build import build, initialize
from scaling.runner import backend, mixing, objective, optimizer
from scaling.runner.backend import Batch, Settings, State, Tensor
from scaling.runner.compilation import StepTime
from scaling.runner.execution import Execution, micro_batch_size
from scaling.runner.micro_batches import Slopes, over_parts
from scaling.runner.mixing import Mix
from scaling.schema import Compiled, Recipe, Variant

ONE_DEVICE = Execution()

REPLICA_SEEDS = 0x9E3779B9
"""Between the random states of two replicas, so that they do not drop the same pictures' branches."""


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
    each trainable one, and the averages `average_trainable` and `average_fixed`; in float16 a sixth, `loss_scale`.

    Attributes:
        devices: that share each batch.
        compilers: the ways to compile that there are.
        compiled: the one in use, set by `scaling.runner.compilation.choose` or by whoever knows better. Evaluation
            keeps the first of `compilers`: too little of a training to compile it twice.
        timed: what a step took, by the way it was compiled.
    """

    def __init__(self, key: ProgramKey, execution: Execution = ONE_DEVICE) -> None:
        self.key = key
        self.execution = execution
        self._replicas = backend.Replicas(execution.devices)
        self.devices = self._replicas.count
        self.compilers = self._replicas.compilers
        self.compiled = _compiler(execution, self.compilers)
        self.timed: dict[Compiled, StepTime] = {}
        self._model = build(
            key.variant,
            classes=key.facts.classes,
            mean=key.facts.mean,
            std=key.facts.std,
            dropout=key.dropout,
            stochastic_depth=key.stochastic_depth,
            norm_momentum=key.batch_norm_momentum,
            norm_synchronized=self._replicas.synchronized_norm,
            precision=key.precision,
        )
        self._decayed = [_is_decayed(variable) for variable in self._model.trainable_variables]
        self._steps = {way: self._replicas.step(self._training_step, way) for way in self.compilers}
        self._forwards = {way: self._replicas.reading(self._logits, way) for way in self.compilers}
        self._evaluate = self._replicas.reading(self._evaluation, self.compilers[0])
        self.state: State = {}

    def reset(self, seed: int) -> None:
        """Starts training over from `seed`: weights, statistics, averages, velocities and the random state."""
        initialize(self._model, seed)
        trainable = [ops.convert_to_numpy(variable) for variable in self._model.trainable_variables]
        fixed = [ops.convert_to_numpy(variable) for variable in self._model.non_trainable_variables]
        state = {
            "trainable": trainable,
            "fixed": fixed,
            "velocity": [np.zeros_like(value) for value in trainable],
            "average_trainable": trainable,
            "average_fixed": fixed,
        }
        if self._scales_loss:
            state["loss_scale"] = optimizer.first_loss_scale()
        self.restore(state)

    def snapshot(self) -> dict[str, list[Any]]:
        """The state as NumPy arrays."""
        return {
            name: [np.array(ops.convert_to_numpy(value)) for value in values] for name, values in self.state.items()
        }

    def restore(self, state: Mapping[str, list[Any]]) -> None:
        """Goes on from a state that `snapshot` gave."""
        self.state = self._replicas.hold(state, into=self.state)

    def step(
        self, images: Tensor, labels: Tensor, rates: Mapping[str, float], mix: Mix | None = None
    ) -> tuple[Tensor, Tensor]:
        """One optimiser step.

        Args:
            images: `(batch, resolution, resolution, channels)` in [0, 255].
            labels: `(batch,)`, integers.
            rates: `learning_rate`, `momentum`, `weight_decay`, `label_smoothing`, `ema_decay` of this step, and
                `clip_norm` where gradients are clipped.
            mix: what `scaling.runner.mixing.draw` gave for this step.

        Returns:
            The mean loss and the number of right answers of the batch, not yet waited for. Of a blended picture both
            labels are right in part.

        Raises:
            UserError: if the batch cannot be shared out evenly to devices and micro-batches.
        """
        self.micro_batch_size(len(images))
        batch, blend = mixing.with_partners({"images": images, "labels": labels}, mix)
        settings = {name: np.float32(value) for name, value in rates.items()} | dict(blend)
        self.state, results = self._steps[self.compiled](self.state, batch, settings)
        return results

    def evaluate(self, images: Tensor, labels: Tensor, mask: Tensor, averaged: bool) -> tuple[Tensor, Tensor]:
        """Right answers and summed cross-entropy (nats) of the pictures whose mask is 1, not yet waited for."""
        batch = {"images": images, "labels": labels, "mask": mask}
        return self._evaluate(self.state, batch, {"averaged": np.bool_(averaged)})

    def forward(self, images: Tensor) -> Tensor:
        """Logits `(batch, classes)`, by the raw weights, not yet waited for."""
        return self._forwards[self.compiled](self.state, {"images": images}, {})

    def micro_batch_size(self, batch_size: int) -> int:
        """Pictures computed at once, on all devices together.

        Raises:
            UserError: if the batch cannot be shared out evenly.
        """
        return micro_batch_size(batch_size, self.devices, self.execution.micro_batches)

    @property
    def _scales_loss(self) -> bool:
        return self.key.precision == "mixed_float16"

    def _training_step(self, state: State, batch: Batch, settings: Settings) -> tuple[State, tuple[Tensor, Tensor]]:
        slopes, fixed, loss, right = over_parts(
            lambda fixed, part: self._slopes(state, fixed, part, settings), state, batch, self.execution.micro_batches
        )
        slopes, loss = backend.mean((slopes, loss))
        after = optimizer.sgd(state, slopes, self._decayed, self.key.nesterov, settings)
        kept = settings["ema_decay"]
        after |= {
            "fixed": fixed,
            "average_trainable": optimizer.averaged(state["average_trainable"], after["trainable"], kept),
            "average_fixed": optimizer.averaged(state["average_fixed"], fixed, kept),
        }
        if self._scales_loss:
            after, loss = optimizer.if_finite(slopes, after, state, loss)
        return after, (loss, backend.total(right))

    def _slopes(self, state: State, fixed: list[Tensor], batch: Batch, settings: Settings) -> Slopes:
        scale = state["loss_scale"][0] if self._scales_loss else 1.0
        slopes, _, (fixed, loss, right) = backend.gradients(
            self._loss, state["trainable"], _apart(fixed, backend.replica()), batch, settings, scale
        )
        slopes = [slope / scale for slope in slopes] if self._scales_loss else slopes
        return slopes, _apart(fixed, -backend.replica()), loss, right

    def _loss(
        self, trainable: list[Tensor], fixed: list[Tensor], batch: Batch, settings: Settings, scale: Tensor
    ) -> tuple[Tensor, tuple[list[Tensor], Tensor, Tensor]]:
        """Mean cross-entropy with label smoothing; the weight penalty enters as its gradient, in the update."""
        pictures = mixing.blended(batch, settings)
        logits, fixed = self._model.stateless_call(trainable, fixed, pictures, training=True)

        def losses(labels: Tensor) -> Tensor:
            return objective.cross_entropy(logits, labels, settings["label_smoothing"])

        loss = ops.mean(objective.of_labels(losses, batch, settings))
        right = objective.of_labels(lambda labels: objective.right(logits, labels), batch, settings)
        return loss * scale, (fixed, loss, ops.sum(right))

    def _evaluation(self, state: State, batch: Batch, settings: Settings) -> tuple[Tensor, Tensor]:
        weights = [
            [ops.where(settings["averaged"], average, raw) for average, raw in zip(averages, raws, strict=True)]
            for averages, raws in (
                (state["average_trainable"], state["trainable"]),
                (state["average_fixed"], state["fixed"]),
            )
        ]
        logits, _ = self._model.stateless_call(*weights, batch["images"], training=False)
        mask, labels = batch["mask"], batch["labels"]
        right, loss = objective.right(logits, labels) * mask, objective.cross_entropy(logits, labels) * mask
        return backend.total((ops.sum(right), ops.sum(loss)))

    def _logits(self, state: State, batch: Batch, settings: Settings) -> Tensor:
        logits, _ = self._model.stateless_call(state["trainable"], state["fixed"], batch["images"], training=False)
        return backend.everywhere(logits)


def _compiler(execution: Execution, compilers: tuple[Compiled, ...]) -> Compiled:
    if execution.compile == "auto":
        return compilers[0]
    if execution.compile not in compilers:
        where = f"{keras.backend.backend()} on {max(1, len(execution.devices))} devices"
        raise UserError(f"compile {execution.compile!r}: not with {where} (choices: auto, {', '.join(compilers)})")
    return execution.compile


def _is_decayed(variable: keras.Variable) -> bool:
    """All but batch norm's scale and offset (released code: every trainable not named `batch_normalization`)."""
    return variable.name not in ("gamma", "beta")


def _apart(fixed: list[Tensor], replica: Tensor) -> list[Tensor]:
    """The random states of a replica, so that replicas do not drop alike; those of `-replica` undo it."""
    if isinstance(replica, int):
        return fixed
    return [one if optimizer.is_real(one) else one + ops.cast(replica, one.dtype) * REPLICA_SEEDS for one in fixed]
