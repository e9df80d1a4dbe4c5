"""Every figure of studies at the edges of what there is: one seed, failures, accuracies near 100%."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from scaling.plots import FigureSpec, study_figures
from scaling.results.records import ResultsFolder
from tests.builders import latency_record, results_folder, train_record, trial
from tests.plots.drawn import assert_comparable_limits, assert_nothing_overlaps, bars, drawn
from tests.plots.test_study import VARIANTS

PERCENT = ("Top-1 validation accuracy (%)", "Top-1 validation error (%)", "Settings at or below it (%)")
WITH_BARS = ("accuracy_vs_macs", "accuracy_vs_training_ms", "speed_accuracy", "power_law", "regimes", "fronts")
FAMILIES: list[dict[str, Any]] = [
    *VARIANTS,
    *({"family": "efficientnet", "depth": 1.0 + number / 5, "width": 0.25} for number in range(3)),
]


def made_up(path: Path, top1: float, step: float, seeds: int, failed: Sequence[int] = ()) -> ResultsFolder:
    """Two regimes of arms and of another family, each variant better than the one before it by `step`."""
    trials = [
        (number, trial(seed=seed, epochs=epochs, **of))
        for epochs in (1, 6)
        for number, of in enumerate(FAMILIES)
        for seed in range(seeds)
    ]
    records = [
        train_record(
            of, top1=min(1.0, top1 + step * (number % 5) + 0.01 * of.seed), failure="oom" if number in failed else None
        )
        for number, of in trials
    ]
    variants = {of.variant: 10.0 * (1 + number) for number, of in trials}
    timings = [latency_record(variant, median_ms=ms, phase="training") for variant, ms in variants.items()]
    return results_folder(path / "made_up", records, timings)


STUDIES = {
    "one seed": {"top1": 0.6, "step": 0.03, "seeds": 1},
    "failures": {"top1": 0.6, "step": 0.03, "seeds": 2, "failed": (2, 4)},
    "near 100%": {"top1": 0.985, "step": 0.005, "seeds": 2},
}


@pytest.fixture(scope="module", params=STUDIES)
def figures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FigureSpec]:
    folder = made_up(tmp_path_factory.mktemp("study"), **STUDIES[request.param])
    return {spec.name: spec for spec in study_figures(folder).specs if isinstance(spec, FigureSpec)}


def limits(axes: Axes) -> dict[str, tuple[float, float]]:
    """Of the axes of the panel that show percentages."""
    named = {axes.get_xlabel(): axes.get_xlim(), axes.get_ylabel(): axes.get_ylim()}
    return {label: ends for label, ends in named.items() if label in PERCENT}


def test_no_axis_of_percentages_goes_beyond_0_or_100_and_no_bar_beyond_its_axis(figures: dict[str, FigureSpec]) -> None:
    seen = 0
    for spec in figures.values():
        figure = drawn(spec)
        assert_nothing_overlaps(figure)
        for axes in figure.axes:
            for low, high in limits(axes).values():
                seen += 1
                assert 0 <= low < high <= 100
            low, high = axes.get_ylim()
            assert all(low <= start <= end <= high for start, end in bars(axes)), spec.name
    assert seen > 8


def test_points_have_bars_whatever_the_number_of_seeds(figures: dict[str, FigureSpec]) -> None:
    for name in WITH_BARS:
        for axes in drawn(figures[name]).axes:
            lengths = [end - start for start, end in bars(axes)]
            assert lengths, name
            assert max(lengths) > 0.1, name


def test_panels_that_are_compared_have_equal_limits(figures: dict[str, FigureSpec]) -> None:
    for name in ("accuracy_vs_macs", "regimes", "fronts", "power_law", "residuals"):
        assert_comparable_limits([axes for axes in drawn(figures[name]).axes if axes.axison])
