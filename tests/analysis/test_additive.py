from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling import published
from scaling.analysis.additive import steps, table_steps

TABLE1 = published.load("table1")


def test_the_printed_table_and_its_recipes_give_the_same_steps() -> None:
    printed = table_steps(published.table("table1"), 50_000)
    found = steps(TABLE1)
    assert [step.top1 for step in found] == pytest.approx([step.top1 for step in printed])
    assert [step.label for step in found][1:4] == ["schedule cosine", "epochs 350", "ema decay 0.9999"]
    assert [step.kind for step in found][-3:] == ["training", "architecture", "architecture"]


def test_a_gain_has_the_noise_of_two_validations_and_two_seeds_and_all_gains_hold_together() -> None:
    gains = [step.gain for step in table_steps(published.table("table1"), 50_000)[1:]]
    sd = np.sqrt(2 * (0.81 * 0.19 / 50_000 + 0.19 / 100_000))
    assert gains[7].value == pytest.approx(0.015)
    ten_at_once = stats.norm.ppf((1 + 0.9**0.1) / 2)
    assert gains[7].high - gains[7].low == pytest.approx(2 * ten_at_once * sd, rel=0.1)


def test_the_order_of_the_records_does_not_matter() -> None:
    shuffled = TABLE1.sample(frac=1, random_state=1)
    assert [step.label for step in steps(shuffled)] == [step.label for step in steps(TABLE1)]


def test_numbers_from_memory_are_marked() -> None:
    found = table_steps(published.table("table6"))
    assert sum(not step.verified for step in found) == 7
    assert found[1].gain.low == found[1].gain.high


@pytest.mark.parametrize("table", ["fig3", "table7", "table2"])
def test_other_studies_have_no_chain(table: str) -> None:
    assert steps(published.load(table)) == ()
    assert steps(published.load(table).head(0)) == ()
