from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.equal_accuracy.cost_curve import contenders, curve, knots, typical
from scaling.analysis.pareto.front import front


@pytest.mark.parametrize("seed", range(10))
def test_without_noise_the_contenders_are_the_front(seed: int) -> None:
    random = np.random.default_rng(seed)
    cost, top1 = random.random((2, 30))
    kept = contenders(cost, top1, np.zeros(30))
    on_front = front(pd.DataFrame({"macs": cost, "top1": top1}), "macs", "top1")
    assert sorted(kept) == np.flatnonzero(on_front).tolist()


def test_a_point_within_noise_may_stand_on_a_redrawn_front_and_is_no_knot() -> None:
    cost, top1, noise = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.6, 0.71, 0.69, 0.8]), np.full(4, 0.01)
    assert contenders(cost, top1, noise).tolist() == [0, 1, 2, 3]
    assert contenders(cost, top1, noise / 10).tolist() == [0, 1, 3]
    accuracies, logs = knots(cost[::-1], top1[::-1])
    assert accuracies == pytest.approx([0.6, 0.71, 0.8])
    assert logs == pytest.approx(np.log([1, 2, 4]))


def test_the_curve_passes_through_its_knots_rises_and_goes_straight_on() -> None:
    x, y = np.array([0.6, 0.7, 0.72, 0.8]), np.array([0.0, 1.0, 1.5, 4.0])
    found = curve(x, y)
    assert found(x) == pytest.approx(y)
    at = np.linspace(0.55, 0.85, 200)
    assert (np.diff(found(at)) > 0).all()
    assert found(np.array([0.9]))[0] == pytest.approx(4.0 + 0.1 * 2.5 / 0.08)


def test_a_typical_member_of_few_accuracies_is_a_straight_line() -> None:
    """Eight exact points at two accuracies bear no parabola."""
    top1, cost = np.repeat([0.6, 0.8], 4)[None], np.repeat([1.0, 4.0], 4)[None]
    assert np.exp(typical(cost, top1, np.array([0.6, 0.7, 0.8]))[0]) == pytest.approx([1.0, 2.0, 4.0])
    bent = np.linspace(0.6, 0.8, 8)[None]
    assert typical(np.exp(30 * (bent - 0.5) ** 2), bent, np.array([0.65]))[0] == pytest.approx([30 * 0.15**2])
