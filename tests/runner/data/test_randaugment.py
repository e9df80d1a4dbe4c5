"""Each operation does what its name says, at the released strengths."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scaling.runner.data.augment import Augmentation
from scaling.runner.data.randaugment import OPERATIONS, RELEASED

SIZE = 28


def ramp(channels: int = 1) -> Image.Image:
    """Dark left, bright right."""
    grey = np.broadcast_to(np.linspace(0, 255, SIZE).astype(np.uint8), (SIZE, SIZE))
    return Image.fromarray(grey.copy() if channels == 1 else np.stack([grey] * channels, axis=-1))


def after(name: str, magnitude: float, seed: int = 0, channels: int = 1) -> np.ndarray:
    return np.asarray(OPERATIONS[name](ramp(channels), magnitude / 10, np.random.default_rng(seed))).astype(int)


BEFORE = np.asarray(ramp()).astype(int)


def test_there_are_the_sixteen_operations_of_the_release() -> None:
    assert len(OPERATIONS) == 16


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("magnitude", [0, 10, 15, 30])
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_size_and_channels_stay(name: str, magnitude: float, channels: int) -> None:
    assert after(name, magnitude, channels=channels).shape == np.asarray(ramp(channels)).shape


def test_known_answers() -> None:
    np.testing.assert_array_equal(after("invert", 10), 255 - BEFORE)
    np.testing.assert_array_equal(after("solarize", 5), np.where(BEFORE < 128, BEFORE, 255 - BEFORE))
    np.testing.assert_array_equal(after("solarize", 10), BEFORE)
    np.testing.assert_array_equal(after("solarize_add", 10), np.where(BEFORE < 128, BEFORE + 110, BEFORE).clip(0, 255))
    np.testing.assert_array_equal(after("posterize", 15), BEFORE & 0b11111100)
    np.testing.assert_array_equal(after("posterize", 0), np.zeros_like(BEFORE))
    np.testing.assert_array_equal(after("brightness", 5), BEFORE)  # a factor of 1
    assert after("contrast", 10).std() > BEFORE.std() > after("contrast", 1).std()


def test_translation_is_100_of_224_pixels_at_magnitude_10_either_way() -> None:
    moved = {int((after("translate_x", 10, seed)[0] == 128).sum()) for seed in range(20)}
    assert moved <= {12, 13}  # 100 / 224 * 28 = 12.5 pixels uncovered
    directions = {after("translate_x", 10, seed)[0, 0] == 128 for seed in range(20)}
    assert directions == {True, False}


def test_cutout_covers_twice_40_of_224_pixels_at_magnitude_10() -> None:
    largest = max(int((after("cutout", 10, seed) == 128).sum()) for seed in range(200))
    assert 9**2 <= largest <= 13**2  # 2 * 40 / 224 * 28 = 10 pixels a side, and the ramp's own few


def test_layers_distort_and_the_generator_decides_how() -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, SIZE, SIZE, 1), dtype=np.uint8)

    def distorted(layers: int, seed: int) -> np.ndarray:
        return Augmentation(flip=False, layers=layers, magnitude=15).apply(images, np.random.default_rng(seed))

    plain, one = distorted(0, seed=1), distorted(2, seed=1)
    assert one.shape == images.shape
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, distorted(2, seed=1))
    assert (one != distorted(2, seed=2)).any()
    assert (one != plain).any(axis=(1, 2, 3)).mean() > 0.5


MAGNITUDES = (10, 15, 17, 20, 28)
BITS = (4, 6, 6, 8, 1)
THRESHOLDS = (0, 128, 179, 0, 204)
ADDED = (110, 165, 187, 220, 308)
FACTORS = (1.9, 2.8, 3.16, 3.7, 5.14)
SHIFTS = (100, 150, 170, 200, 280)
REACHES = (40, 60, 68, 80, 112)
"""What the released code makes of each magnitude (facts of its file, read and run by others)."""


def picture(side: int = 224) -> np.ndarray:
    """Noise, so that no pixel stands for another."""
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def released(name: str, magnitude: float, image: np.ndarray, seed: int = 0) -> np.ndarray:
    done = RELEASED[name](Image.fromarray(image), magnitude / 10, np.random.default_rng(seed))
    return np.asarray(done).astype(int)


def blended(degenerate: np.ndarray | int, image: np.ndarray, factor: float) -> np.ndarray:
    return np.clip(degenerate + factor * (image.astype(float) - degenerate), 0, 255)


@pytest.mark.parametrize(
    ("magnitude", "bits", "threshold", "added", "factor"),
    list(zip(MAGNITUDES, BITS, THRESHOLDS, ADDED, FACTORS, strict=True)),
)
def test_released_strengths_of_colours(magnitude: int, bits: int, threshold: int, added: int, factor: float) -> None:
    image = picture()
    before = image.astype(int)
    mask = 256 - 2 ** (8 - bits)
    np.testing.assert_array_equal(released("posterize", magnitude, image), before & mask)
    np.testing.assert_array_equal(
        released("solarize", magnitude, image), np.where(before < threshold, before, 255 - before)
    )
    brighter = np.where(before < 128, np.clip(before + added, 0, 255), before)
    np.testing.assert_array_equal(released("solarize_add", magnitude, image), brighter)
    assert np.abs(released("brightness", magnitude, image) - blended(0, image, factor)).max() <= 1
    grey = np.asarray(Image.fromarray(image).convert("L")).astype(int)[..., None]
    assert np.abs(released("color", magnitude, image) - blended(grey, image, factor)).max() <= 1


@pytest.mark.parametrize(("side", "level"), [(160, 100), (192, 144), (224, 196), (256, 255), (320, 255)])
def test_released_contrast_blends_with_the_number_of_pixels(side: int, level: int) -> None:
    image = picture(side)
    for magnitude, factor in zip(MAGNITUDES, FACTORS, strict=True):
        assert np.abs(released("contrast", magnitude, image) - blended(level, image, factor)).max() <= 1


@pytest.mark.parametrize("side", [160, 224, 600])
@pytest.mark.parametrize(("magnitude", "shift", "reach"), list(zip(MAGNITUDES, SHIFTS, REACHES, strict=True)))
def test_released_distances_are_pixels_whatever_the_size(side: int, magnitude: int, shift: int, reach: int) -> None:
    image = np.zeros((side, side, 3), np.uint8)
    moved = {(released("translate_x", magnitude, image, seed)[0, :, 0] == 128).sum() for seed in range(4)}
    assert moved == {min(shift, side)}
    moved = {(released("translate_y", magnitude, image, seed)[:, 0, 0] == 128).sum() for seed in range(4)}
    assert moved == {min(shift, side)}
    for seed in range(4):
        x, y = np.random.default_rng(seed).integers([side, side])
        covered = released("cutout", magnitude, image, seed)[..., 0] == 128
        rows, columns = (min(at + reach, side) - max(at - reach, 0) for at in (y, x))
        assert covered.sum() == rows * columns


@pytest.mark.parametrize(("magnitude", "degrees"), list(zip(MAGNITUDES, (30, 45, 51, 60, 84), strict=True)))
def test_released_turns_and_shears(magnitude: int, degrees: int) -> None:
    image = Image.fromarray(picture())
    turned = {sign: np.asarray(image.rotate(sign * degrees, fillcolor=(128,) * 3)).astype(int) for sign in (-1, 1)}
    assert any((released("rotate", magnitude, picture()) == one).all() for one in turned.values())
    shears = [(1, sign * 0.03 * magnitude, 0, 0, 1, 0) for sign in (-1, 1)]
    sheared = [
        np.asarray(image.transform(image.size, Image.Transform.AFFINE, matrix, fillcolor=(128,) * 3))
        for matrix in shears
    ]
    assert any((released("shear_x", magnitude, picture()) == one).all() for one in sheared)


def test_the_recipe_says_which_form() -> None:
    from scaling.schema import Dataset, Recipe

    data = Dataset(name="fashion_mnist")
    assert not Augmentation.of(data, Recipe(epochs=1)).released
    assert Augmentation.of(data, Recipe(epochs=1, randaugment="released")).released
    images = np.full((64, SIZE, SIZE, 1), 200, np.uint8)
    forms = [Augmentation(False, 2, 15, form).apply(images, np.random.default_rng(0)) for form in (False, True)]
    assert (forms[0] != forms[1]).any()
