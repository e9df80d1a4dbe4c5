from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from scaling import published
from scaling.analysis.equal_accuracy.compare import compare
from scaling.analysis.settings import collapse_seeds
from scaling.plots.figures.speedup import spec, speedup
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from tests.plots.drawn import assert_nothing_overlaps, bars, context, drawn, lines

TABLE7 = published.load("table7")
TPU = TABLE7[TABLE7["training_device"].str.contains("TPU")]


def test_the_curve_its_bands_and_their_verdicts() -> None:
    (pair,) = compare(collapse_seeds(TPU)).pairs
    axes = speedup(pair, Figure().subplots())
    x, y = lines(axes)["speed-up at equal accuracy"]
    assert (x, y) == (pytest.approx(100 * pair.curve["accuracy"]), pytest.approx(pair.curve["speedup"]))
    assert len(axes.patches) == len(pair.bands)
    assert axes.patches[0].get_label() == "ResNet-RS faster"
    ends = sorted((band.low, band.high) for band in pair.bands)
    assert [end for bar in bars(axes) for end in bar] == pytest.approx([end for bar in ends for end in bar])
    assert axes.get_ylabel() == "EfficientNet's cost over ResNet-RS's"


def test_the_small_print_says_why_a_verdict_may_differ_from_the_grey_band() -> None:
    found = spec(context(TABLE7))
    assert isinstance(found, FigureSpec)
    assert "A mean may be decided where the line at one of its accuracies is not" in found.notes[0]


def test_a_crossover_is_marked_at_its_place() -> None:
    slower = TPU.assign(training_ms=TPU["training_ms"].where(TPU["top1"] > 0.82, TPU["training_ms"] * 4))
    crossed = slower.assign(training_ms=slower["training_ms"].where(TPU["family"] == "resnet_rs", TPU["training_ms"]))
    (pair,) = compare(collapse_seeds(crossed)).pairs
    assert pair.crossovers
    axes = speedup(pair, Figure().subplots())
    places = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"]
    assert places == pytest.approx([100 * one.accuracy for one in pair.crossovers])


def test_both_devices_and_published_ones_beside() -> None:
    figure = drawn(spec(context(TPU.assign(study="mine"), TABLE7)))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["TPUv3 (8 cores)", "published, TPUv3 (8 cores)", "published, Tesla V100"]
    assert_nothing_overlaps(figure)


def test_no_accuracy_in_common_is_skipped_with_the_reason() -> None:
    top1 = TPU["top1"].where(TPU["family"] == "resnet_rs", TPU["top1"] - 0.2)
    skipped = spec(context(TPU.assign(top1=top1)))
    assert isinstance(skipped, Skipped)
    assert "no accuracy that both reach" in skipped.reason


def test_failures_only_are_skipped() -> None:
    assert isinstance(spec(context(TPU.assign(status="failed", top1=np.nan))), Skipped)
    assert isinstance(spec(context(TPU)), FigureSpec)
