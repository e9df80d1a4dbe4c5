"""Each operation does what its name says, at the released strengths."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scaling.runner.data.augment import Augmentation
from scaling.runner.data.randaugment import OPERATIONS

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
