"""RandAugment on Pillow images: sixteen operations, one drawn at random, its strength set by one magnitude.

Strengths are those of the released `efficientnet/autoaugment.py` (arXiv 1909.13719), magnitude 10 being what the
operations were made for. There are two forms:

- `OPERATIONS` do what their names say. The distances of `translate` and `cutout`, made for images of about 224 pixels,
  scale with the image.
- `RELEASED` are what the released code does, for training by the authors' own recipe: distances are pixels whatever the
  image's size; the threshold of `solarize` wraps modulo 256 (0 at magnitudes 10 and 20, 128 at 15, 179 at 17, 204 at
  28); `contrast` blends with a grey of the number of pixels / 256, at most 255, not with the mean; `posterize` from
  magnitude 22.5 on, where more than 8 bits are asked for, keeps one.
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

_X, _Y = 2, 5
"""Where an affine matrix has the shift along each."""


def distort(image: Image.Image, magnitude: float, random: np.random.Generator, released: bool = False) -> Image.Image:
    """Applies one operation, drawn at random, to a grey (`L`) or RGB image; its mode and size stay."""
    operations = [*(RELEASED if released else OPERATIONS).values()]
    return operations[random.integers(len(operations))](image, magnitude / 10, random)


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


def _scaled(image: Image.Image) -> float:
    return image.width / REFERENCE_SIZE


def _absolute(image: Image.Image) -> float:
    return 1.0


def _translated(scale: Callable[[Image.Image], float], along: int) -> Operation:
    """By `100 * strength` pixels, either way."""

    def operation(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
        matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        matrix[along] = 100 * strength * scale(image) * _sign(random)
        return _affine(image, tuple(matrix))

    return operation


def _cutout(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """A grey square of twice `40 * strength` pixels a side, scaled, round a random pixel."""
    reach = 40 * strength * _scaled(image)
    x, y = random.integers(image.width), random.integers(image.height)
    return _covered(image, (x - reach, y - reach, x + reach, y + reach))


def _released_cutout(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Twice whole `40 * strength` pixels a side, without the last row and column."""
    reach = int(40 * strength)
    x, y = int(random.integers(image.width)), int(random.integers(image.height))
    return _covered(image, (x - reach, y - reach, x + reach - 1, y + reach - 1)) if reach else image


def _covered(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    covered = image.copy()
    ImageDraw.Draw(covered).rectangle(box, fill=_fill(image))
    return covered


def _posterize(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Keeps `4 * strength` bits: as released, a greater magnitude distorts less."""
    bits = min(8, int(4 * strength))
    return ImageOps.posterize(image, bits) if bits else image.point(lambda _: 0)


def _released_posterize(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    return _posterize(image, strength if int(4 * strength) <= 8 else 0.25, random)


def _solarize(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """Inverts what is at least `256 * strength`: nothing from magnitude 10 on."""
    return _inverted_from(image, 256 * strength)


def _released_solarize(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    """The threshold is compared with eight bits, into which it wraps."""
    return _inverted_from(image, int(256 * strength) % 256)


def _inverted_from(image: Image.Image, threshold: float) -> Image.Image:
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


def _released_contrast(image: Image.Image, strength: float, random: np.random.Generator) -> Image.Image:
    level = min(255, image.width * image.height // 256)
    grey = Image.new(image.mode, image.size, level if image.mode == "L" else (level,) * len(image.getbands()))
    return Image.blend(grey, image, 1.8 * strength + 0.1)


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
    "translate_x": _translated(_scaled, _X),
    "translate_y": _translated(_scaled, _Y),
    "cutout": _cutout,
}
"""Those that do what their names say, whatever the image's size."""

RELEASED: dict[str, Operation] = OPERATIONS | {
    "posterize": _released_posterize,
    "solarize": _released_solarize,
    "contrast": _released_contrast,
    "translate_x": _translated(_absolute, _X),
    "translate_y": _translated(_absolute, _Y),
    "cutout": _released_cutout,
}
"""Those of the authors' code, `github.com/tensorflow/tpu`, `models/official/efficientnet/autoaugment.py`."""
