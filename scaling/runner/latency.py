"""Timing one step of a variant, by the protocol of `scaling.runner.timing`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling.runner.compute.backend import is_out_of_memory, wait
from scaling.runner.compute.program import Program
from scaling.runner.compute.rates import Rates
from scaling.runner.timing import Timing, measure
from scaling.schema import Phase


def time_phase(program: Program, phase: Phase, batch_size: int, max_seconds: float) -> tuple[int, Timing]:
    """Times a phase, at half the batch as often as it takes to fit.

    Args:
        program: compiled for the variant; its state is started over.
        phase: an optimiser step, or a forward pass.
        batch_size: images a step to begin with.
        max_seconds: cap on the measuring.

    Returns:
        The batch size that fitted, and its timing.
    """
    while True:
        try:
            return batch_size, measure(_stepper(program, phase, batch_size), max_seconds)
        except Exception as error:
            if not is_out_of_memory(error) or batch_size // 2 < program.devices:
                raise
            batch_size //= 2


def _stepper(program: Program, phase: Phase, batch_size: int) -> Callable[[], None]:
    info, resolution = program.key.dataset_info, program.key.variant.resolution
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch_size, resolution, resolution, info.channels), dtype=np.uint8)
    labels = random.integers(0, info.classes, batch_size, dtype=np.int32)
    program.reset(seed=0)
    if phase == "inference":
        return lambda: wait(program.forward(images))
    # A small rate: the weights move as in training, and random labels cannot blow them up.
    rates = Rates(1e-6, momentum=0.9, weight_decay=4e-5, label_smoothing=0.1, ema_decay=0.9999)
    return lambda: wait(program.step(images, labels, rates)[0])
