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
from tests.builders import results_folder, train_record, trial
from tests.plots.drawn import assert_nothing_overlaps, context, drawn, lines, names
from tests.plots.test_made_up_studies import FAMILIES
from tests.plots.test_study import VARIANTS, folder_of


def test_seeds_stand_about_their_mean(tmp_path: Path) -> None:
    found = seed_spread.spec(context(load_results(folder_of(tmp_path, VARIANTS, failed=(0,)).path)))
    figure = drawn(found)
    (axes,) = figure.axes
    x, y = lines(axes)["each seed"]
    assert sorted(zip(np.round(x, 6), np.round(y, 6), strict=True)) == [
        (mean, off) for mean in (55, 59, 63, 67) for off in (-1, 1)
    ]
    assert "50×0.25" in names(axes)
    assert isinstance(found, FigureSpec)
    assert "standard deviation of 1.41 points (90%:" in found.concludes
    assert "1 failed trial not shown." in found.notes
    assert found.notes[0].startswith("Named: all settings, where there is room.")
    assert_nothing_overlaps(figure)


def test_the_middle_of_three_seeds_is_drawn(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), top1=top1) for seed, top1 in enumerate((0.5, 0.52, 0.57))]
    axes = drawn(seed_spread.spec(context(load_results(results_folder(tmp_path / "one", records).path)))).axes[0]
    assert sorted(lines(axes)["each seed"][1]) == pytest.approx([-3, -1, 4])


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
    assert "Whether 320 px and 128 px differ as a whole: yes (p = " in found.concludes
    assert (
        "the 10 pairs of groups that these two were picked from; 25 networks that both have, in pairs"
        in found.concludes
    )
    assert not any("Band" in note for note in found.notes)
    assert_nothing_overlaps(figure)


def test_families_are_two_samples_beside_published_ones(tmp_path: Path) -> None:
    found = distribution.spec(context(load_results(folder_of(tmp_path, FAMILIES).path), published.load("fig2")))
    assert isinstance(found, FigureSpec)
    assert "differ as a whole: yes (p = 0.036; " in found.concludes
    assert "two samples, Kolmogorov and Smirnov" in found.concludes
    assert "published/fig2" in found.concludes
    assert "Band of published/fig2: " in " ".join(found.notes)


def test_groups_that_cannot_be_told_apart_whatever_comes_are_skipped(tmp_path: Path) -> None:
    variants = [{**of, "epochs": epochs} for epochs in (1, 2) for of in VARIANTS[:3]]
    found = distribution.spec(context(load_results(folder_of(tmp_path, variants).path)))
    assert isinstance(found, Skipped)
    assert found.reason.endswith("decided: 3 of 1 epoch and 3 of 2 epochs")
    found = distribution.spec(context(load_results(folder_of(tmp_path / "one", VARIANTS[:2]).path)))
    assert isinstance(found, Skipped)
    assert found.reason.startswith("2 settings: too few")


def test_a_band_begins_at_the_edge_below_the_first_step(tmp_path: Path) -> None:
    (curve,) = distributions(collapse_seeds(published.load("fig2").query("resolution == 224")))
    axes = distribution.distribution([curve], Figure().subplots())
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    first = corners[corners[:, 0] == corners[:, 0].min()]
    assert first[:, 0].min() == pytest.approx(axes.get_xlim()[0])
    assert (first[:, 1].min(), first[:, 1].max()) == pytest.approx((0, 100 * (curve.high[0] - curve.share[0])))


def test_axes_of_percentages_end_at_0_and_100(tmp_path: Path) -> None:
    perfect = load_results(folder_of(tmp_path, VARIANTS).path)
    perfect["top1"] = perfect["top1"].clip(lower=0.6) + 0.3 + 0.02 * perfect["seed"]
    perfect["top1"] = perfect["top1"].clip(upper=1.0)
    (curve,) = distributions(collapse_seeds(perfect))
    errors = distribution.distribution([curve], Figure().subplots())
    assert errors.get_xlim()[0] >= 0
    assert errors.get_ylim() == (0, 100)
    spread = drawn(seed_spread.spec(context(perfect))).axes[0]
    assert spread.get_xlim()[1] <= 100
    (ends,) = (line for line in spread.lines if line.get_label() == "each seed")
    assert not ends.get_clip_on()


def test_one_epoch_is_singular(tmp_path: Path) -> None:
    variants = [{**of, "epochs": epochs} for epochs in (1, 2) for of in VARIANTS]
    axes = drawn(distribution.spec(context(load_results(folder_of(tmp_path, variants).path)))).axes[0]
    assert [label.split(" (")[0] for label in lines(axes)] == ["1 epoch", "2 epochs"]
    assert not {line.get_color() for line in axes.lines} & set(style.AXIS_COLOR.values())


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
