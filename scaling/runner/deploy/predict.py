"""What an exported network says of some images, prepared as they were for its evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from scaling.errors import UserError
from scaling.runner.deploy import runtimes, sidecar
from scaling.runner.deploy.sidecar import Sidecar


@dataclass(frozen=True)
class Prediction:
    """What a network says of one image.

    Attributes:
        image: its file.
        classes: `(label, probability)`, the likeliest first; empty where it could not be read.
        error: why it could not be.
    """

    image: str
    classes: tuple[tuple[str, float], ...] = ()
    error: str | None = None


def predict(exported: Path, images: Sequence[Path], top: int = 5) -> tuple[Sidecar, list[Prediction]]:
    """Runs an exported network on images, one by one.

    Args:
        exported: the network, with its sidecar beside it.
        images: files.
        top: classes that are told of each.

    Raises:
        UserError: if the network or its sidecar is not there, or its runtime is not installed.
    """
    runtime = runtimes.runtime_of(exported)
    about = sidecar.read(exported)
    runtime.check()
    try:
        call = runtime.load(exported)
    except Exception as error:  # runtimes raise whatever they like
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise UserError(f"{exported}: {runtime.title} cannot read it ({reason})") from error
    predictions = []
    for image in images:
        try:
            pixels = prepared(image, about)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            predictions.append(Prediction(str(image), error=_reason(error)))
            continue
        (probabilities,) = call(pixels[None])
        likeliest = np.argsort(-probabilities, kind="stable")[:top]
        classes = tuple((about.labels[number], float(probabilities[number])) for number in likeliest)
        predictions.append(Prediction(str(image), classes))
    return about, predictions


def prepared(image: Path, about: Sidecar) -> NDArray[np.float32]:
    """An image file as the network takes it, `(resolution, resolution, channels)`, float32 in [0, 255].

    Turned as its camera held it, transparent parts on black. Of photographs the middle square by a bicubic filter that
    smooths where it shrinks, as TensorFlow's in training does not; small images of data sets in memory are resized
    whole, by a bilinear one, as there.
    """
    with Image.open(image) as opened:
        upright = ImageOps.exif_transpose(opened)
        if upright.has_transparency_data:
            black = Image.new("RGBA", upright.size, (0, 0, 0, 255))
            upright = Image.alpha_composite(black, upright.convert("RGBA"))
        picture = upright.convert("L" if about.channels == 1 else "RGB")
    side = round(min(picture.size) * about.crop)
    left, top = ((whole - side) // 2 for whole in picture.size)
    size = (about.resolution, about.resolution)
    if about.crop < 1:
        part = picture.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    else:
        part = picture.resize(size, Image.Resampling.BILINEAR)
    pixels = np.asarray(part, np.float32)
    return pixels.reshape(*size, about.channels)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, UnidentifiedImageError):
        return "not an image that Pillow can read"
    return " ".join(str(error).split())[:200] or type(error).__name__
