"""The paper's claims on its own numbers, and on others'."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scaling import published
from scaling.analysis.claims.replay import TESTS, Replayed, replay
from scaling.analysis.depth_width.regimes import regimes
from scaling.analysis.settings import collapse_seeds
from scaling.published.claims import claims
from scaling.results.frame import load_results
from tests.analysis import price
from tests.analysis.calibration import DOCUMENT, PRICE, part_of
from tests.builders import results_folder, train_record


def replayed(seed_noise: float | None = None) -> dict[str, Replayed]:
    return price.replayed(seed_noise)


VERDICTS = {
    "tpu_speed_as_paired": "holds",
    "v100_speed_as_paired": "holds",
    "tpu_speed_large_as_paired": "holds",
    "v100_speed_large_as_paired": "fails",
    "tpu_speed_at_equal_accuracy": "undecided",
    "v100_speed_at_equal_accuracy": "undecided",
    "training_speed_elsewhere": "fails",
    "inference_speed_elsewhere": "undecided",
    "width_at_short_training": "undecided",
    "mixed_at_medium_training": "undecided",
    "depth_at_long_training": "holds",
    "depth_at_long_training_everywhere": "undecided",
    "power_law_of_small_models": "holds",
    "power_law_breaks": "holds",
    "flat_beyond_the_break": "holds",
    "diminishing_resolution": "holds",
    "slow_resolution_scaling": "undecided",
    "training_is_most_of_the_gain": "undecided",
    "weight_decay_needs_regularization": "undecided",
}


def test_verdicts_on_the_published_numbers() -> None:
    assert {name: one.verdict for name, one in replayed().items()} == VERDICTS


def test_without_noise_between_seeds_two_more_would_hold_and_one_fail() -> None:
    without = {name: one.verdict for name, one in replayed(0.0).items()}
    turned = {name for name, verdict in VERDICTS.items() if without[name] != verdict}
    assert {name: without[name] for name in turned} == {
        "width_at_short_training": "holds",
        "training_is_most_of_the_gain": "holds",
        "inference_speed_elsewhere": "fails",
    }


@pytest.mark.slow
def test_what_honesty_costs_the_claims_is_what_the_document_says() -> None:
    said, *_ = part_of(DOCUMENT.read_text(), PRICE).split("\n\n**Shipped studies.**")
    assert said == f"{price.HEAD}\n\n{price.of_claims()}"


def test_a_verdict_that_rests_on_assumed_noise_says_so() -> None:
    assert replayed()["width_at_short_training"].rests_on.startswith("holds with less than 0.")
    assert replayed()["depth_at_long_training"].rests_on.startswith("undecided with more than 0.")


@pytest.mark.parametrize("claim", ["width_at_short_training", "depth_at_long_training"])
def test_at_the_noise_that_a_verdict_names_it_changes(claim: str) -> None:
    at = float(replayed()[claim].rests_on.split()[4])
    (quieter,), (louder,) = (replay(stated=claims(claim), seed_noise=noise) for noise in (0.85 * at, 1.15 * at))
    assert (quieter.verdict, louder.verdict) == ("holds", "undecided")
    assert (quieter.rests_on, louder.rests_on) == ("", "")


def test_each_verdict_is_at_90_percent_but_where_a_table_is_read_as_printed_or_a_break_is_tested() -> None:
    exact = {name for name, one in replayed().items() if one.level is None}
    assert exact == {name for name in VERDICTS if name.endswith("as_paired")}
    assert {name for name, one in replayed().items() if one.level == 0.95} == {"power_law_breaks"}
    assert {one.level for one in replayed().values()} == {None, 0.9, 0.95}


def test_a_claim_tested_at_other_epochs_says_so() -> None:
    assert {one.instead for one in replayed().values()} == {""}
    frame = published.load("fig3")
    other = frame.assign(study="own", epochs=frame["epochs"] // 5)
    width, depth = (
        replay(other, claims(name))[0] for name in ("width_at_short_training", "depth_at_long_training_everywhere")
    )
    assert width.instead == "at 2 epochs, not 10"
    assert depth.instead == "at 70 epochs, not 350"


def test_a_claim_about_a_resolution_is_not_tested_on_others() -> None:
    frame = published.load("fig2").assign(study="own")
    (smaller,) = replay(frame.assign(resolution=frame["resolution"] // 16), claims("diminishing_resolution"))
    assert smaller.verdict == "not addressed"
    assert "needs 320 pixels" in smaller.found
    assert "8, 10, 14, 20, 28" in smaller.found


def test_every_claim_is_whole() -> None:
    for claim in claims():
        assert claim.test in TESTS
        assert set(claim.tables) <= set(published.names())
        assert claim.says.endswith(".")
        assert claim.source
        assert claim.expected


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("power_law_of_small_models", -0.20),
        ("flat_beyond_the_break", -0.05),
        ("training_is_most_of_the_gain", 3.2 / 4.4),
        ("training_speed_elsewhere", 1.1),
    ],
)
def test_numbers_known_from_elsewhere_lie_in_the_intervals(claim: str, value: float) -> None:
    found = replayed()[claim].estimate
    assert found is not None
    assert found.low < value < found.high


def test_the_break_lies_where_the_figure_shows_it() -> None:
    found = replayed()["power_law_breaks"].estimate
    assert found is not None
    assert 3e9 < found.value < 2e10


def test_what_results_cannot_speak_to_is_said_with_the_reason(tmp_path: Path) -> None:
    replayed = replay(load_results(results_folder(tmp_path / "study", [train_record()]).path))
    assert [one.claim.claim for one in replayed] == list(VERDICTS)
    assert {one.verdict for one in replayed} == {"not addressed"}
    assert all(one.found for one in replayed)


def test_ones_own_runs_are_tested_alike() -> None:
    results = published.load("fig3").assign(study="own")
    depth, speed = (replay(results, claims(name))[0] for name in ("depth_at_long_training", "tpu_speed_as_paired"))
    assert depth.verdict == "holds"
    assert depth.on == "these results"
    assert speed.verdict == "not addressed"


def test_nothing_but_failures_is_an_answer_too() -> None:
    frame = published.load("fig3").assign(status="failed")
    assert {one.verdict for one in replay(frame)} == {"not addressed"}


def test_a_claim_turned_round_fails() -> None:
    frame = published.load("table1")
    order = frame["top1"].to_numpy()[::-1].copy()
    (turned,) = replay(pd.DataFrame(frame.assign(top1=order)), claims("training_is_most_of_the_gain"))
    assert turned.verdict not in ("holds", "not addressed")


def test_arms_are_judged_as_in_the_figure_of_them() -> None:
    shown = regimes(collapse_seeds(published.load("fig3"))).regimes[-1].sentence
    assert replayed()["depth_at_long_training"].found == shown
