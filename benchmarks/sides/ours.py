"""Our training step and forward pass: DEPTH WIDTH RESOLUTION STEM DATASET BATCH STEPS [FAMILY PRECISION TIMED].

With TIMED so many steps are timed as one, on pictures that the device already has. Where SAVE_WEIGHTS is set, the
weights before the first step are left in that file, by their names.
"""

import os
import sys
import time

from protocol import batch, median_seconds, peak_mb, reserved, seconds_each, serve

channel = reserved()
depth, width, resolution, size = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[6])
family, precision, timed = sys.argv[8:] or ("resnet_rs", "float32", "0")

import numpy as np  # noqa: E402
from keras import ops  # noqa: E402

from scaling.datasets import dataset_info  # noqa: E402
from scaling.runner.compute.backend import device_name, peak_memory_gb, wait  # noqa: E402
from scaling.runner.compute.program import Program, ProgramKey  # noqa: E402
from scaling.runner.compute.rates import Rates  # noqa: E402
from scaling.schema import Recipe, Variant  # noqa: E402

of = dataset_info(sys.argv[5])
images, labels = batch(size, resolution, of.channels, of.classes)
if int(timed):
    images, labels = ops.convert_to_tensor(images), ops.convert_to_tensor(labels)
rates = Rates(0.05, momentum=0.9, weight_decay=4e-5, label_smoothing=0.1, ema_decay=0.9999)
idle = peak_mb()
began = time.perf_counter()
variant = Variant(family=family, depth=depth, width=width, resolution=resolution, stem=sys.argv[4])
program = Program(ProgramKey.of(variant, of, Recipe(epochs=1, precision=precision)))
program.reset(0)
if "SAVE_WEIGHTS" in os.environ:
    np.savez(os.environ["SAVE_WEIGHTS"], **program.weights(averaged=False))


def started():
    return program.step(images, labels, rates)[0]


def step():
    return float(started())


losses = [step()]
first = time.perf_counter() - began
losses += [step() for _ in range(int(sys.argv[7]))]
one_by_one = {
    "step": lambda: median_seconds(step, 3),
    "forward": lambda: median_seconds(lambda: wait(program.forward(images)), 3),
}
together = {
    "step": lambda: seconds_each(started, wait, int(timed)),
    "forward": lambda: seconds_each(lambda: program.forward(images), wait, int(timed)),
}

serve(
    channel,
    {
        "first_step": first,
        "params": sum(int(np.prod(one.shape)) for one in program.state["trainable"]),
        "losses": losses,
        "memory": peak_mb() - idle,
        "gpu_memory_gb": peak_memory_gb(),
        "device": device_name(),
    },
    together if int(timed) else one_by_one,
)
