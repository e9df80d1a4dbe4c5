from __future__ import annotations

import numpy as np
import pytest

from scaling.analysis.laws.families import BENT, BROKEN, FLOORED, POWER, SATURATING, Law, straight
from scaling.analysis.laws.huber import HUBER, huber, solve
from scaling.analysis.laws.residual_variance import draw_scatter, scatter

U = np.linspace(-4.0, 4.0, 15)


def test_of_a_straight_line_without_outliers_it_is_weighted_least_squares() -> None:
    random = np.random.default_rng(0)
    columns, sd = np.column_stack([np.ones_like(U), U]), random.uniform(1, 2, len(U))
    y = 0.3 - 0.2 * U + 0.1 * sd * random.standard_normal(len(U))
    found = solve(straight(columns), y[None], sd)
    expected = np.linalg.lstsq(columns / sd[:, None], y / sd, rcond=None)[0]
    assert found.theta[0] == pytest.approx(expected)
    assert found.converged.all()


def test_one_wild_point_hardly_moves_the_line() -> None:
    columns = np.column_stack([np.ones_like(U), U])
    y = -0.2 * U + 0.01 * np.sin(9 * U)
    y[-1] += 3
    assert solve(straight(columns), y[None], np.full(15, 0.01)).theta[0, 1] == pytest.approx(-0.2, abs=0.005)
    assert np.linalg.lstsq(columns, y, rcond=None)[0][1] > -0.16


def test_the_loss_is_the_definition() -> None:
    z = np.array([-5.0, -HUBER, 0.0, 1.0, 2.0])
    assert huber(z).tolist() == pytest.approx(
        [HUBER * 5 - HUBER**2 / 2, HUBER**2 / 2, 0, 0.5, HUBER * 2 - HUBER**2 / 2]
    )


def test_an_infinite_deviation_leaves_a_point_out() -> None:
    columns, sd = np.column_stack([np.ones_like(U), U]), np.ones((2, len(U)))
    y = np.stack([U, U])
    y[:, 0] += 50
    sd[1, 0] = np.inf
    assert solve(straight(columns), y, sd).theta[1] == pytest.approx([0, 1], abs=1e-9)


@pytest.mark.parametrize(
    ("law", "theta"),
    [
        (POWER, [-1.0, -0.2]),
        (FLOORED, [0.3, 0.5, -1.5]),
        (BROKEN, [0.7, -1.5, -0.3, 0.25]),
        (SATURATING, [0.8, 0.5, -2.0]),
        (BENT, [-0.3, -0.05, 0.4, 1.5, -1.5]),
    ],
    ids=lambda part: part.name if isinstance(part, Law) else "",
)
class TestEveryLaw:
    def test_derivatives_are_those_of_the_curve(self, law: Law, theta: list[float]) -> None:
        curve, at = law.curve(U, U), np.array([theta])
        for place in range(law.size):
            step = np.zeros((1, law.size))
            step[0, place] = 1e-6
            numeric = (curve.at(at + step) - curve.at(at - step)) / 2e-6
            assert curve.slopes(at)[0, :, place] == pytest.approx(numeric[0], abs=1e-6)

    def test_its_own_curve_gives_its_parameters_back(self, law: Law, theta: list[float]) -> None:
        curve = law.curve(U, U)
        found = solve(curve, curve.at(np.array([theta])), np.full(len(U), 0.01))
        assert found.theta[0] == pytest.approx(theta, abs=1e-4)
        assert found.converged.all()
        assert not found.bound.any()


def test_scatter_beyond_the_noise_is_found() -> None:
    random = np.random.default_rng(1)
    noise = random.uniform(0.02, 0.06, 20_000)
    residuals = np.hypot(noise, 0.05) * random.standard_normal(20_000)
    assert scatter(residuals, noise, 20_000) == pytest.approx(0.05, rel=0.02)
    residuals[:200] = 9.0
    assert scatter(residuals, noise, 20_000) == pytest.approx(0.05, rel=0.06)


def test_noise_alone_leaves_no_scatter() -> None:
    assert scatter(np.full(9, 0.01), np.full(9, 0.05), 8) == 0
    assert not draw_scatter(np.full(9, 0.01), np.full(9, 0.05), 8, 10, np.random.default_rng(0)).any()


def test_drawn_scatters_hold_the_truth_nine_times_in_ten() -> None:
    random = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        drawn = draw_scatter(0.03 * random.standard_normal(12), np.full(12, 0.005), 12, 400, random)
        low, high = np.quantile(drawn, [0.05, 0.95])
        inside += low <= np.sqrt(0.03**2 - 0.005**2) <= high
    assert 0.85 <= inside / 400 <= 0.95
