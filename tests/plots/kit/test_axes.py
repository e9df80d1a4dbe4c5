from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scaling.plots.kit.axes import share_limits


def panels(*limits: tuple[float, float]) -> list[Axes]:
    """Panels with a point each, and these vertical limits."""
    places = Figure().subplots(1, len(limits))
    for axes, (low, high) in zip(places, limits, strict=True):
        axes.plot([1], [(low + high) / 2])
        axes.set_ylim(low, high)
    return list(places)


def test_panels_of_nearly_one_range_have_equal_limits() -> None:
    both = panels((70, 80), (72, 82))
    assert share_limits(both)
    assert [axes.get_ylim() for axes in both] == [(70, 82)] * 2


def test_panels_far_apart_have_equal_spans_about_their_own_points_and_none_beyond_100() -> None:
    low, high = panels((60, 70), (95, 100))
    assert not share_limits([low, high])
    assert (low.get_ylim(), high.get_ylim()) == ((60, 70), (90, 100))


def test_of_logarithmic_axes_the_ratio_is_equal() -> None:
    both = panels((1, 2), (10, 40))
    for axes in both:
        axes.set_yscale("log")
    assert not share_limits(both)
    assert np.allclose([axes.get_ylim()[1] / axes.get_ylim()[0] for axes in both], 4)
