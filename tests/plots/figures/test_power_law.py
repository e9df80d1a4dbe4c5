from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from scaling import published
from scaling.analysis.laws.families import LAWS
from scaling.plots.figures import residuals
from scaling.plots.figures.power_law import Fitted, fitted, power_law, spec
from scaling.plots.kit.bars import Z90
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.results.frame import load_results
from tests.plots.drawn import assert_equal_limits, assert_nothing_overlaps, context, drawn, lines
from tests.plots.test_study import VARIANTS, folder_of

FIG2 = published.load("fig2")


@pytest.fixture(scope="module")
def grid() -> Fitted:
    (one,), others = fitted(context(FIG2))
    assert others == 0
    return one


def test_figure_2_has_125_points_by_resolution_on_log_axes(grid: Fitted) -> None:
    axes = power_law(grid, Figure().subplots())
    points = {label: x for label, (x, _) in lines(axes).items() if label.endswith("px")}
    assert list(points) == ["128 px", "160 px", "224 px", "320 px", "448 px"]
    assert sum(map(len, points.values())) == 125
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_every_law_is_drawn_and_one_is_chosen(grid: Fitted) -> None:
    axes = power_law(grid, Figure().subplots())
    laws = [label for label in lines(axes) if "law" in label]
    others = [law.name for law in LAWS if law.name != grid.laws.best]
    assert laws == [f"{grid.laws.best}, chosen", *others]
    x, error = lines(axes)["power law"]
    slope = np.polyfit(np.log(x), np.log(error), 1)[0]
    assert slope == pytest.approx(grid.laws["power law"].parameters["slope"].value)
    labels = {str(patch.get_label()) for patch in (*axes.patches, *axes.collections)}
    assert {label for label in labels if not label.startswith("_")} == {"its 90% band"}


def test_the_chosen_law_is_thick_and_whole_under_the_thin_ones_with_points_on_top(grid: Fitted) -> None:
    axes = power_law(grid, Figure().subplots())
    (chosen,) = (line for line in axes.lines if "chosen" in str(line.get_label()))
    thin = [line for line in axes.lines if "law" in str(line.get_label()) and line is not chosen]
    points = [line for line in axes.lines if str(line.get_label()).endswith("px")]
    assert chosen.get_linestyle() == "-"
    assert chosen.get_linewidth() > 1.5 * max(line.get_linewidth() for line in thin)
    orders = [[line.get_zorder() for line in group] for group in ([chosen], thin, points)]
    assert max(orders[0]) < min(orders[1]) <= max(orders[1]) < min(orders[2])


def test_the_legend_has_points_then_laws_then_bands_and_the_small_print_the_assumed_noise(grid: Fitted) -> None:
    labels = power_law(grid, Figure().subplots()).get_legend_handles_labels()[1]
    kinds = ["px" if label.endswith("px") else "law" if "law" in label else "band" for label in labels]
    assert kinds == sorted(kinds, key=["px", "law", "band"].index)
    for found in (spec(context(FIG2)), residuals.spec(context(FIG2))):
        assert isinstance(found, FigureSpec)
        assert any(note.startswith("Only one seed a setting: ") for note in found.notes)


def test_points_have_the_bars_of_their_noise_on_the_logarithmic_axis(grid: Fitted) -> None:
    axes = power_law(grid, Figure().subplots())
    segments = [segment for bars in axes.containers for segment in bars.lines[2][0].get_segments()]
    assert len(segments) == 125
    ends = np.array(sorted((segment[0, 0], *segment[:, 1]) for segment in segments))
    order = np.lexsort((grid.laws.error, grid.laws.x))
    assert np.sort(ends[:, 2] / ends[:, 1]) == pytest.approx(np.sort(np.exp(2 * Z90 * grid.laws.sd[order])))


def test_panels_share_their_limits_and_name_a_law_once_however_its_fit_ended(tmp_path: Path) -> None:
    variants = [{**of, "epochs": epochs} for epochs in (1, 2) for of in VARIANTS]
    found = spec(context(load_results(folder_of(tmp_path, variants).path)))
    figure = drawn(found)
    assert_equal_limits(figure.axes)
    assert figure.axes[0].get_ylim()[1] <= 100
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert not any("bound" in label for label in labels)
    assert isinstance(found, FigureSpec)
    ended = {fit.status for one in fitted(context(load_results(tmp_path / "made_up")))[0] for fit in one.laws.fits}
    assert ("No candidates" in " ".join(found.notes)) == (ended != {"converged"})


def test_a_bend_that_a_floor_explains_as_well_is_no_break() -> None:
    found = spec(context(FIG2))
    assert isinstance(found, FigureSpec)
    assert "it bends (p = 0.002)" in found.concludes
    assert "-0.196 (90%: -0.211 to -0.182) for small" in found.concludes
    assert "a break and a smooth curve are not told apart" in found.concludes
    assert_nothing_overlaps(drawn(found))


def test_a_break_that_is_sharp_is_drawn_and_located_in_flops(tmp_path: Path) -> None:
    frame = FIG2.assign(top1=1 - np.where(FIG2["macs"] < 3e9, 0.25 * (FIG2["macs"] / 3e9) ** -0.3, 0.25))
    found = spec(context(frame))
    assert isinstance(found, FigureSpec)
    assert "it breaks (p = 0.002) at 6" in found.concludes
    assert "break, 90%" in {patch.get_label() for axes in drawn(found).axes for patch in axes.patches}


def test_ones_own_points_stand_over_published_ones(tmp_path: Path, grid: Fitted) -> None:
    own, _ = fitted(context(load_results(folder_of(tmp_path, VARIANTS).path)))
    axes = power_law(grid, Figure().subplots(), pale=True)
    power_law(own[0], axes)
    assert (
        len(lines(axes)["published"][0])
        + sum(len(line.get_xdata()) for line in axes.lines if line.get_label() == "_published")
        == 125
    )
    assert len(lines(axes)["16 px"][0]) == 5
    assert axes.get_xlim()[1] > 1e5


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_too_few_points_are_skipped_with_a_reason(rows: int) -> None:
    skipped = spec(context(FIG2.head(rows))), residuals.spec(context(FIG2.head(rows)))
    assert all(isinstance(one, Skipped) and ("needs three" in one.reason) == (rows > 0) for one in skipped)


def test_residuals_of_every_fit_are_measured_over_fitted_error(grid: Fitted) -> None:
    found = residuals.spec(context(FIG2))
    assert isinstance(found, FigureSpec)
    assert len(found.panels) == len(LAWS)
    fit = grid.laws["broken power law"]
    axes = residuals.residuals(grid.laws, fit, Figure().subplots())
    (points,) = (line for line in axes.lines if line.get_marker() == "o")
    predicted = fit.predict(grid.laws.x).error
    expected = pd.Series(100 * (grid.laws.error / predicted - 1))
    assert np.asarray(points.get_ydata()) == pytest.approx(expected.to_numpy())
    assert axes.get_title() == "broken power law"
    (low, high), *_ = (segment[:, 1] for bars in axes.containers for segment in bars.lines[2][0].get_segments())
    assert low < np.asarray(points.get_ydata())[0] < high
