"""Our training step and forward pass: DEPTH WIDTH RESOLUTION STEM DATASET BATCH."""

import sys
import time

from protocol import batch, median_seconds, peak_mb, reserved, serve

channel = reserved()
depth, width, resolution, size = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[6])

import numpy as np  # noqa: E402

from scaling.datasets import facts  # noqa: E402
from scaling.runner.compute.backend import wait  # noqa: E402
from scaling.runner.compute.program import Program, ProgramKey  # noqa: E402
from scaling.schema import Recipe, Variant  # noqa: E402

of = facts(sys.argv[5])
images, labels = batch(size, resolution, of.channels, of.classes)
rates = {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 4e-5, "label_smoothing": 0.1, "ema_decay": 0.9999}
idle = peak_mb()
began = time.perf_counter()
variant = Variant(depth=depth, width=width, resolution=resolution, stem=sys.argv[4])
program = Program(ProgramKey.of(variant, of, Recipe(epochs=1)))
program.reset(0)


def step():
    return float(program.step(images, labels, rates)[0])


losses = [step()]
first = time.perf_counter() - began
losses += [step() for _ in range(int(sys.argv[7]))]
serve(
    channel,
    {
        "first_step": first,
        "params": sum(int(np.prod(one.shape)) for one in program.state["trainable"]),
        "losses": losses,
        "memory": peak_mb() - idle,
    },
    {
        "step": lambda: median_seconds(step, 3),
        "forward": lambda: median_seconds(lambda: wait(program.forward(images)), 3),
    },
)
