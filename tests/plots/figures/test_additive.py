from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from scaling import published
from scaling.plots.figures.additive import additive, published_spec, spec, table_1
from scaling.plots.kit.figure_spec import Skipped
from tests.plots.drawn import assert_nothing_overlaps, context, drawn

TABLE1 = published.load("table1")


def test_table_1_is_a_waterfall_from_79_to_83_4() -> None:
    axes = additive(table_1(), Figure().subplots())
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_width() for bar in bars] == pytest.approx([0.3, -0.5, 0.3, 1.3, 0.2, 0.4, -0.3, 1.5, 0.7, 0.5])
    assert bars[0].get_x() == pytest.approx(79.0)
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(83.4)
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["ResNet-200", "Cosine LR decay"]


def test_numbers_have_minus_signs_and_sure_ones_are_bold() -> None:
    axes = additive(table_1(), Figure().subplots())
    said = {text.get_text(): text.get_fontweight() for text in axes.texts}
    assert {"−0.5", "−0.3"} < set(said)
    assert {text for text, weight in said.items() if weight == "bold"} == {"+1.3", "+1.5"}


def test_the_conclusion_counts_what_is_sure_and_shares_out_the_gain() -> None:
    said = published_spec().concludes
    assert "10 steps from 79.0% to 83.4%: 2 for sure a gain, 0 a loss, 8 undecided" in said
    assert "a share of 0.73 (90%: 0.61 to 0.84)" in said


def test_ones_own_steps_stand_beside_table_1() -> None:
    figure = drawn(spec(context(TABLE1, TABLE1)))
    assert [axes.get_title() for axes in figure.axes] == ["these results", "published: Table 1"]
    assert_nothing_overlaps(figure)


def test_a_failed_step_is_a_cross_and_the_next_starts_from_the_last_known() -> None:
    failed = TABLE1["epochs"].eq(350) & TABLE1["ema_decay"].eq(0)
    rows = TABLE1.assign(status=np.where(failed, "failed", "ok"))
    (axes,) = drawn(spec(context(rows))).axes
    assert [line.get_label() for line in axes.lines].count("failed trial") == 1
    assert len(axes.patches) == 9


def test_what_is_no_chain_is_skipped() -> None:
    assert isinstance(spec(context(published.load("fig3"))), Skipped)
