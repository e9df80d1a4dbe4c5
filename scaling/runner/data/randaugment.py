"""RandAugment as the ResNet-RS and EfficientNet releases have it, on Pillow images.

Sixteen operations, one drawn at random, its strength set by one magnitude (arXiv 1909.13719; strengths as in the
released `efficientnet/autoaugment.py`, magnitude 10 being the strength the operations were made for). There the
distances of `translate` and `cutout` are pixels of images of about 224; here they scale with the image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageOps

Operation: TypeAlias = Callable[[Image.Image, float, np.random.Generator], Image.Image]

FILL = 128
"""Grey level of what an operation uncovers."""

REFERENCE_SIZE = 224
"""Pixels a side of the images that the released distances were made for."""


def distort(image: Image.Image, magnitude: float, random: np.random.Generator) -> Image.Image:
    """Applies one operation, drawn at random, to a grey (`L`) or RGB image; its mode and size stay."""
    operation = OPERATIONS[list(OPERATIONS)[random.integers(len(OPERATIONS))]]
    return operation(image, magnitude / 10, random)


def _sign(random: np.random.Generator) -> float:
    return 1.0 if random.random() < 0.5 else -1.0


def _affine(image: Image.Image, matrix: tuple[float, ...]) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, matrix, fillcolor=_fill(image))


def _fill(image: Image.Image) -> int | tuple[int, ...]:
    return FILL if image.mode == "L" else (FILL,) * len(image.getbands())


def _rotate(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    return image.rotate(30 * strength * _sign(random), fillcolor=_fill(image))


def _shear_x(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    return _affine(image, (1, 0.3 * strength * _sign(random), 0, 0, 1, 0))


def _shear_y(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    return _affine(image, (1, 0, 0, 0.3 * strength * _sign(random), 1, 0))


def _distance(image: Image.Image, pixels: float) -> float:
    return pixels * image.width / REFERENCE_SIZE


def _translate_x(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    return _affine(image, (1, 0, _distance(image, 100 * strength) * _sign(random), 0, 1, 0))


def _translate_y(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    return _affine(image, (1, 0, 0, 0, 1, _distance(image, 100 * strength) * _sign(random)))


def _cutout(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """A grey square of twice `40 * strength` pixels a side round a random pixel."""
    reach = _distance(image, 40 * strength)
    x, y = random.integers(image.width), random.integers(image.height)
    covered = image.copy()
    ImageDraw.Draw(covered).rectangle((x - reach, y - reach, x + reach, y + reach), fill=_fill(image))
    return covered


def _posterize(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Keeps `4 * strength` bits: as released, a greater magnitude distorts less."""
    bits = min(8, int(4 * strength))
    return ImageOps.posterize(image, bits) if bits else image.point(lambda _: 0)


def _solarize(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Inverts what is at least `256 * strength`: as released, nothing from magnitude 10 on."""
    threshold = 256 * strength
    return image.point(lambda value: value if value < threshold else 255 - value)


def _solarize_add(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Brightens what is darker than the middle."""
    added = int(110 * strength)
    return image.point(lambda value: min(255, value + added) if value < 128 else value)


def _enhanced(enhancer: Callable[[Image.Image], ImageEnhance._Enhance]) -> Operation:
    """Blends with a degenerate image: a factor of 1 leaves it, more exaggerates, less dulls."""

    def operation(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
        return enhancer(image).enhance(1.8 * strength + 0.1)

    return operation


OPERATIONS: dict[str, Operation] = {
    "auto_contrast": lambda image, strength, random: ImageOps.autocontrast(image),
    "equalize": lambda image, strength, random: ImageOps.equalize(image),
    "invert": lambda image, strength, random: ImageChops.invert(image),
    "rotate": _rotate,
    "posterize": _posterize,
    "solarize": _solarize,
    "solarize_add": _solarize_add,
    "color": _enhanced(ImageEnhance.Color),
    "contrast": _enhanced(ImageEnhance.Contrast),
    "brightness": _enhanced(ImageEnhance.Brightness),
    "sharpness": _enhanced(ImageEnhance.Sharpness),
    "shear_x": _shear_x,
    "shear_y": _shear_y,
    "translate_x": _translate_x,
    "translate_y": _translate_y,
    "cutout": _cutout,
}
