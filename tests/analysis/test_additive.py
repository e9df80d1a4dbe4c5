from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling import published
from scaling.analysis.additive import steps, table_steps
from scaling.results.correct import packed

TABLE1 = published.load("table1")


def test_the_printed_table_and_its_recipes_give_the_same_steps() -> None:
    printed = table_steps(published.table("table1"), 50_000)
    found = steps(TABLE1)
    assert [step.top1 for step in found] == pytest.approx([step.top1 for step in printed])
    assert [step.label for step in found][1:4] == ["schedule cosine", "epochs 350", "ema decay 0.9999"]
    assert [step.kind for step in found][-3:] == ["training", "architecture", "architecture"]


def test_a_gain_has_the_noise_of_two_validations_and_two_seeds_and_all_gains_hold_together() -> None:
    """The noise of seeds is assumed, as if from five: between the normal's width and Student's."""
    gains = [step.gain for step in table_steps(published.table("table1"), 50_000)[1:]]
    images, seeds = np.sqrt(2 * 0.81 * 0.19 / 50_000), np.sqrt(2 * 0.19 / 100_000)
    assert gains[7].value == pytest.approx(0.015)
    ten_at_once = (1 + 0.9**0.1) / 2
    half = (gains[7].high - gains[7].low) / 2
    least = stats.norm.ppf(ten_at_once) * np.hypot(images, seeds)
    assert 1.05 * least < half < np.hypot(stats.norm.ppf(ten_at_once) * images, stats.t.ppf(ten_at_once, 4) * seeds)


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


def test_assumed_noise_makes_a_gain_as_wide_as_student_s() -> None:
    """On so many images that they make no noise, of two steps: those of seeds alone, with four degrees of freedom."""
    table = published.table("table1").head(2)
    gain = table_steps(table, 10**6)[1].gain
    top1 = table["top1_percent"].to_numpy() / 100
    image_sd = np.sqrt((top1 * (1 - top1)).sum() / 10**6)
    seed_sd = np.sqrt((1 - top1).sum() / (2 * 10**6))
    half = (gain.high - gain.low) / 2
    assert half > np.hypot(stats.norm.ppf(0.95) * image_sd, 1.1 * stats.norm.ppf(0.95) * seed_sd)
    assert half < np.hypot(stats.norm.ppf(0.95) * image_sd, 1.1 * stats.t.ppf(0.95, 4) * seed_sd)


def test_steps_that_share_their_images_are_surer() -> None:
    """Each method is right on all images that the one before it was right on, and on some more."""
    random = np.random.default_rng(0)
    hard = random.random(2000)
    chain = TABLE1.head(4).assign(top1=[0.70, 0.72, 0.74, 0.76], top1_n=2000, given_seed_sd=0.0)
    known = chain.assign(validation_correct=[packed(hard < top1) for top1 in chain["top1"]])
    known["top1"] = [float((hard < top1).mean()) for top1 in (0.70, 0.72, 0.74, 0.76)]
    shared, alone = (steps(frame) for frame in (known, known.assign(validation_correct=None)))
    assert [step.label for step in shared] == [step.label for step in alone]
    widths = [[step.gain.high - step.gain.low for step in of[1:]] for of in (shared, alone)]
    assert all(narrow < 0.5 * wide for narrow, wide in zip(*widths, strict=True))
