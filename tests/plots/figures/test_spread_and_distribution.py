from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from scaling import published
from scaling.analysis.edf import distributions
from scaling.analysis.settings import collapse_seeds
from scaling.plots.figures import distribution, seed_spread
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.results.frame import load_results
from tests.plots.drawn import assert_nothing_overlaps, context, drawn, lines, names
from tests.plots.test_study import FAMILIES, VARIANTS, folder_of


def test_seeds_stand_about_their_mean(tmp_path: Path) -> None:
    found = seed_spread.spec(context(load_results(folder_of(tmp_path, VARIANTS, failed=(0,)).path)))
    figure = drawn(found)
    (axes,) = figure.axes
    x, y = lines(axes)["lowest and highest seed"]
    assert x == pytest.approx([55, 59, 63, 67] * 2)
    assert y == pytest.approx([-1] * 4 + [1] * 4)
    assert "50×0.25" in names(axes)
    assert isinstance(found, FigureSpec)
    assert "standard deviation of 1.41 points (90%:" in found.concludes
    assert "1 failed trial not shown." in found.notes
    assert_nothing_overlaps(figure)


def test_published_numbers_have_no_seeds() -> None:
    assert isinstance(seed_spread.spec(context(published.load("fig2"))), Skipped)


def test_a_curve_with_failures_ends_below_all_in_a_cross(tmp_path: Path) -> None:
    frame = load_results(folder_of(tmp_path, VARIANTS, failed=(0, 1)).path)
    axes = distribution.distribution(distributions(collapse_seeds(frame)), Figure().subplots())
    (curve,) = (points for label, points in lines(axes).items() if "4 trained, 1 failed" in label)
    assert max(curve[1]) == pytest.approx(80)
    crosses = [line for line in axes.lines if line.get_marker() == "x"]
    assert [float(np.asarray(line.get_ydata())[0]) for line in crosses] == [pytest.approx(80)]


def test_figure_2s_grid_by_resolution() -> None:
    found = distribution.spec(context(published.load("fig2")))
    assert isinstance(found, FigureSpec)
    figure = drawn(found)
    assert [label.split(" (")[0] for label in lines(figure.axes[0])] == [
        "128 px",
        "160 px",
        "224 px",
        "320 px",
        "448 px",
    ]
    assert "half stay at or below 20.4% error" in found.concludes
    assert "yes: their 90% bands part" in found.concludes
    assert_nothing_overlaps(figure)


def test_families_are_told_apart_and_too_few_of_them_decide_nothing(tmp_path: Path) -> None:
    found = distribution.spec(context(load_results(folder_of(tmp_path, FAMILIES).path), published.load("fig2")))
    assert isinstance(found, FigureSpec)
    assert "undecided: their 90% bands overlap everywhere" in found.concludes
    assert "published/fig2" in found.concludes


def test_axes_of_percentages_end_at_0_and_100(tmp_path: Path) -> None:
    perfect = load_results(folder_of(tmp_path, VARIANTS).path)
    perfect["top1"] = perfect["top1"].clip(lower=0.6) + 0.3 + 0.02 * perfect["seed"]
    perfect["top1"] = perfect["top1"].clip(upper=1.0)
    errors = drawn(distribution.spec(context(perfect))).axes[0]
    assert errors.get_xlim()[0] >= 0
    assert errors.get_ylim() == (0, 100)
    spread = drawn(seed_spread.spec(context(perfect))).axes[0]
    assert spread.get_xlim()[1] <= 100
    (ends,) = (line for line in spread.lines if line.get_label() == "lowest and highest seed")
    assert not ends.get_clip_on()


def test_one_epoch_is_singular(tmp_path: Path) -> None:
    variants = [{**of, "epochs": epochs} for epochs in (1, 2) for of in VARIANTS[:3]]
    axes = drawn(distribution.spec(context(load_results(folder_of(tmp_path, variants).path)))).axes[0]
    assert [label.split(" (")[0] for label in lines(axes)] == ["1 epoch", "2 epochs"]


def test_nothing_trained_is_skipped(tmp_path: Path) -> None:
    all_failed = load_results(folder_of(tmp_path, VARIANTS, failed=tuple(range(10))).path)
    skipped = distribution.spec(context(all_failed))
    assert isinstance(skipped, Skipped)
    assert "5 of them failed" in skipped.reason
    assert isinstance(distribution.spec(context(all_failed.head(0))), Skipped)


def test_a_family_has_its_colour_whatever_its_place(tmp_path: Path) -> None:
    axes = drawn(distribution.spec(context(load_results(folder_of(tmp_path, FAMILIES).path)))).axes[0]
    colors = {str(line.get_label()).split(" (")[0]: line.get_color() for line in axes.lines}
    assert colors["EfficientNet"] == style.family_color("efficientnet")
    assert colors["ResNet-RS"] == style.family_color("resnet_rs")
