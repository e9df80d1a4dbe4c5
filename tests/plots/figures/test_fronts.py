from __future__ import annotations

from pathlib import Path

from scaling import published
from scaling.plots.figures.fronts import spec
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.results.frame import load_results
from tests.plots.drawn import assert_equal_limits, assert_nothing_overlaps, bars, context, drawn, lines, names
from tests.plots.test_study import VARIANTS, folder_of

TABLE7 = published.load("table7")


def test_figure_4_has_all_models_with_what_is_surely_beaten_pale() -> None:
    figure = drawn(spec(context(TABLE7)))
    for axes in figure.axes:
        assert len(lines(axes)["front of the means"][0]) == 12
        assert sum(len(line.get_xdata()) for line in axes.lines if line.get_label() == "_never") == 6
        assert len(names(axes)) >= 12
        assert any(name.startswith("B7 (") for name in names(axes))
        assert not any(name.endswith("(90%)") for name in names(axes))
    assert_nothing_overlaps(figure)


def test_points_surely_on_the_front_are_outlined_as_the_legend_has_it() -> None:
    figure = drawn(spec(context(TABLE7)))
    legend = {
        text.get_text(): entry
        for text, entry in zip(figure.legends[0].get_texts(), figure.legends[0].legend_handles, strict=True)
    }
    (entry,) = (entry for text, entry in legend.items() if "outlined" in text)
    drawn_sure = [line for axes in figure.axes for line in axes.lines if line.get_label() == "_sure"]
    assert drawn_sure
    assert {line.get_markeredgecolor() for line in drawn_sure} == {entry.get_markeredgecolor()}


def test_disturbed_timings_have_a_mark_of_their_own_and_are_counted_once() -> None:
    disturbed = TABLE7.assign(training_disturbed=(TABLE7["model"] == "EfficientNet-B0").astype(float))
    found = spec(context(disturbed))
    assert isinstance(found, FigureSpec)
    for axes in drawn(found).axes:
        (mark,) = (line for line in axes.lines if line.get_label() == "disturbed timing")
        assert mark.get_marker() == style.DISTURBED
        assert len(mark.get_xdata()) == 1
    assert "2 of 38 timings, marked ~, were disturbed by other work on the machine." in found.notes


def test_failed_and_unmeasured_are_seen(tmp_path: Path) -> None:
    frame = load_results(folder_of(tmp_path, VARIANTS, failed=(0, 2, 3)).path)
    frame.loc[frame["depth"] == 50, "training_ms"] = float("nan")
    found = spec(context(frame))
    assert isinstance(found, FigureSpec)
    points = lines(drawn(found).axes[0])
    assert (len(points["failed trial"][0]), len(points["cost not measured"][0])) == (2, 1)
    assert "2 settings with a failed trial" in " ".join(found.notes)
    assert "1 setting without a measured cost" in " ".join(found.notes)


def test_the_legend_says_what_full_pale_and_ringed_markers_mean() -> None:
    figure = drawn(spec(context(TABLE7)))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"surely on the front (outlined)", "surely not on it (pale)", "undecided (ringed)"} < set(labels)
    sure = TABLE7[TABLE7["model"].isin(["EfficientNet-B0", "EfficientNet-B7"])]
    labels = [text.get_text() for text in drawn(spec(context(sure))).legends[0].get_texts()]
    assert "surely on the front (outlined)" in labels
    assert not any("pale" in label or "ringed" in label for label in labels)


def test_every_point_has_the_bar_of_its_noise_and_devices_share_their_scales() -> None:
    figure = drawn(spec(context(TABLE7)))
    assert [len(bars(axes)) for axes in figure.axes] == [19, 19]
    assert_equal_limits(figure.axes)


def test_a_failed_trial_that_costs_more_than_all_others_is_on_the_panel(tmp_path: Path) -> None:
    axes = drawn(spec(context(load_results(folder_of(tmp_path, VARIANTS, failed=(8, 9)).path)))).axes[0]
    (x, *_), _ = lines(axes)["failed trial"]
    assert x == 50 < axes.get_xlim()[1]


def test_the_published_front_stands_behind(tmp_path: Path) -> None:
    axes = drawn(spec(context(load_results(folder_of(tmp_path, VARIANTS).path), TABLE7))).axes[0]
    assert {"published front", "front of the means"} < set(lines(axes))


def test_all_failed_is_skipped_with_a_reason(tmp_path: Path) -> None:
    skipped = spec(context(load_results(folder_of(tmp_path, VARIANTS, failed=tuple(range(10))).path)))
    assert skipped == Skipped("fronts", "no setting has both an accuracy and its time per training step")
