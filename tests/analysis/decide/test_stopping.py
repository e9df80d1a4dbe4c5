"""When a study may end: decided, hopeless or complete; looked at again and again, it is seldom wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.decide.answer import answer
from scaling.analysis.decide.limits import limits_of
from scaling.analysis.decide.next_runs import next_runs
from scaling.analysis.decide.statements import Statement
from scaling.analysis.decide.stopping import WIDER, enough
from scaling.analysis.uncertainty import Estimate
from scaling.errors import UserError
from scaling.schema import AnswerPlan, Question
from tests.analysis.simulated import row

WIDTH_OR_DEPTH = Question("Which pays more?", AnswerPlan(compare=("width", "depth"), at_equal="macs"))
SIZES = [(26.0, 1.0), (52.0, 1.0), (104.0, 1.0), (26.0, 2**0.5), (26.0, 2.0)]
"""Depth and width of a base and of two networks grown from it each way; the costs of both ways are the same."""

BATCH = 4


def arms(
    ahead: float, seed: int = 0, *, seeds: int = 8, noise: float = 0.005, images: int = 10_000, trained: int = 0
) -> pd.DataFrame:
    """Width `ahead` of depth, both on a line in log cost; all seeds but the first `trained` of a network are planned.

    Their outcome stands in the column `would_be`: as noisy as seeds are, on the same images.
    """
    random = np.random.default_rng(seed)
    rows = []
    for depth, width in SIZES:
        cost = depth * width**2
        top1 = 0.7 + 0.02 * np.log2(cost / 26) + (ahead if width > 1 else 0.0)
        seen = top1 + np.sqrt(top1 * (1 - top1) / images) * random.standard_normal()
        rows += [
            row("resnet_rs", depth, cost, np.nan, number, images)
            | {
                "width": width,
                "status": "planned",
                "planned_seconds": cost,
                "trial_id": f"{depth}x{width:.2f}-{number}",
            }
            | {"would_be": seen + noise * random.standard_normal()}
            for number in range(seeds)
        ]
    frame = pd.DataFrame(rows)
    return with_outcomes(frame, frame.loc[frame["seed"] < trained, "trial_id"])


def with_outcomes(frame: pd.DataFrame, trial_ids: Sequence[str] | pd.Series) -> pd.DataFrame:
    done = frame["trial_id"].isin(set(trial_ids))
    return frame.assign(top1=frame["top1"].mask(done, frame["would_be"]), status=frame["status"].mask(done, "ok"))


def until_it_ends(frame: pd.DataFrame, question: Question = WIDTH_OR_DEPTH) -> tuple[str, pd.DataFrame]:
    """Why a study ends that is looked at after every batch, and what is recorded then."""
    for _ in range(len(frame)):
        if reason := enough(frame, question):
            break
        frame = with_outcomes(frame, [run.trial_id for run in next_runs(frame, question, count=BATCH)])
    return reason, frame[frame["status"] == "ok"]


def missing(frame: pd.DataFrame, depth: float, width: float, **to: Any) -> pd.DataFrame:
    cell = np.isclose(frame["depth"], depth) & np.isclose(frame["width"], width)
    return frame.assign(**{name: frame[name].mask(cell, value) for name, value in to.items()})


def test_a_clear_difference_is_decided() -> None:
    assert enough(arms(0.06, trained=2), WIDTH_OR_DEPTH) == "the question is decided"
    assert enough(arms(-0.06, trained=2), WIDTH_OR_DEPTH) == "the question is decided"


def test_a_small_one_goes_on_while_what_is_left_may_decide_it() -> None:
    frame = arms(0.005, images=10**6, trained=2)
    assert not answer(frame[frame["status"] == "ok"], WIDTH_OR_DEPTH).statements[0].decided(WIDER)
    assert enough(frame, WIDTH_OR_DEPTH) == ""


def test_what_one_look_would_decide_is_not_decided_by_one_of_many() -> None:
    at_once = next(
        frame
        for seed in range(100)
        if (said := answer((frame := arms(0.012, seed, trained=3))[frame["status"] == "ok"], WIDTH_OR_DEPTH)).decided
        and not said.statements[0].decided(WIDER)
    )
    assert enough(at_once, WIDTH_OR_DEPTH) != "the question is decided"


def test_what_is_left_may_be_hopeless_and_it_says_what_would_do() -> None:
    reason = enough(arms(0.0, 1, images=500, trained=7), WIDTH_OR_DEPTH)
    assert reason.startswith("what is left of the study could hardly decide it (a chance below 20%). If the difference")
    assert "times as many validation images" in reason


def test_what_is_hopeless_with_one_seed_more_is_not_with_a_hundred() -> None:
    many = arms(0.0, 3, images=10**7, noise=0.02, seeds=100, trained=7)
    assert enough(many, WIDTH_OR_DEPTH) == ""
    few = many[many["seed"] < 8]
    assert enough(few, WIDTH_OR_DEPTH).startswith("what is left of the study could hardly decide it")


@pytest.mark.parametrize("ahead", [0.0, 0.06])
def test_where_all_is_recorded_that_is_the_reason(ahead: float) -> None:
    said = "every trial of the study is recorded"
    frame = arms(ahead, seeds=2, trained=2)
    assert enough(frame, WIDTH_OR_DEPTH) == said
    assert enough(frame.assign(status="failed", top1=np.nan), WIDTH_OR_DEPTH) == said
    assert enough(frame, WIDTH_OR_DEPTH, limits_of(["macs=1e8"])) == said
    assert enough(pd.DataFrame(), WIDTH_OR_DEPTH) == said


def test_it_goes_on_while_longer_training_may_shift_it() -> None:
    """Both regimes are decided, for the same side; what longer training changes is half of the question."""
    frames = [arms(0.06, seed, trained=3).assign(epochs=epochs) for seed, epochs in ((0, 10), (1, 50))]
    frame = pd.concat([of.assign(trial_id=of["trial_id"] + f"-{number}") for number, of in enumerate(frames)])
    frame = frame.reset_index(drop=True)
    *regimes, shift = answer(frame[frame["status"] == "ok"], WIDTH_OR_DEPTH).statements
    assert len(regimes) == 2
    assert all(statement.decided(WIDER) for statement in regimes)
    assert not shift.decided()
    assert enough(frame, WIDTH_OR_DEPTH) != "the question is decided"


@pytest.mark.parametrize(("depth", "width"), SIZES)
def test_a_cell_that_the_question_compares_is_never_skipped(depth: float, width: float) -> None:
    """However clear the rest is, and however hopeless."""
    for frame in (arms(0.1, trained=4), arms(0.0, 1, images=500, trained=7)):
        assert enough(frame, WIDTH_OR_DEPTH)
        assert enough(missing(frame, depth, width, status="planned", top1=np.nan), WIDTH_OR_DEPTH) == ""


def test_a_cell_that_was_tried_and_failed_does_not_hold_it_up() -> None:
    frame = missing(arms(0.1, trained=4), 104.0, 1.0, status="failed", top1=np.nan)
    assert enough(frame, WIDTH_OR_DEPTH) == "the question is decided"


@pytest.mark.parametrize("trained", [0, 1])
def test_with_nothing_or_one_setting_it_goes_on(trained: int) -> None:
    frame = arms(0.06)
    frame = with_outcomes(frame, frame["trial_id"][:trained])
    for limits in ((), limits_of(["macs=1e9"])):
        assert enough(frame, WIDTH_OR_DEPTH, limits) == ""


def test_with_limits_the_choice_is_what_is_decided() -> None:
    frame = arms(0.0, noise=0.0001, images=10**8, trained=2)
    cheap = limits_of([f"macs={30e6}"])  # the base alone
    assert enough(frame, WIDTH_OR_DEPTH, cheap).startswith("the choice is decided: ")
    unsure = arms(0.0, noise=0.02, images=1000, trained=2)
    assert enough(unsure, WIDTH_OR_DEPTH, limits_of(["macs=1e9"])) == ""


@pytest.mark.parametrize("limits", [(), ("macs=1e9",)])
def test_a_choice_that_no_run_can_decide_ends_and_it_says_what_might(limits: tuple[str, ...]) -> None:
    grid = Question("Which factor pays most?", AnswerPlan(compare=("width", "depth", "resolution")))
    level = arms(0.0, noise=0.0, images=300, trained=4, seeds=5)
    level["top1"] = level["top1"].where(level["top1"].isna(), 0.8 + 1e-6 * level["seed"])
    reason = enough(level, grid, limits_of(limits))
    assert reason.startswith(
        "no run of the study that is left can decide the choice: all of them together are expected "
    )
    assert " by less than 0.001 points. Of 5 settings" in reason
    assert reason.endswith("More seeds than the study has, more validation images or other networks might decide it.")
    assert enough(level[level["seed"] < 4], grid, limits_of(limits)) == "every trial of the study is recorded"


def test_a_limit_on_money_is_one_at_its_price() -> None:
    frame = arms(0.0, noise=0.0001, images=10**8, trained=2)
    frame["train_seconds"] = frame["planned_seconds"].where(frame["status"] == "ok")
    cheap = limits_of([f"dollars={2 * 30 / 3600}"])  # the base alone, which takes 26 seconds
    assert enough(frame, WIDTH_OR_DEPTH, cheap, 2.0).startswith("the choice is decided: The only setting that meets ")
    assert "of no setting the price of the training is known" in enough(frame, WIDTH_OR_DEPTH, cheap)


@pytest.mark.parametrize("ahead", [0.02, 0.05])
def test_a_question_for_the_best_is_decided_by_the_choice(ahead: float) -> None:
    grid = Question("Which factor pays most?", AnswerPlan(compare=("width", "depth", "resolution")))
    clear = arms(ahead, noise=0.0001, images=10**8, trained=2)
    assert enough(clear, grid).startswith("the choice is decided: ")


def test_a_plan_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="deepth"):
        enough(arms(0.06, trained=2), Question("?", AnswerPlan(compare=("width", "deepth"))))


@pytest.mark.parametrize(
    ("low", "value", "high", "wider", "decided"),
    [
        (1.0, 2.0, 3.0, 1.0, True),
        (1.0, 2.0, 3.0, 1.9, True),
        (1.0, 2.0, 3.0, 2.1, False),
        (-3.0, -2.0, -1.0, 1.9, True),
        (-3.0, -2.0, -1.0, 2.1, False),
        (-1.0, 2.0, 5.0, 1.0, False),
        (-5.0, -2.0, -1.5, 1.0, True),  # the end towards 0 counts
        (-2.5, -2.0, 0.5, 1.0, False),
        (np.nan, 2.0, np.nan, 1.0, False),
        (0.0, 0.0, 0.0, 1.0, False),
    ],
)
def test_a_statement_is_decided_where_its_wider_interval_leaves_out_0(
    low: float, value: float, high: float, wider: float, decided: bool
) -> None:
    interval = Estimate(value, low, high)
    assert Statement("", interval, interval).decided(wider) is decided


# How often it is wrong, and how soon it ends.


def studied(count: int, make: Callable[[int], pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    return [until_it_ends(make(seed)) for seed in range(count)]


@pytest.mark.slow
def test_without_a_difference_looking_again_and_again_seldom_finds_one() -> None:
    ended = [reason for reason, _ in studied(16, lambda seed: arms(0.0, seed))]
    assert ended.count("the question is decided") <= 2  # as intervals are, 1; were they not wider, 3
    assert len({reason[:20] for reason in ended}) > 1


@pytest.mark.slow
def test_a_clear_difference_ends_it_before_half_of_the_seeds_are_run_and_for_its_side() -> None:
    for sign in (1, -1):
        ended = studied(5, lambda seed, sign=sign: arms(sign * 0.04, seed))  # type: ignore[misc]
        assert [reason for reason, _ in ended].count("the question is decided") >= 4
        assert np.median([len(recorded) for _, recorded in ended]) < len(SIZES) * 8 / 2
        stated = [answer(recorded, WIDTH_OR_DEPTH).statements for _, recorded in ended]
        assert all(np.sign(statement.noisy.value) == sign for (statement,) in stated)
