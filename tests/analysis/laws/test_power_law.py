"""Fits recover the law that made their data, agree with the paper's Figure 2, and say why where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scaling import published
from scaling.analysis.laws.groups import fit_settings
from scaling.analysis.laws.power_law import FLOPS_PER_MAC, Laws, fit
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.uncertainty import Estimate

Floats = npt.NDArray[np.float64]

X = np.geomspace(1e7, 1e10, 16)
LAWS: dict[str, tuple[Callable[[Floats], Floats], dict[str, float]]] = {
    "power law": (lambda x: 6 * x**-0.18, {"a": 6, "slope": -0.18}),
    "power law with a floor": (lambda x: 0.05 + 90 * x**-0.33, {"floor": 0.05, "a": 90, "slope": -0.33}),
    "broken power law": (
        lambda x: 0.2 * np.where(x < 3e8, (x / 3e8) ** -0.2, (x / 3e8) ** -0.05),
        {"error_at_break": 0.2, "break": 3e8, "slope_below": -0.2, "slope_above": -0.05},
    ),
}


def holds(estimate: Estimate, value: float) -> bool:
    return estimate.low <= value <= estimate.high


def values(laws: Laws, name: str) -> dict[str, float]:
    return {parameter: estimate.value for parameter, estimate in laws[name].parameters.items()}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_found_with_its_parameters(name: str) -> None:
    law, truth = LAWS[name]
    found = fit(X, law(X), draws=20)
    assert found.best == name
    assert found[name].status == "converged"
    assert values(found, name) == pytest.approx(truth, rel=1e-3)
    assert found[name].held_out.off.value < 1e-3
    assert np.abs(found[name].residuals).max() < 1e-4


def test_scale_is_no_trap() -> None:
    """`curve_fit` from its default start gave a = -6e6 on such data."""
    found = fit(X * 1e6, 3e2 * (X * 1e6) ** -0.25, draws=20)
    assert values(found, "power law") == pytest.approx({"a": 300, "slope": -0.25})


@pytest.mark.parametrize("unit", [1e-3, 1e6])
def test_the_unit_of_x_changes_nothing_but_the_unit(unit: float) -> None:
    error = LAWS["broken power law"][0](X) * (1 + 0.02 * np.cos(7 * np.arange(16)))
    one, other = fit(X, error, 0.002, draws=50), fit(X * unit, error, 0.002, draws=50)
    for name in ("slope_below", "slope_above"):
        mine, its = (found["broken power law"].parameters[name] for found in (one, other))
        assert (mine.value, mine.low, mine.high) == pytest.approx((its.value, its.low, its.high), rel=1e-3)
    assert values(other, "broken power law")["break"] == pytest.approx(unit * values(one, "broken power law")["break"])


def test_a_wild_point_moves_no_slope() -> None:
    error = LAWS["power law"][0](X) * (1 + 0.01 * np.cos(7 * np.arange(16)))
    error[-1] = 0.9
    assert values(fit(X, error, draws=20), "power law")["slope"] == pytest.approx(-0.18, abs=0.01)


def test_noisy_points_weigh_less() -> None:
    error = LAWS["power law"][0](X)
    error[::2] *= 1.2
    sd = np.where(np.arange(16) % 2 == 0, 0.3, 0.0005) * error
    found = fit(X, error, sd, draws=20)
    assert values(found, "power law") == pytest.approx({"a": 6, "slope": -0.18}, rel=0.01)


def test_order_is_that_of_x_and_rows_lead_back() -> None:
    shuffled = np.random.default_rng(0).permutation(16)
    found = fit(X[shuffled], LAWS["power law"][0](X)[shuffled], draws=5)
    assert found.x.tolist() == X.tolist()
    assert X[shuffled][found.rows].tolist() == X.tolist()


@pytest.mark.slow
def test_new_points_lie_in_their_interval() -> None:
    random = np.random.default_rng(5)
    inside = []
    for seed in range(10):
        error = LAWS["power law"][0](X) * np.exp(0.04 * random.standard_normal(16))
        band = fit(X[:10], error[:10], 1e-4, draws=60, seed=seed)["power law"].predict(X[10:])
        assert np.mean(band.point_high - band.point_low) > np.mean(band.high - band.low)
        inside.append((band.point_low <= error[10:]) & (error[10:] <= band.point_high))
    assert 0.78 <= np.mean(inside) <= 0.99  # of 60 points, of which six share a line


def test_extrapolation_tells_the_right_law_from_the_wrong_one() -> None:
    random = np.random.default_rng(6)
    error = LAWS["power law with a floor"][0](X) * np.exp(0.01 * random.standard_normal(16))
    found = fit(X, error, 0.001)
    straight, floored = (found[name].extrapolation for name in ("power law", "power law with a floor"))
    assert straight is not None
    assert floored is not None
    assert (straight.fitted, straight.predicted) == (11, 5)
    assert straight.beyond == pytest.approx(X[10])
    assert straight.off.value > 2 * floored.off.value
    assert floored.inside > straight.inside


@pytest.mark.slow
def test_a_straight_law_does_not_break() -> None:
    random = np.random.default_rng(7)
    verdicts = []
    for seed in range(10):
        error = LAWS["power law"][0](X) * np.exp(0.03 * random.standard_normal(16))
        broken = fit(X, error, draws=60, seed=seed).broken
        assert broken is not None
        verdicts.append(broken.verdict)
    assert verdicts.count("holds") <= 3  # at 5%, chance alone gives more in one of a thousand tests


@pytest.fixture(scope="module")
def settings() -> Any:
    return collapse_seeds(published.load("fig2"))


class TestFigure2:
    """Slope about -0.20 below 3e9 FLOPs and about -0.05 between 1e10 and 1e11; the break between 3e9 and 2e10."""

    @pytest.mark.parametrize(("low", "high", "slope"), [(0, 3e9, -0.20), (1e10, 1e11, -0.05)])
    def test_slopes(self, settings: Any, low: float, high: float, slope: float) -> None:
        part = settings[settings["macs"].between(low / FLOPS_PER_MAC, high / FLOPS_PER_MAC)]
        found = fit_settings(part, "macs")
        assert found.best == "power law"
        assert found["power law"].parameters["slope"].value == pytest.approx(slope, abs=0.01)
        assert holds(found["power law"].parameters["slope"], slope)

    def test_break(self, settings: Any) -> None:
        found = fit_settings(settings, "macs")
        assert found.broken is not None
        assert (found.broken.verdict, found.broken.chance) == ("holds", pytest.approx(1))
        assert 3e9 <= FLOPS_PER_MAC * found.broken.at.low <= FLOPS_PER_MAC * found.broken.at.high <= 2e10
        assert found.broken.at.value * FLOPS_PER_MAC == pytest.approx(5.8e9, rel=0.05)
        assert holds(found["broken power law"].parameters["slope_below"], -0.20)
        assert found["broken power law"].parameters["slope_above"].value == pytest.approx(-0.068, abs=0.005)
        assert {one.status for one in found.fits} == {"converged"}

    def test_noise_is_the_minivals_and_that_of_seeds(self, settings: Any) -> None:
        found = fit_settings(settings, "macs")
        top1 = settings["top1_sd"].to_numpy()[found.rows]
        assert found.sd == pytest.approx(top1 / found.error)
        assert top1.max() < 0.0045


NAN = float("nan")


@pytest.mark.parametrize(
    ("x", "error", "reason"),
    [
        ([], [], "0 usable points; a power law needs three"),
        ([1e9], [0.2], "1 usable point; a power law needs three"),
        ([1e9, 2e9, NAN, 3e9], [0.2, 0.3, 0.4, NAN], r"2 usable points \(2 without x or error\)"),
        ([1e9] * 5, [0.2, 0.3, 0.2, 0.3, 0.2], "all 5 points are at one x, 1e\\+09"),
        ([NAN] * 4, [NAN] * 4, r"0 usable points \(4 without x or error\)"),
        ([0.0, -1.0, 1.0, 2.0], [0.1] * 4, r"2 usable points \(2 x not above 0\)"),
        ([1.0, 2.0, 3.0], [0.0, 0.1, 1.5], r"1 usable point \(2 error not above 0 and up to 1\)"),
    ],
)
def test_too_little_is_a_sentence(x: list[float], error: list[float], reason: str) -> None:
    found = fit(x, error)
    assert found.fits == ()
    assert (found.best, found.broken) == (None, None)
    assert re.match(reason, found.reason)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("x", "error"),
    [
        ([1.0, 2.0, 4.0], [0.3, 0.3, 0.3]),
        ([1.0] * 4 + [2.0] * 4, [0.3, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2]),
        ([1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0], [0.3] * 8),
        ([1.0, 1 + 1e-12, 1 + 2e-12, 1 + 3e-12, 1 + 4e-12, 1 + 5e-12], [0.1, 0.9, 0.1, 0.9, 0.1, 0.9]),
        ([1e-300, 1.0, 1e300, 1e200, 1e100, 1e-100], [0.5, 0.4, 0.3, 0.2, 0.1, 1.0]),
    ],
    ids=["all equal", "two places", "flat duplicates", "hardly apart", "far apart"],
)
def test_strange_points_are_fitted_or_said_not_to_be(x: list[float], error: list[float]) -> None:
    found = fit(x, error, draws=20)
    assert found.fits or found.reason
    assert all(one.status in {"converged", "at a bound", "did not converge"} for one in found.fits)


def test_scatter_that_neighbours_share_widens_the_interval() -> None:
    random = np.random.default_rng(0)
    u, alone = np.linspace(0, 4, 40), random.standard_normal(40)
    shared = alone.copy()
    for at in range(1, 40):
        shared[at] = 0.8 * shared[at - 1] + 0.6 * alone[at]
    slopes = {}
    for name, scatter in (("alone", alone), ("shared", shared / shared.std() * alone.std())):
        power = fit(np.exp(u), np.exp(-1 - 0.2 * u + 0.01 * scatter))["power law"]
        slopes[name] = power.parameters["slope"].high - power.parameters["slope"].low
        assert (power.together > 0.4) == (name == "shared")
    assert slopes["shared"] > 1.5 * slopes["alone"]


def test_points_at_one_place_are_no_neighbours() -> None:
    """They come in order of their error, which is not how they scatter along x."""
    u = np.repeat(np.linspace(0, 4, 5), 8)
    y = -1 - 0.2 * u + 0.01 * np.random.default_rng(0).standard_normal(40)
    assert fit(np.exp(u), np.exp(y))["power law"].together == 0
