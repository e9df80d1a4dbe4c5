"""What it would take: with as much as is said an interval does exclude the line, and with less it does not."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scaling.analysis.decide.statements import MOST_SEEDS, Statement, rests_on, takes
from scaling.analysis.uncertainty import Estimate, SeedNoise

Z90 = 1.645


def interval(value: float, images_sd: float, seed_sd: float, seeds: float) -> Estimate:
    """By the algebra of its docstring: variances add, and that of seeds falls with their number."""
    half = Z90 * np.hypot(images_sd, seed_sd / np.sqrt(seeds))
    return Estimate(value, value - half, value + half)


def number(clause: str) -> int:
    return int(re.findall(r"\d+", clause)[0])


@pytest.mark.parametrize("value", [0.01, -0.01])
@pytest.mark.parametrize(("images_sd", "seed_sd", "seeds"), [(0.002, 0.02, 2), (0.0, 0.03, 3), (0.004, 0.03, 1.5)])
def test_the_said_number_of_seeds_decides_and_one_less_does_not(
    value: float, images_sd: float, seed_sd: float, seeds: float
) -> None:
    clause = takes(interval(value, images_sd, seed_sd, seeds), interval(value, images_sd, 0.0, seeds), seeds)
    assert clause.endswith(f" seeds a setting in place of {seeds:g}")
    needed = number(clause)
    decided, before = (interval(value, images_sd, seed_sd, many) for many in (needed, needed - 1))
    assert decided.side_of(0.0, "above", "below") != "undecided"
    assert before.side_of(0.0, "above", "below") == "undecided"


def test_the_said_number_of_images_decides_with_enough_seeds() -> None:
    value, images_sd, seed_sd, seeds = 0.005, 0.008, 0.01, 2
    clause = takes(interval(value, images_sd, seed_sd, seeds), interval(value, images_sd, 0.0, seeds), seeds)
    times = number(clause)
    assert clause == f"with about {times} times as many validation images and more seeds (seeds alone would not do)"
    smaller = images_sd / np.sqrt(times)
    assert interval(value, images_sd, seed_sd, 10**6).side_of(0.0, "y", "y") == "undecided"
    more = takes(interval(value, smaller, seed_sd, seeds), interval(value, smaller, 0.0, seeds), seeds)
    assert interval(value, smaller, seed_sd, number(more)).side_of(0.0, "y", "y") == "y"


def test_too_many_seeds_are_not_counted() -> None:
    clause = takes(interval(0.001, 0.0, 0.02, 2), interval(0.001, 0.0, 0.0, 2), 2)
    assert clause == f"with more than {MOST_SEEDS} seeds a setting"


@pytest.mark.parametrize("value", [0.0, 0.0001])
def test_a_difference_that_is_too_small_for_any_is_said_so(value: float) -> None:
    clause = takes(interval(value, 0.01, 0.01, 2), interval(value, 0.01, 0.0, 2), 2)
    assert clause == "by no affordable number of seeds or images"


def test_the_line_is_what_is_to_be_told_from() -> None:
    """1.01 from 1 takes what 0.01 takes from 0."""
    shifted = [Estimate(1 + of.value, 1 + of.low, 1 + of.high) for of in (_noisy(), _quiet())]
    assert takes(*shifted, seeds=2, line=1.0) == takes(_noisy(), _quiet(), seeds=2) != ""


@pytest.mark.parametrize(
    ("noisy", "quiet"),
    [
        (Estimate(0.01, 0.001, 0.02), Estimate(0.01, 0.005, 0.015)),
        (Estimate(np.nan, np.nan, np.nan), Estimate(0.01, 0.0, 0.02)),
        (Estimate(0.01, -0.01, 0.03), Estimate(0.01, np.nan, np.nan)),
    ],
    ids=["decided", "not known", "quiet not known"],
)
def test_what_is_decided_or_not_known_takes_nothing(noisy: Estimate, quiet: Estimate) -> None:
    assert takes(noisy, quiet, 2) == ""


def _noisy() -> Estimate:
    return interval(0.01, 0.002, 0.02, 2)


def _quiet() -> Estimate:
    return interval(0.01, 0.002, 0.0, 2)


def noise(source: str = "assumed", freedom: float = 4.0) -> SeedNoise:
    return SeedNoise(0.02, 0.02, 0.02, freedom, source)


def rests(which: str, value: float, of: SeedNoise | None = None, images_sd: float = 0.002) -> Statement:
    """With noise that is known half as well as it might be: the interval is 1.3 times as wide as if it were known."""
    known, quiet = (interval(value, images_sd, seed_sd, 2) for seed_sd in (0.02, 0.0))
    noisy = Estimate(value, value + 1.3 * (known.low - value), value + 1.3 * (known.high - value))
    return Statement(which, noisy, quiet, known, of or noise())


@pytest.mark.parametrize("value", [0.04, -0.04, 0.01])
def test_at_the_noise_that_is_said_a_statement_changes(value: float) -> None:
    statement = rests("", value)
    at = statement.flips_at
    assert at is not None
    below, above = (interval(value, 0.002, times * at / 100, 2) for times in (0.99, 1.01))
    assert below.side_of(0.0, "y", "y") == "y"
    assert above.side_of(0.0, "y", "y") == "undecided"
    assert (at > 2) is statement.decided()


@pytest.mark.parametrize("known", [noise("given"), noise("measured", 10)], ids=["given", "measured on enough"])
def test_where_noise_is_known_nothing_is_said_to_change_with_it(known: SeedNoise) -> None:
    statement = rests("", 0.01, known)
    assert (statement.flips_at, statement.flips) == (None, "")
    assert rests_on([statement], known) == ""
    assert Statement("", _noisy(), _quiet()).flips_at is None


def test_an_answer_says_which_noise_it_rests_on_and_what_changes_with_it() -> None:
    open_, sure = rests("after 2 epochs", 0.01), rests("after 5 epochs", 0.04)
    begins = "A standard deviation of 2.00 points between seeds is assumed; "
    assert rests_on([open_, sure], noise()) == (
        f"{begins}if it were known, after 2 epochs the answer would be decided with less than 0.81 points; after 5 "
        "epochs the answer would be undecided with more than 3.4 points."
    )
    assert rests_on([sure] * 5, noise()).endswith("; 2 more would change as well.")
    assert rests_on([rests("", 0.001, images_sd=0.01)], noise()) == f"{begins}no verdict would be another with less."
    assert rests_on([], noise()) == "A standard deviation of 2.00 points between seeds is assumed."
