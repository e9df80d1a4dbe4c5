from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from scaling import published
from scaling.analysis.depth_width.regimes import regimes as compared
from scaling.analysis.settings import collapse_seeds
from scaling.plots.figures.regimes import regimes, spec
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.results.frame import load_results
from tests.plots.drawn import assert_comparable_limits, assert_nothing_overlaps, bars, context, drawn, names
from tests.plots.test_study import VARIANTS, folder_of

FIG3 = published.load("fig3")


def test_figure_3_has_a_panel_a_regime_and_a_verdict_a_resolution() -> None:
    figure = drawn(spec(context(FIG3)))
    titles = [axes.get_title() for axes in figure.axes]
    assert [title.split("\n")[0] for title in titles] == [
        "10 epochs: undecided",
        "100 epochs: undecided",
        "350 epochs: depth ahead",
    ]
    leads = [title.split("\n")[1].split(" (")[0] for title in titles]
    assert leads == ["width +0.4", "width −0.2", "depth +0.4"]
    long = names(figure.axes[2])
    said = {"320 px: depth +0.8", "224 px: undecided", "160 px: undecided", "128 px: undecided"}
    assert "320 px: depth +0.8" in long
    assert len(said & set(long)) >= 3
    assert_nothing_overlaps(figure)


def test_regimes_share_their_scales_and_points_have_bars() -> None:
    figure = drawn(spec(context(FIG3)))
    assert_comparable_limits(figure.axes)
    assert all(bars(axes) for axes in figure.axes)
    assert [bool(axes.get_ylabel()) for axes in figure.axes] == [True, False, False]


def test_arms_are_thick_in_the_range_that_both_reach() -> None:
    found = compared(collapse_seeds(FIG3))
    (cell,) = (cell for cell in found.regimes[0].cells if cell.place == "128 px")
    axes = regimes(found, found.regimes[0], Figure().subplots())
    thick = [line for line in axes.lines if line.get_linewidth() > 2]
    assert len(thick) == 8
    ends = [(line.get_xdata()[0], line.get_xdata()[-1]) for line in thick]
    assert ends.count(pytest.approx(cell.shared)) == 2


def test_bases_are_black_diamonds_and_one_resolution_needs_no_label(tmp_path: Path) -> None:
    (axes,) = drawn(spec(context(load_results(folder_of(tmp_path, VARIANTS).path)))).axes
    (base,) = (line for line in axes.lines if line.get_label() == "base")
    assert (base.get_marker(), base.get_color(), len(base.get_xdata())) == ("D", style.INK, 1)
    assert names(axes) == []
    several = drawn(spec(context(FIG3))).axes[0]
    assert [len(line.get_xdata()) for line in several.lines if line.get_label() == "base"] == [4]


def test_the_conclusion_says_where_longer_training_leads() -> None:
    found = spec(context(FIG3))
    assert isinstance(found, FigureSpec)
    assert "10 epochs: width leads depth by 0.39 points" in found.concludes
    assert "longer training favours depth" in found.concludes


def test_ones_own_and_the_published_regimes_in_one_figure(tmp_path: Path) -> None:
    own = load_results(folder_of(tmp_path, VARIANTS).path)
    figure = drawn(spec(context(own, FIG3)))
    own_panel, *published_panels = (axes for axes in figure.axes if axes.axison)
    assert [axes.get_title().split(", ")[0] for axes in published_panels] == ["published"] * 3
    assert_comparable_limits(published_panels)
    assert own_panel.get_ylim() != published_panels[0].get_ylim()


def test_one_arm_is_skipped_with_a_reason(tmp_path: Path) -> None:
    skipped = spec(context(load_results(folder_of(tmp_path, VARIANTS[:3]).path)))
    assert isinstance(skipped, Skipped)
    assert "no resolution has both" in skipped.reason
