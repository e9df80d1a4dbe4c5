"""Error beyond what was measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scaling.analysis.laws import power_law
from scaling.analysis.laws.forecast import forecast
from tests.analysis.calibration import TRUTHS
from tests.analysis.simulated import Floats

U = np.linspace(-1.7, 1.7, 12)


@pytest.mark.parametrize("truth", TRUTHS.values(), ids=[*TRUTHS])
def test_twice_as_far_the_truth_is_near_and_inside(truth: Callable[[Floats], Floats]) -> None:
    y = truth(U) + 0.005 * np.random.default_rng(0).standard_normal(12)
    at = np.array([1.7 + np.log(2)])
    (found,) = forecast(U, y, np.zeros(12), at)
    true = float(np.exp(truth(at)[0]))
    assert found.error == pytest.approx(true, rel=0.06)
    assert found.low < true < found.high
    assert len(found.laws) == 3


def test_further_is_less_sure_on_either_side() -> None:
    y = TRUTHS["a power law with a floor"](U) + 0.01 * np.random.default_rng(0).standard_normal(12)
    found = forecast(U, y, np.zeros(12), [-4.0, -2.0, 2.0, 4.0])
    widths = [one.high / one.low for one in found]
    assert widths[0] > widths[1]
    assert widths[3] > widths[2]


def test_the_interval_reaches_to_where_error_falls_straight_on() -> None:
    y = TRUTHS["a power law that breaks"](U)
    at = np.array([1.7 + np.log(10)])
    (found,) = forecast(U, y, np.zeros(12), at)
    assert found.low <= float(np.exp(TRUTHS["a power law that breaks"](at)[0])) * 1.05 < found.error


def test_few_points_have_a_power_law() -> None:
    (found,) = forecast(U[:4], -0.2 * U[:4] - 1, np.zeros(4), [0.0])
    assert found.laws == ("power law",)
    assert found.error == pytest.approx(np.exp(-1), rel=1e-3)


def test_the_same_points_give_the_same_answer() -> None:
    y = TRUTHS["a smooth bend"](U)
    assert forecast(U, y, np.full(12, 0.01), [2.0]) == forecast(U, y, np.full(12, 0.01), [2.0])


def test_among_the_points_the_law_chosen_speaks_and_beyond_them_several() -> None:
    error = np.exp(TRUTHS["a power law"](U))
    laws = power_law.fit(np.exp(U), error, 0.002 * error)
    inside, outside = laws.at(1.0), laws.at(100.0)
    assert inside is not None
    assert outside is not None
    assert inside.laws == (laws.best,)
    assert inside.error == pytest.approx(0.3, rel=0.02)
    assert len(outside.laws) == 3
    assert (laws.beyond(1.0), laws.beyond(100.0)) == (pytest.approx(np.exp(-1.7)), pytest.approx(100 / np.exp(1.7)))
    assert laws.beyond(0.01) > 1


def test_without_a_fit_there_is_no_forecast() -> None:
    assert power_law.fit([1.0, 2.0], [0.5, 0.4]).at(3.0) is None
