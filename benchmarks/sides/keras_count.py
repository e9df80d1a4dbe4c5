"""Ten of the 525 networks, built in Keras and counted; the middle one of each way to be ten of them."""

import time

from protocol import reserved, serve

channel = reserved()

import keras  # noqa: E402

from scaling.models import build  # noqa: E402
from scaling.schema import Variant  # noqa: E402

build.BatchNorm = keras.layers.BatchNormalization
DEPTHS, WIDTHS = (26, 50, 101, 200, 300, 350, 400), (0.25, 0.5, 1.0, 1.5, 2.0)


def ten():
    began = time.perf_counter()
    for index in range(10):
        variant = Variant(depth=DEPTHS[index % 7], width=WIDTHS[index % 5], resolution=160)
        build.build(variant, classes=1000, mean=(0.5,) * 3, std=(0.5,) * 3).count_params()
    return time.perf_counter() - began


serve(channel, {}, {"ten": ten})
