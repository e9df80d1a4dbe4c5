"""A variant compiled once, with the state of its training.

What differs between trials of the same program (seed, epochs, learning rate, penalties, averaging) goes in as data, so
that nothing is compiled again for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from scaling.errors import UserError
from scaling.models.weights import Weights
from scaling.runner.compute import backend, mixing
from scaling.runner.compute.backend import State, Tensor
from scaling.runner.compute.execution import Execution, StepTime, micro_batch_size
from scaling.runner.compute.mixing import Mix
from scaling.runner.compute.network import Network
from scaling.runner.compute.program_key import ProgramKey
from scaling.runner.compute.rates import Rates
from scaling.schema import Compiled

__all__ = ["Program", "ProgramKey"]

ONE_DEVICE = Execution()


class Program:
    """A compiled network with the state of its training.

    The state is lists by name: `trainable` and `fixed` weights (batch-norm statistics, random states), the optimiser's
    slots of the trainable ones, and the averages `average_trainable` and `average_fixed`; in float16 also `loss_scale`.
    The small arrays of a list are one vector; see `scaling.runner.compute.flat`.

    Attributes:
        devices: number of those that share each batch.
        compilers: the ways to compile that there are.
        compiled: the one in use, set by `compilation.choose` or by whoever knows better. Evaluation
            keeps the first of `compilers`: too little of a training to compile it twice.
        timed: what a step took, by the way it was compiled.
    """

    def __init__(self, key: ProgramKey, execution: Execution = ONE_DEVICE) -> None:
        self.key = key
        self.execution = execution
        replicas = backend.Replicas(execution.devices)
        self._hold = replicas.hold
        self.devices = replicas.count
        self.compilers = replicas.compilers
        self.compiled = _compiler(execution, self.compilers)
        self.timed: dict[Compiled, StepTime] = {}
        self.network = Network(key, execution.micro_batches, replicas.synchronized_norm)
        self._steps = {way: replicas.step(self.network.training_step, way) for way in self.compilers}
        self._forwards = {way: replicas.reading(self.network.logits, way) for way in self.compilers}
        self._evaluate = replicas.reading(self.network.evaluation, self.compilers[0])
        self.state: State = {}

    def reset(self, seed: int, weights: Weights | None = None) -> None:
        """Starts training over from `seed`, or from a file's weights, as if nothing had run before.

        Weights, statistics, averages, velocities and the random state begin anew, and so does the way to compile; what
        was timed is kept.
        """
        self.compiled = _compiler(self.execution, self.compilers)
        self.restore(self.network.first_state(seed, weights))

    def snapshot(self) -> dict[str, list[Any]]:
        """The state as NumPy arrays."""
        return {
            name: [np.array(ops.convert_to_numpy(value)) for value in values] for name, values in self.state.items()
        }

    def weights(self, averaged: bool) -> dict[str, NDArray[Any]]:
        """The raw or averaged weights, by the names of `scaling.models.weights.variables`."""
        return self.network.weights(self.state, averaged)

    def restore(self, state: Mapping[str, list[Any]]) -> None:
        """Goes on from a state that `snapshot` gave."""
        self.state = self._hold(state, into=self.state)

    def step(self, images: Tensor, labels: Tensor, rates: Rates, mix: Mix | None = None) -> tuple[Tensor, Tensor]:
        """One optimiser step.

        Args:
            images: `(batch, resolution, resolution, channels)` in [0, 255].
            labels: `(batch,)`, integers.
            rates: of this step.
            mix: what `scaling.runner.compute.mixing.draw` gave for this step, where the program mixes.

        Returns:
            The mean loss and the number of correct answers of the batch, not yet waited for. Of a blended image both
            labels are correct in part.

        Raises:
            UserError: if the batch cannot be shared out evenly to devices and micro-batches.
            ValueError: if there is a mix and the program mixes none, or the other way round.
        """
        if (mix is not None) != self.key.mixes:
            raise ValueError(f"a mix is {'missing' if self.key.mixes else 'given'}, the program's key says otherwise")
        self.micro_batch_size(len(images))
        batch, blend = mixing.with_partners({"images": images, "labels": labels}, mix)
        settings = Rates(*map(np.float32, rates)), blend
        self.state, results = self._steps[self.compiled](self.state, batch, settings)
        return results

    def evaluate(
        self, images: Tensor, labels: Tensor, mask: Tensor, averaged: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scores of the images whose mask is 1, by raw or `averaged` weights, not yet waited for.

        Returns:
            The number of those that are right; of those whose label is among the five most likely; their summed
            cross-entropy (nats); and `(batch,)`, 1 for each image that is right, else 0.
        """
        batch = {"images": images, "labels": labels, "mask": mask}
        return self._evaluate(self.state, batch, np.bool_(averaged))

    def forward(self, images: Tensor) -> Tensor:
        """Logits `(batch, classes)`, by the raw weights, not yet waited for."""
        return self._forwards[self.compiled](self.state, {"images": images}, None)

    def micro_batch_size(self, batch_size: int) -> int:
        """Images computed at once, on all devices together.

        Raises:
            UserError: if the batch cannot be shared out evenly.
        """
        return micro_batch_size(batch_size, self.devices, self.execution.micro_batches, self.key.batch_norm_group)


def _compiler(execution: Execution, compilers: tuple[Compiled, ...]) -> Compiled:
    if execution.compile == "auto":
        return compilers[0]
    if execution.compile not in compilers:
        where = f"{keras.backend.backend()} on {max(1, len(execution.devices))} devices"
        raise UserError(f"compile {execution.compile!r}: not with {where} (choices: auto, {', '.join(compilers)})")
    return execution.compile
