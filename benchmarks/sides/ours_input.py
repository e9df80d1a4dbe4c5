"""Our training pictures of an image folder: FOLDER RESOLUTION BATCH LAYERS MAGNITUDE WARM TIMED CORES."""

import itertools
import sys

from protocol import images_per_second, only, reserved, serve

channel = reserved()
resolution, size, layers, magnitude, warm, timed, cores = (int(one) for one in sys.argv[2:9])
only(cores)

import numpy as np  # noqa: E402

from scaling.datasets import dataset_info  # noqa: E402
from scaling.runner import data  # noqa: E402
from scaling.schema import Dataset  # noqa: E402

of = dataset_info(f"image_folder:{sys.argv[1]}")
# Some batches more than are timed: it works ahead to the end, as theirs does, which has none.
examples = (warm + timed + warm) * size
pictures = data.load(Dataset(name=of.name, train_examples=examples, validation_fraction=0.01), resolution)
augmentation = data.Augmentation(flip=True, layers=layers, magnitude=magnitude)
epochs = itertools.count()
mean, deviation = (255 * np.tile(np.float32(one), resolution) for one in (of.mean, of.std))


def epoch():
    return pictures.training(size, seed=0, epoch=next(epochs), augmentation=augmentation)


def normalised():
    """What training leaves to the device, because the Model Garden's input has done it."""
    for images, labels in epoch():
        lines = images.reshape(size, resolution, -1) - mean
        lines *= 1 / deviation
        yield lines.reshape(images.shape), labels


images = np.concatenate([images for images, _ in epoch()])
serve(
    channel,
    {"shape": images.shape[1:], "mean": float(images.mean()), "deviation": float(images.std())},
    {"read": lambda: images_per_second(normalised(), warm, timed)},
)
