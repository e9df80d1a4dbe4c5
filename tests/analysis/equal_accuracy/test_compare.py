"""Two families at equal accuracy: known ratios, known crossings, and everything that has no answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.comparability import MixedConditionsError, on_device
from scaling.analysis.equal_accuracy.compare import Comparison, compare
from scaling.analysis.equal_accuracy.pairs import matched
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError
from tests.analysis.simulated import row, saturating, study

RISING = [0.60, 0.66, 0.71, 0.75]


def settings(*rows: dict[str, object]) -> pd.DataFrame:
    return collapse_seeds(pd.DataFrame(list(rows)))


def family(name: str, factor: float, accuracies: list[float], **changed: Any) -> list[dict[str, object]]:
    return [{**row(name, i, factor * 2.0**i, top1, pictures=10**9), **changed} for i, top1 in enumerate(accuracies)]


def only(frame: pd.DataFrame, **options: Any) -> Comparison:
    (pair,) = compare(frame, **options).pairs
    return pair


@pytest.mark.parametrize("cost", ["training_ms", "macs", "params"])
def test_a_constant_ratio_is_found_in_every_band(cost: str) -> None:
    pair = only(settings(*family("a", 3.0, RISING), *family("b", 1.0, RISING)), cost=cost)
    assert (pair.of.name, pair.over.name) == ("b", "a")
    assert [band.speedup for band in pair.bands] == pytest.approx([3.0] * len(pair.bands), rel=1e-3)
    assert {band.verdict for band in pair.bands} == {"faster"}
    assert pair.crossovers == ()
    assert "none in the range tested" in pair.sentence


def test_nothing_is_said_outside_what_both_cover() -> None:
    pair = only(settings(*family("a", 1.0, RISING), *family("b", 1.0, [0.64, 0.70, 0.80])))
    assert pair.covered == pytest.approx((0.64, 0.75))
    assert pair.bands[0].accuracy_low == pytest.approx(0.64)
    assert pair.bands[-1].accuracy_high == pytest.approx(0.75)
    assert pair.curve["accuracy"].between(0.64 - 1e-9, 0.75 + 1e-9).all()


def test_a_crossing_is_found_where_it_is() -> None:
    pair = only(settings(*family("a", 1.0, [0.60, 0.70, 0.80, 0.90]), *family("b", 2.0, [0.62, 0.78, 0.94])))
    (crossing,) = pair.crossovers
    # a costs 2^((x - 0.60) / 0.10) at accuracy x, b 2^(1 + (x - 0.62) / 0.16).
    assert crossing.accuracy == pytest.approx(3.125 / 3.75, abs=1e-3)
    assert crossing.low <= crossing.accuracy <= crossing.high
    assert (crossing.above, crossing.decided) == ("faster", True)
    assert {band.verdict for band in pair.bands} >= {"faster", "slower"}
    assert "Crossovers: at 83.3% (90% by itself: " in pair.sentence


def test_a_crossover_is_decided_by_bands_on_both_sides() -> None:
    """The same curves, known so badly on one side that no band is decided there."""
    sure = family("b", 2.0, [0.62, 0.78, 0.94])
    rough = [*family("a", 1.0, [0.60, 0.70]), *family("a", 1.0, [0.60, 0.70, 0.80, 0.90], top1_n=500)[2:]]
    pair = only(settings(*rough, *sure))
    (crossing,) = pair.crossovers
    above = {band.verdict for band in pair.bands if band.accuracy > crossing.accuracy}
    assert "faster" not in above
    assert not crossing.decided
    assert "not decided on both sides" in pair.sentence


def test_the_sentence_says_what_holds_jointly() -> None:
    jointly = "These intervals and verdicts{} hold jointly at 90%."
    two = [*family("a", 3.0, RISING), *family("b", 1.0, RISING)]
    assert jointly.format("") in only(settings(*two)).sentence
    three = compare(settings(*two, *family("c", 2.0, RISING)))
    assert all(jointly.format(", of all pairs,") in pair.sentence for pair in three.pairs)
    apart = compare(settings(*two, *family("c", 2.0, [0.9, 0.92, 0.94, 0.96])))
    assert sum(jointly.format("") in pair.sentence for pair in apart.pairs) == 1


def test_noise_that_was_measured_on_few_is_said_with_where_a_verdict_would_change() -> None:
    once = [*family("a", 3.0, RISING), *family("b", 1.0, RISING)]
    again = [{**one, "seed": 1, "top1": float(str(one["top1"])) + 0.001} for one in once[:2]]
    found = compare(settings(*once, *again))
    assert "was measured on 2 repeated trainings alone" in "; ".join(found.notes)
    (pair,) = found.pairs
    assert pair.overall is not None
    assert pair.overall.flips_at is not None


def test_a_dominated_point_changes_nothing() -> None:
    without = only(settings(*family("a", 3.0, RISING), *family("b", 1.0, RISING)))
    worse = row("b", 9, 3.0, 0.55, pictures=10**9)
    with_it = only(settings(*family("a", 3.0, RISING), *family("b", 1.0, RISING), worse))
    assert len(with_it.of.points) == len(with_it.of.front) + 1
    pd.testing.assert_frame_equal(with_it.curve, without.curve, rtol=1e-3)


def test_the_sentence_has_one_subject_and_the_cost_in_words() -> None:
    frame = settings(*family("resnet_rs", 1.0, RISING), *family("efficientnet", 2.0, RISING))
    by_time = only(frame).sentence
    assert "resnet_rs" not in by_time
    assert "ResNet-RS is 2.00 times as fast as EfficientNet" in by_time
    assert "by time per training step (undecided with more than" in by_time
    assert "By bands, ResNet-RS is faster" in by_time
    by_size = only(frame, cost="params").sentence
    assert "ResNet-RS is 2.00 times as economical as EfficientNet" in by_size
    assert "by trainable parameters (undecided" in by_size
    assert "By bands, ResNet-RS is cheaper" in by_size


def test_frontier_and_typical_member_are_two_quantities() -> None:
    """Of b every second member costs twice what its frontier does."""
    frontier = family("b", 1.0, [0.60, 0.64, 0.68, 0.72, 0.76, 0.80])
    behind = [
        {**one, "depth": 10 + i, "training_ms": 2 * float(str(one["training_ms"]))} for i, one in enumerate(frontier)
    ]
    pair = only(settings(*family("a", 1.0, [0.60, 0.64, 0.68, 0.72, 0.76, 0.80]), *frontier, *behind))
    assert pair.overall is not None
    assert pair.typical is not None
    assert pair.overall.speedup == pytest.approx(1.0, rel=0.02)
    assert pair.typical.value == pytest.approx(1 / np.sqrt(2), rel=0.02)
    assert pair.typical.low <= pair.typical.value <= pair.typical.high
    assert "between typical members, all counted, it is 0.7" in pair.sentence
    alone = only(settings(*family("a", 3.0, RISING), *family("b", 1.0, RISING)))
    assert alone.typical is not None
    assert alone.typical.value == pytest.approx(3.0, rel=1e-3)
    assert "typical" not in alone.sentence


def test_settings_at_chance_are_said_to_be() -> None:
    lost = {**row("a", 9, 0.5, 0.101, pictures=1000), "dataset": "fashion_mnist"}
    learnt = family("a", 1.0, RISING, dataset="fashion_mnist", top1_n=1000)
    frame = settings(*learnt, lost)
    assert (
        "1 of 5 settings cannot be told from guessing, which is right on 10.0% of fashion_mnist" in compare(frame).notes
    )
    assert not any("chance" in note for note in compare(settings(*learnt)).notes)


@pytest.mark.parametrize(
    ("b", "sentence"),
    [
        ([0.7], "b has one point"),
        ([0.7, 0.7, 0.7], "b has 3 points that do not rise with cost"),
        ([float("nan")] * 3, "b has no setting with both"),
        ([0.80, 0.85], "no accuracy that both reach"),
    ],
)
def test_without_an_answer_there_is_a_sentence(b: list[float], sentence: str) -> None:
    pair = only(settings(*family("a", 1.0, RISING), *family("b", 1.0, b)))
    assert (pair.covered, pair.overall, pair.bands, pair.crossovers) == (None, None, (), ())
    assert sentence in pair.sentence


def test_failures_and_missing_times_are_counted() -> None:
    failed = family("b", 1.0, RISING, status="failed")[:2]
    untimed = family("b", 8.0, [0.7], training_ms=None, depth=9)
    found = compare(settings(*family("a", 1.0, RISING), *family("b", 1.0, RISING, seed=1), *failed, *untimed))
    assert "b: 2 failed trials are in no curve" in found.notes
    assert "b: 1 settings have an accuracy but no time per training step" in found.notes


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame(family("a", 1.0, RISING))], ids=["none", "one"])
def test_fewer_than_two_groups_are_no_pair(frame: pd.DataFrame) -> None:
    found = compare(collapse_seeds(frame))
    assert found.pairs == ()
    assert "nothing to compare" in found.notes[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("training_device", "another"),
        ("training_precision", "mixed_bfloat16"),
        ("training_batch_size", 64),
        ("dataset", "imagenet"),
        ("validation_fraction", 0.1),
    ],
)
def test_refuses_what_is_not_alike_and_says_what_differs(column: str, value: object) -> None:
    frame = settings(*family("a", 1.0, RISING), *family("b", 1.0, RISING, **{column: value}))
    with pytest.raises(MixedConditionsError, match=f"{column}: .*{value}"):
        compare(frame)
    if column.startswith("training"):
        assert only(frame, cost="macs").overall


def test_refuses_what_it_does_not_know() -> None:
    with pytest.raises(UserError, match="'mac'; did you mean 'macs'"):
        compare(settings(), cost="mac")
    with pytest.raises(UserError, match="'famly'; did you mean 'family'"):
        compare(settings(), by="famly")
    with pytest.raises(UserError, match="nothing was timed on 'H100'"):
        on_device(pd.DataFrame(family("a", 1.0, RISING)), "training_ms", "H100")


def test_the_same_settings_give_the_same_answer_in_any_order() -> None:
    frame = study({"a": saturating(0.7, 0.8, 0.3), "b": saturating(0.68, 0.82, 0.2)}, 6, np.random.default_rng(0))
    one, other = (only(collapse_seeds(of)) for of in (frame, frame.iloc[::-1]))
    pd.testing.assert_frame_equal(one.curve, other.curve)


def test_ten_thousand_settings_take_seconds() -> None:
    laws = {"a": saturating(0.7, 0.8, 0.3), "b": saturating(0.68, 0.82, 0.2)}
    pair = only(collapse_seeds(study(laws, 5_000, np.random.default_rng(0), seeds=1)), draws=20)
    assert pair.overall is not None


@pytest.mark.parametrize(("device", "low", "high"), [("TPUv3", 1.7, 2.7), ("V100", 2.1, 3.3)])
def test_table_7_as_the_paper_pairs_it(device: str, low: float, high: float) -> None:
    frame = on_device(published.load("table7"), "training_ms", device)
    pairs = matched(frame)
    assert len(pairs) == 5
    assert [pair.speedup for pair in pairs] == pytest.approx([pair.printed for pair in pairs], abs=0.051)
    assert round(min(pair.speedup for pair in pairs), 1) == low
    assert round(max(pair.speedup for pair in pairs), 1) == high
    curve = only(collapse_seeds(frame))
    assert {band.verdict for band in curve.bands} == {"faster", "undecided"}
    assert curve.overall is not None
    assert curve.overall.verdict == "faster"
    assert curve.overall.flips_at is not None
    assert curve.overall.flips_at > 0.002
    assert low < curve.overall.speedup < high
    lows, highs = (
        np.interp([pair.top1 for pair in pairs], curve.curve["accuracy"], curve.curve[edge]) for edge in ("low", "high")
    )
    assert all(below < pair.speedup < above for below, pair, above in zip(lows, pairs, highs, strict=True))


def test_table_7_mixes_devices_until_one_is_chosen() -> None:
    with pytest.raises(MixedConditionsError, match=r"Tesla V100 .*TPUv3"):
        compare(collapse_seeds(published.load("table7")))


def test_groups_by_a_number_are_named_as_one_writes_it() -> None:
    frame = settings(*family("a", 1.0, RISING, epochs=3), *family("a", 2.0, RISING, epochs=1))
    pair = only(frame, by="epochs")
    assert (pair.of.name, pair.over.name) == ("epochs 3", "epochs 1")
