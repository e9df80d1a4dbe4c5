"""AutoAugment's policy does what it says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from scaling.runner.data import autoaugment
from scaling.runner.data.augment import Augmentation
from scaling.runner.data.randaugment import OPERATIONS
from scaling.schema import Dataset, Recipe

PICTURE = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)


def test_the_policy_is_25_pairs_of_known_operations() -> None:
    assert len(autoaugment.POLICY) == 25
    steps = [step for pair in autoaugment.POLICY for step in pair]
    assert {name for name, _, _ in steps} <= set(OPERATIONS)
    assert all(0 <= probability <= 1 and 0 <= magnitude <= 10 for _, probability, magnitude in steps)
    # A pair and a sum of the released file.
    assert autoaugment.POLICY[15] == (("rotate", 1.0, 7), ("translate_y", 0.8, 9))
    assert sum(probability for _, probability, _ in steps) == pytest.approx(29.8)


def test_each_pair_is_drawn_and_each_step_as_often_as_its_probability(monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[tuple[str, float]] = []

    def noting(name: str) -> object:
        return lambda image, strength, random: applied.append((name, round(10 * strength, 6))) or image

    monkeypatch.setattr(autoaugment.randaugment, "OPERATIONS", {name: noting(name) for name in OPERATIONS})
    random = np.random.default_rng(0)
    draws = 20_000
    for _ in range(draws):
        autoaugment.distort(Image.fromarray(PICTURE[:8, :8]), random, released=False)
    expected: dict[tuple[str, float], float] = {}
    for pair in autoaugment.POLICY:
        for name, probability, magnitude in pair:
            key = name, magnitude * (2.5 if name == "translate_y" else 1.0)
            expected[key] = expected.get(key, 0) + probability / 25
    assert set(applied) == {key for key, chance in expected.items() if chance > 0}
    for key, chance in expected.items():
        spread = 4.5 * np.sqrt(draws * chance) + 1
        assert abs(applied.count(key) - draws * chance) < spread, key


def test_translation_is_of_250_pixels_at_magnitude_10(monkeypatch: pytest.MonkeyPatch) -> None:
    only = (("translate_y", 1.0, 4), ("invert", 0.0, 0))
    monkeypatch.setattr(autoaugment, "POLICY", (only,))
    done = np.asarray(autoaugment.distort(Image.fromarray(PICTURE * 0), np.random.default_rng(0), released=True))
    assert (done[:, 0, 0] == 128).sum() == 100


def test_a_recipe_asks_for_it_in_place_of_randaugment() -> None:
    augmentation = Augmentation.of(
        Dataset(name="synthetic"), Recipe(epochs=1, autoaugment=True, randaugment="released")
    )
    assert (augmentation.policy, augmentation.released, augmentation.distorts) == (True, True, True)
    images = np.stack([PICTURE[:32, :32]] * 16)
    done = augmentation.apply(images, np.random.default_rng(0))
    assert done.shape == images.shape
    assert (done == augmentation.apply(images, np.random.default_rng(0))).all()
    with pytest.raises(ValidationError, match="autoaugment is in place of RandAugment; randaugment_layers is 2"):
        Recipe(epochs=1, autoaugment=True, randaugment_layers=2)
