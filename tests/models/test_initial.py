"""Initial weights: the moments that were asked for, the same from a seed, and Keras' own meaning."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.models.initial import drawn, fan_in_and_out, truncated_normal, variance_scaled


def test_fans() -> None:
    assert fan_in_and_out((3, 3, 8, 16)) == (72, 144)
    assert fan_in_and_out((100, 10)) == (100, 10)


def test_truncated_normal_stops_at_two() -> None:
    values = truncated_normal((200_000,), np.random.default_rng(0))
    assert np.abs(values).max() <= 2
    assert values.std() == pytest.approx(0.8796, abs=2e-3)


@pytest.mark.parametrize("distribution", ["truncated_normal", "untruncated_normal", "uniform"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 288), ("fan_out", 576), ("fan_avg", 432)])
def test_variance_is_scale_over_fan(distribution: str, mode: str, fan: int) -> None:
    values = variance_scaled((3, 3, 32, 64), np.random.default_rng(1), 2.0, mode, distribution)
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=5e-3)
    assert values.var() == pytest.approx(2 / fan, rel=0.03)


def test_the_same_seed_gives_the_same_weights_and_another_others() -> None:
    config = {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", "seed": None}
    first, again, other = (drawn("VarianceScaling", config, (3, 3, 4, 4), seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert drawn("Zeros", {}, (4,), 5) is None
    with pytest.raises(ValueError, match="Orthogonal"):
        drawn("Orthogonal", {"seed": None}, (4, 4), 5)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "distribution"), [("fan_in", "truncated_normal"), ("fan_out", "uniform")])
def test_moments_are_keras_own(mode: str, distribution: str) -> None:
    keras = pytest.importorskip("keras")
    theirs = np.asarray(keras.initializers.VarianceScaling(2.0, mode, distribution, seed=0)((3, 3, 64, 128)))
    ours = variance_scaled((3, 3, 64, 128), np.random.default_rng(0), 2.0, mode, distribution)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.02)
