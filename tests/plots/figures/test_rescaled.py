from __future__ import annotations

import pandas as pd
import pytest

from scaling import published
from scaling.plots.figures.rescaled import spec
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from tests.plots.drawn import assert_nothing_overlaps, context, drawn, lines, names

BOTH = pd.concat([published.load(name).dropna(axis=1, how="all") for name in ("table7", "fig5")], ignore_index=True)


def test_figure_5_has_three_groups_on_the_tpu() -> None:
    figure = drawn(spec(context(BOTH)))
    (axes,) = figure.axes
    counts = {label: len(x) for label, (x, _) in lines(axes).items()}
    assert counts == {"EfficientNet": 8, "EfficientNet at lower resolution": 8, "ResNet-RS": 11}
    assert {"B4", "152@224"} < set(names(axes))
    assert any(name.startswith("B4@") for name in names(axes))
    assert_nothing_overlaps(figure)


def test_the_conclusion_is_of_the_two_kinds_of_efficientnet_alone() -> None:
    found = spec(context(BOTH))
    assert isinstance(found, FigureSpec)
    assert (
        "EfficientNet at lower resolution is 1.14 times as fast as EfficientNet (90%: 0.76 to 1.59) by time per "
        "training step"
    ) in found.concludes
    assert "undecided 80.0% to 83.4%" in found.concludes
    assert "resnet" not in found.concludes.lower()


@pytest.mark.parametrize("table", ["table7", "fig5"])
def test_one_kind_of_efficientnet_is_skipped(table: str) -> None:
    skipped = spec(context(published.load(table)))
    assert isinstance(skipped, Skipped)
    assert "both at and below" in skipped.reason
