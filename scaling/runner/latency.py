"""Timing one step of a variant, by the protocol of `scaling.runner.timing`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from scaling.datasets import DatasetInfo
from scaling.runner.compute.backend import device_name, is_out_of_memory, wait
from scaling.runner.compute.program import Program
from scaling.runner.compute.rates import Rates
from scaling.runner.deploy import export, runtimes
from scaling.runner.energy import Meter
from scaling.runner.timing import Timing, measure
from scaling.schema import LatencyRequest, Phase


def time_phase(
    program: Program, phase: Phase, batch_size: int, max_seconds: float, meter: Meter | None = None
) -> tuple[int, Timing]:
    """Times a phase, at half the batch as often as it takes to fit.

    Args:
        program: compiled for the variant; its state is started over.
        phase: an optimiser step, or a forward pass.
        batch_size: images a step to begin with.
        max_seconds: cap on the measuring.
        meter: of energy, where the device has one.

    Returns:
        The batch size that fitted, and its timing.
    """
    while True:
        try:
            stepper = _stepper(program, phase, batch_size)
            return batch_size, measure(stepper, max_seconds, meter=meter)
        except Exception as error:
            if not is_out_of_memory(error) or batch_size // 2 < program.devices:
                raise
            batch_size //= 2


def time_runtime(request: LatencyRequest, info: DatasetInfo, max_seconds: float, meter: Meter | None = None) -> Timing:
    """Times inference with a runtime that networks are deployed with, on the processor.

    The network is converted as `scaling.runner.deploy.export` converts a trained one; its weights are random.

    Raises:
        UserError: where it cannot be converted or a package is missing.
        ValueError: where this worker computes elsewhere than on a processor, by TensorFlow.
    """
    if keras.backend.backend() != "tensorflow" or device_name():
        raise ValueError(
            f"runtime {request.runtime}: is timed on a processor, and converted from TensorFlow: use --devices cpu, "
            "KERAS_BACKEND=tensorflow"
        )
    runtime = runtimes.RUNTIMES[request.runtime]
    runtime.check(writes=True)
    model = export.network(request.variant, export.random_values(request.variant, info), info, runtime)
    shape = (request.batch_size, request.variant.resolution, request.variant.resolution, info.channels)
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"network{runtime.suffix}"
        runtime.write(model, path)
        call = runtime.load(path)

        def step() -> None:
            call(images)

        return measure(step, max_seconds, meter=meter)


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
