from __future__ import annotations

import pytest

from scaling.analysis.uncertainty import Estimate
from scaling.plots.kit.numbers import interval, plain, signed


@pytest.mark.parametrize(
    ("value", "without", "with_sign"), [(0.83, "0.8", "+0.8"), (-0.12, "−0.1", "−0.1"), (-0.04, "0.0", "0.0")]
)
def test_a_minus_is_one_and_zero_has_none(value: float, without: str, with_sign: str) -> None:
    assert (plain(value), signed(value)) == (without, with_sign)


def test_an_interval_says_both_ends() -> None:
    assert interval(Estimate(0.1, -0.74, 0.8)) == "−0.7 to 0.8"
