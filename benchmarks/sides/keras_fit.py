"""The same network with Keras' own layers, in `model.fit` as it comes: DEPTH WIDTH RESOLUTION STEM DATASET BATCH."""

import sys
import time

import keras
import numpy as np
from protocol import batch, reserved, serve

channel = reserved()
depth, width, resolution, size = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[6])

from scaling.datasets import dataset_info  # noqa: E402
from scaling.models import build  # noqa: E402
from scaling.schema import Variant  # noqa: E402

build.BatchNorm, build.Conv2D = keras.layers.BatchNormalization, keras.layers.Conv2D
of = dataset_info(sys.argv[5])
images, labels = batch(size, resolution, of.channels, of.classes)
targets = keras.utils.to_categorical(labels, of.classes)


class Clock(keras.callbacks.Callback):
    """When each step ended."""

    def __init__(self):
        super().__init__()
        self.ends, self.losses = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())
        self.losses.append(logs["loss"])


def fit(steps):
    clock = Clock()
    # Each epoch is this one batch, so the loss that is told is the batch's own.
    model.fit(np.repeat(images[None], steps, 0).reshape(-1, *images.shape[1:]), np.tile(targets, (steps, 1)),
              batch_size=size, shuffle=False, verbose=0, callbacks=[clock])  # fmt: skip
    return clock


began = time.perf_counter()
variant = Variant(depth=depth, width=width, resolution=resolution, stem=sys.argv[4])
model = build.build(variant, classes=of.classes, mean=of.mean, std=of.std)
build.initialize(model, 0)
model.compile(
    optimizer=keras.optimizers.SGD(0.05, momentum=0.9, weight_decay=4e-5, use_ema=True, ema_momentum=0.9999),
    loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
    metrics=["accuracy"],
)
clock = fit(1)
first = clock.ends[0] - began
losses = clock.losses + [fit(1).losses[0] for _ in range(int(sys.argv[7]))]
serve(
    channel,
    {
        "first_step": first,
        "params": sum(int(np.prod(one.shape)) for one in model.trainable_variables),
        "losses": losses,
    },
    {"step": lambda: float(np.median(np.diff(fit(4).ends)))},
)
