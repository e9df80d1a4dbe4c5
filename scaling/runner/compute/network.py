"""A network's training step, evaluation and forward pass, as pure functions of a state.

The mathematics is written once, in `keras.ops`, for every backend and any number of devices: a batch is the part of it
that one replica has, and `backend.mean`, `total` and `everywhere` join the replicas.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from scaling.models import family_of, stages
from scaling.models.build import build, initial_values
from scaling.models.weights import Weights, head_of, read, variables
from scaling.runner.compute import backend, mixing, objective, optimizer
from scaling.runner.compute.backend import Batch, State, Tensor
from scaling.runner.compute.flat import Layout
from scaling.runner.compute.micro_batches import BackwardPass, over_parts
from scaling.runner.compute.mixing import Blend
from scaling.runner.compute.optimizer import OPTIMIZERS
from scaling.runner.compute.program_key import ProgramKey
from scaling.runner.compute.rates import Rates

Settings: TypeAlias = tuple[Rates, Blend | None]
"""Of a step of training; a blend where the program mixes."""

REPLICA_SEEDS = 0x9E3779B9
"""Between the random states of two replicas, so that they do not drop alike."""


class Network:
    """A Keras model, and what is done with it."""

    def __init__(self, key: ProgramKey, micro_batches: int = 1, synchronized_norm: bool = False) -> None:
        with _no_values():
            self._model = build(
                key.variant,
                classes=key.dataset_info.classes,
                mean=key.dataset_info.mean,
                std=key.dataset_info.std,
                dropout=key.dropout,
                stochastic_depth=key.stochastic_depth,
                norm_momentum=key.batch_norm_momentum,
                norm_group=key.batch_norm_group,
                norm_synchronized=synchronized_norm and not key.batch_norm_group,
                precision=key.precision,
                frozen=stages.frozen(key.variant, key.frozen_stages),
            )
        family = family_of(key.variant.family)
        self._undecayed, self._key = family.undecayed, key
        self._micro_batches, self._norm_group = micro_batches, key.batch_norm_group
        self._optimizer, self._clips = OPTIMIZERS["nesterov" if key.nesterov else key.optimizer], key.clips
        self._scales_loss = key.precision == "mixed_float16"
        self._trainable = Layout.of(self._model.trainable_variables)
        self._fixed = Layout.of(self._model.non_trainable_variables)

    def decayed(self) -> list[Tensor]:
        """1 for all but what the family leaves alone, such as norms' scales and offsets."""
        names = [variable.name for variable in self._model.trainable_variables]
        return self._trainable.of_each([float(name not in self._undecayed) for name in names])

    def read(self, path: Path, dataset: str | None) -> Weights:
        """What a file holds for this network; see `scaling.models.weights.read`.

        Raises:
            ValueError: where it is not of this network.
        """
        shapes = {name: tuple(variable.shape) for name, variable in variables(self._model).items()}
        return read(path, self._key.variant, shapes, head_of(self._model), dataset)

    def weights(self, state: Mapping[str, list[Any]], averaged: bool) -> dict[str, NDArray[Any]]:
        """The raw or averaged weights of a state, by our names."""
        names = {variable.path: name for name, variable in variables(self._model).items()}
        prefix = "average_" if averaged else ""
        values: dict[str, NDArray[Any]] = {}
        for part, layout, of_part in self._parts():
            arrays = layout.arrays([ops.convert_to_numpy(array) for array in state[f"{prefix}{part}"]])
            values |= {variable.path: array for variable, array in zip(of_part, arrays, strict=True)}
        return {name: np.asarray(values[path]) for path, name in names.items()}

    def _parts(self) -> tuple[tuple[str, Layout, list[keras.Variable]], ...]:
        return (
            ("trainable", self._trainable, self._model.trainable_variables),
            ("fixed", self._fixed, self._model.non_trainable_variables),
        )

    def _rates(self, rates: Rates) -> list[Tensor]:
        """Of each weight, which part of the learning rate moves it: less in the body, and the less the deeper."""
        head = head_of(self._model)
        names = {variable.path: name for name, variable in variables(self._model).items()}
        own = [names[variable.path] for variable in self._model.trainable_variables]
        body = self._trainable.of_each([float(name not in head) for name in own])
        steps = self._trainable.of_each(stages.steps_from_head(self._key.variant, own))
        return [
            ops.power(rates.layer_decay, step) * (1 + inside * (rates.body_rate - 1))
            for inside, step in zip(body, steps, strict=True)
        ]

    def first_state(self, seed: int, weights: Weights | None = None) -> dict[str, list[Any]]:
        """The state that training from `seed` begins with, as NumPy arrays; see `Program`.

        Args:
            seed: gives all weights, or those of a new head.
            weights: that are taken from a file.
        """
        values = initial_values(self._model, seed)
        if weights is not None:
            values |= {
                variable.path: weights.values[name]
                for name, variable in variables(self._model).items()
                if name in weights.values
            }
        trainable, fixed = (
            [ops.convert_to_numpy(array) for array in layout.flat([values[variable.path] for variable in of_part])]
            for _, layout, of_part in self._parts()
        )
        state = {
            "trainable": trainable,
            "fixed": fixed,
            **self._optimizer.init(trainable),
            "average_trainable": trainable,
            "average_fixed": fixed,
        }
        return state | ({"loss_scale": optimizer.first_loss_scale()} if self._scales_loss else {})

    def training_step(self, state: State, batch: Batch, settings: Settings) -> tuple[State, tuple[Tensor, Tensor]]:
        """What one optimiser step changes the state by; the mean loss and the number of correct answers before it."""
        rates, _ = settings
        gradients, fixed, loss, correct = over_parts(
            lambda fixed, part: self._backward_pass(state, fixed, part, settings),
            state,
            batch,
            self._micro_batches,
            self._norm_group or 1,
        )
        if self._norm_group:  # else replicas have the same statistics already
            fixed = [backend.mean(array) if optimizer.is_real(array) else array for array in fixed]
        gradients, loss = backend.mean((gradients, loss))
        changes = self._optimizer.changes(state, gradients, self.decayed(), rates, self._clips)
        if self._key.tunes:
            changes["trainable"] = [
                change * part for change, part in zip(changes["trainable"], self._rates(rates), strict=True)
            ]
        weights = [old + by for old, by in zip(state["trainable"], changes["trainable"], strict=True)]
        kept = rates.ema_decay
        changes |= {
            "fixed": [new - old for new, old in zip(fixed, state["fixed"], strict=True)],
            "average_trainable": optimizer.averaged(state["average_trainable"], weights, kept),
            "average_fixed": optimizer.averaged(state["average_fixed"], fixed, kept),
        }
        if self._scales_loss:
            changes, loss = optimizer.if_finite(gradients, changes, state["loss_scale"], loss)
        return changes, (loss, backend.total(correct))

    def evaluation(self, state: State, batch: Batch, averaged: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As `Program.evaluate`, by raw or `averaged` weights."""
        trainable, fixed = (
            [ops.where(averaged, average, raw) for average, raw in zip(averages, raws, strict=True)]
            for averages, raws in (
                (state["average_trainable"], state["trainable"]),
                (state["average_fixed"], state["fixed"]),
            )
        )
        logits = self._inferred(trainable, fixed, batch["images"])
        correct, in_top5, loss = (
            function(logits, batch["labels"]) * batch["mask"]
            for function in (objective.correct, objective.in_top5, objective.cross_entropy)
        )
        totals = backend.total(tuple(ops.sum(of_images) for of_images in (correct, in_top5, loss)))
        return (*totals, backend.everywhere(correct))

    def logits(self, state: State, batch: Batch, settings: None) -> Tensor:
        """`(batch, classes)`, by the raw weights."""
        return backend.everywhere(self._inferred(state["trainable"], state["fixed"], batch["images"]))

    def _inferred(self, trainable: list[Tensor], fixed: list[Tensor], images: Tensor) -> Tensor:
        return self._called(self._trainable.arrays(trainable), fixed, images, training=False)[0]

    def _called(self, weights: list[Tensor], fixed: list[Tensor], images: Tensor, training: bool) -> Any:
        """Logits, and the `fixed` weights afterwards."""
        with _no_values():
            logits, after = self._model.stateless_call(weights, self._fixed.arrays(fixed), images, training=training)
        return logits, self._fixed.flat(after)

    def _backward_pass(self, state: State, fixed: list[Tensor], batch: Batch, settings: Settings) -> BackwardPass:
        scale = state["loss_scale"][0] if self._scales_loss else 1.0
        gradients, _, (fixed, loss, correct) = backend.gradients(
            self._loss,
            self._trainable.arrays(state["trainable"]),
            _apart(fixed, backend.replica()),
            batch,
            settings,
            scale,
        )
        gradients = self._trainable.flat(gradients)
        gradients = [gradient / scale for gradient in gradients] if self._scales_loss else gradients
        return gradients, _apart(fixed, -backend.replica()), loss, correct

    def _loss(
        self, trainable: list[Tensor], fixed: list[Tensor], batch: Batch, settings: Settings, scale: Tensor
    ) -> tuple[Tensor, tuple[list[Tensor], Tensor, Tensor]]:
        """Mean cross-entropy with label smoothing; the weight penalty enters as its gradient, in the update."""
        rates, blend = settings
        logits, fixed = self._called(trainable, fixed, mixing.blended(batch, blend), training=True)

        def losses(labels: Tensor) -> Tensor:
            return objective.cross_entropy(logits, labels, rates.label_smoothing)

        loss = ops.mean(objective.of_labels(losses, batch, blend))
        correct = objective.of_labels(lambda labels: objective.correct(logits, labels), batch, blend)
        return loss * scale, (fixed, loss, ops.sum(correct))


def _no_values() -> keras.StatelessScope:
    """Where Keras' variables are made, and stay, without values: the state has those, and others would take memory."""
    return keras.StatelessScope(initialize_variables=False)


def _apart(fixed: list[Tensor], replica: Tensor) -> list[Tensor]:
    """The random states of a replica; those of `-replica` undo it."""
    if isinstance(replica, int):
        return fixed
    return [
        array if optimizer.is_real(array) else array + ops.cast(replica, array.dtype) * REPLICA_SEEDS for array in fixed
    ]
