"""Mixup and CutMix: drawn from (recipe, seed, step) alone, with shares as their papers have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scaling.schema import Recipe

pytestmark = pytest.mark.slow

SIZE = 16


def draws(recipe: Recipe, count: int, seed: int = 0) -> list[Any]:
    from scaling.runner.compute.mixing import draw

    return [draw(recipe, seed, step, 8, SIZE) for step in range(count)]


def is_mixup(mix: Any) -> bool:
    return not set(np.unique(mix.weights)) <= {0, 1}


def test_nothing_is_drawn_without_a_recipe_for_it() -> None:
    assert draws(Recipe(epochs=1), 2) == [None, None]


def test_a_draw_depends_on_seed_and_step_alone() -> None:
    recipe = Recipe(epochs=1, mixup_alpha=0.4, cutmix_alpha=1.0)
    for one, again, other in zip(draws(recipe, 20), draws(recipe, 20), draws(recipe, 20, seed=1), strict=True):
        np.testing.assert_array_equal(one.weights, again.weights)
        np.testing.assert_array_equal(one.partners, again.partners)
        assert sorted(one.partners) == list(range(8))
        assert (one.partners != other.partners).any() or (one.weights != other.weights).any()


def test_mixup_has_one_share_for_all_pixels_spread_as_beta() -> None:
    shares = [mix.weights for mix in draws(Recipe(epochs=1, mixup_alpha=0.2), 2000)]
    assert all(np.ptp(share) == 0 for share in shares)
    values = np.array([share[0, 0] for share in shares])
    assert values.mean() == pytest.approx(0.5, abs=0.03)
    assert values.var() == pytest.approx(1 / (4 * (2 * 0.2 + 1)), abs=0.01)  # of Beta(a, a)


def test_cutmix_takes_one_box_of_the_partner() -> None:
    mixes = draws(Recipe(epochs=1, cutmix_alpha=1.0), 500)
    for mix in mixes:
        cut = np.argwhere(mix.weights == 0)
        assert set(np.unique(mix.weights)) <= {0, 1}
        if len(cut):
            assert len(cut) == np.prod(np.ptp(cut, axis=0) + 1)  # it fills its bounding box
    cut_area = np.mean([1 - mix.weights.mean() for mix in mixes])
    assert 0.2 < cut_area < 0.5  # half, were none of it lost over the edges


def test_with_both_each_batch_gets_one_of_the_two() -> None:
    mixes = draws(Recipe(epochs=1, mixup_alpha=0.4, cutmix_alpha=1.0), 400)
    assert np.mean([is_mixup(mix) for mix in mixes]) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("way", ["mixup_alpha", "cutmix_alpha"])
def test_images_and_labels_are_blended_by_the_same_share(way: str) -> None:
    from scaling.runner.compute import mixing, objective

    (mix,) = draws(Recipe(epochs=1, **{way: 1.0}), 1)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (8, SIZE, SIZE, 3), dtype=np.uint8)
    batch, blend = mixing.with_partners({"images": images, "labels": np.arange(8)}, mix)
    own = mix.weights[..., None]
    np.testing.assert_allclose(mixing.blended(batch, blend), own * images + (1 - own) * images[mix.partners], atol=1e-3)
    share = mix.weights.mean()
    np.testing.assert_allclose(
        objective.of_labels(lambda labels: labels * 1.0, batch, blend),
        share * np.arange(8) + (1 - share) * mix.partners,
        rtol=1e-5,
    )


def test_without_a_mix_a_batch_is_as_it_was() -> None:
    from scaling.runner.compute import mixing

    batch = {"images": np.zeros((2, 4, 4, 1), np.uint8), "labels": np.array([1, 2])}
    same, blend = mixing.with_partners(batch, None)
    assert same is batch
    assert mixing.blended(same, blend) is batch["images"]
