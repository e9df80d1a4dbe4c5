from __future__ import annotations

from pathlib import Path

import pytest

from scaling import published
from scaling.plots.context import Context
from scaling.plots.figures.accuracy_vs_cost import cost_specs
from scaling.plots.figures.differences import spec
from scaling.plots.figures.fronts import spec as fronts
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.results.frame import load_results
from tests.builders import results_folder, train_record, trial
from tests.plots.drawn import assert_nothing_overlaps, context, drawn, lines


@pytest.fixture
def two_precisions(tmp_path: Path) -> Context:
    """One network in two precisions, eight points apart."""
    records = [
        train_record(trial(seed=seed, recipe={"precision": precision}), top1=top1 + 0.005 * seed)
        for precision, top1 in (("float32", 0.80), ("mixed_bfloat16", 0.72))
        for seed in range(3)
    ]
    return context(load_results(results_folder(tmp_path / "precision", records).path))


def test_a_row_for_each_comparison_with_its_interval_and_numbers(two_precisions: Context) -> None:
    found = spec(two_precisions)
    figure = drawn(found)
    assert isinstance(found, FigureSpec)
    (axes,) = figure.axes
    (row,) = axes.get_yticklabels()
    assert row.get_text() == "precision mixed_bfloat16\nagainst precision float32"
    (value,), _ = lines(axes)["surely loses"]
    assert value == pytest.approx(-8)
    (ends,) = (line.get_xdata() for line in axes.lines if line.get_label() == "_interval")
    assert axes.get_xlim()[0] < ends[0] < value < ends[1] < 0 < axes.get_xlim()[1]
    assert axes.texts[0].get_text().startswith("−8.0 (−")
    assert "surely loses" in found.concludes or "loses" in found.concludes
    assert_nothing_overlaps(figure)


def test_what_all_settings_have_alike_is_no_axis(two_precisions: Context) -> None:
    (skipped,) = cost_specs(two_precisions.settings, [], costs=["macs"])
    assert skipped == Skipped("accuracy_vs_macs", "all settings have the same multiply-accumulates per image")
    assert fronts(two_precisions) == Skipped("fronts", "all settings have the same multiply-accumulates per image")


def test_other_questions_are_skipped_with_the_reason() -> None:
    skipped = spec(context(published.load("table7")))
    assert skipped == Skipped("differences", "the question does not compare the same networks, trained in two ways")
