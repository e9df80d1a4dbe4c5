"""The runs to do next: what they would change, what they cost, and what does not matter to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.decide.limits import limits_of
from scaling.analysis.decide.next_runs import LEAST_GAIN, LEAST_KNOWN, NextRun, can_improve, next_runs
from scaling.schema import AnswerPlan, Question
from tests.analysis.decide.surfaces import FACTORS, Simulated, surface
from tests.analysis.simulated import row

OPEN = Question("Which is best?")
WIDTH_OR_DEPTH = Question("Which pays more?", AnswerPlan(compare=("width", "depth"), at_equal="macs"))


SIZES: dict[str, Any] = {
    "depths": (14, 26, 50),
    "widths": (0.5, 1.0, 2.0),
    "resolutions": (64, 128),
    "epochs": (10, 30),
}


@cache
def study(seed: int = 1) -> Simulated:
    return surface(seed, **SIZES, images=10**6)


def with_trials(frame: pd.DataFrame, seeds: int = 3) -> pd.DataFrame:
    """Every cell with so many seeds, those it does not have yet planned; seconds are as multiply-accumulates."""
    cells = frame.drop_duplicates(FACTORS)
    have = {tuple(of) for of in frame[[*FACTORS, "seed"]].to_numpy(float)}
    more = [
        of | {"seed": seed, "status": "planned", "top1": np.nan}
        for of in cells.to_dict("records")
        for seed in range(seeds)
        if (*(float(of[name]) for name in FACTORS), float(seed)) not in have
    ]
    both = pd.concat([frame, pd.DataFrame(more)], ignore_index=True) if more else frame.reset_index(drop=True)
    names = ["-".join(f"{value:g}" for value in of) for of in both[[*FACTORS, "seed"]].to_numpy(float)]
    return both.assign(trial_id=names, planned_seconds=both["macs"] * both["epochs"] / 1e8)


def half_trained(seed: int = 1, seeds: int = 1) -> pd.DataFrame:
    return with_trials(study(seed).hiding(study(seed).truth.sample(frac=0.5, random_state=seed).index), seeds)


def untrained(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(status="planned", top1=np.nan)


def ids(runs: Sequence[NextRun]) -> list[str]:
    return [run.trial_id for run in runs]


def of(frame: pd.DataFrame, runs: Sequence[NextRun]) -> pd.DataFrame:
    """Rows of the runs, in their order."""
    return frame.set_index("trial_id").loc[ids(runs)]


@pytest.mark.parametrize("trained", range(LEAST_KNOWN))
def test_until_a_few_are_trained_the_cheapest_that_nobody_trained_are_named(trained: int) -> None:
    frame = with_trials(untrained(study().frame), seeds=1).sort_values("planned_seconds", kind="stable")
    dearest = frame.index[-trained:] if trained else frame.index[:0]
    frame.loc[dearest, "status"], frame.loc[dearest, "top1"] = "ok", 0.7
    runs = next_runs(frame, OPEN)
    left = frame[frame["status"] == "planned"]
    assert [run.seconds for run in runs] == left["planned_seconds"].nsmallest(4).tolist()
    assert all(run.why.startswith("among the cheapest of those not trained yet") for run in runs)


def test_another_seed_is_no_setting_that_nobody_trained() -> None:
    frame = with_trials(untrained(study().frame), seeds=2)
    cheapest = frame.loc[frame["planned_seconds"].idxmin(), FACTORS]
    first = (frame[FACTORS] == cheapest).all(axis=1) & (frame["seed"] == 0)
    frame.loc[first, ["status", "top1"]] = ["ok", 0.5]
    runs = of(frame, next_runs(frame, OPEN, count=8))
    assert (runs["seed"] == 0).all()
    assert not runs[FACTORS].duplicated().any()


@pytest.mark.parametrize("seed", range(4))
def test_a_run_whose_outcome_cannot_matter_is_not_named(seed: int) -> None:
    """A second seed of what is surely worse than the best, and costs as much, would change no choice."""
    frame = with_trials(study(seed).frame, seeds=2).assign(planned_seconds=60.0)
    runs = of(frame, next_runs(frame, OPEN, limits_of(["macs=1e18"]), count=2))
    measured = frame.set_index(FACTORS)["top1"].dropna()
    named = [measured[cell] for cell in map(tuple, runs[FACTORS].to_numpy(float))]
    assert min(named, default=1.0) > measured.max() - 0.02
    assert (measured < measured.max() - 0.02).mean() > 0.5


def test_what_the_question_does_not_compare_is_not_named() -> None:
    """Settings at another resolution share no arm with anything."""
    arms = [("depth", 26, 1.0, 32), ("depth", 50, 1.0, 32), ("depth", 101, 1.0, 32)]
    arms += [("width", 26, 1.5, 32), ("width", 26, 2.0, 32), ("off", 200, 1.7, 48), ("off", 14, 0.6, 64)]
    rows = [
        row("resnet_rs", depth, depth, 0.7, seed, 2000)
        | {"width": width, "resolution": pixels, "macs": 1e6 * depth * width**2, "trial_id": f"{name}-{i}-{seed}"}
        for i, (name, depth, width, pixels) in enumerate(arms)
        for seed in range(3)
    ]
    frame = pd.DataFrame(rows).assign(planned_seconds=100.0)
    frame["top1"] += 0.002 * np.random.default_rng(0).standard_normal(len(frame))
    frame.loc[frame["seed"] > 0, ["status", "top1"]] = ["planned", np.nan]
    named = ids(next_runs(frame, WIDTH_OR_DEPTH, count=8))
    assert len(named) == 8
    assert not [name for name in named if name.startswith("off")]


def test_runs_side_by_side_differ_and_complement_one_another() -> None:
    frame = half_trained()
    runs = next_runs(frame, OPEN, count=6)
    assert len({*ids(runs)}) == 6
    # The second is what would be named were the first planned no more: not the runner-up of the first choice.
    assert ids(next_runs(frame, OPEN, count=3)) == ids(runs)[:3]


def test_of_one_setting_s_seeds_the_first_is_named_first_and_none_twice() -> None:
    frame = half_trained(seeds=3)
    runs = of(frame, next_runs(frame, WIDTH_OR_DEPTH, count=200))
    assert len(runs) == (frame["status"] == "planned").sum()
    assert not runs.index.duplicated().any()
    for _, seeds in runs.groupby(FACTORS, sort=False)["seed"]:
        assert seeds.is_monotonic_increasing


@pytest.mark.parametrize("question", [OPEN, WIDTH_OR_DEPTH], ids=["choice", "question"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_all_together_keep_to_the_time(question: Question, share: float) -> None:
    frame = half_trained()
    seconds = share * frame.loc[frame["status"] == "planned", "planned_seconds"].sum()
    runs = next_runs(frame, question, count=50, seconds=seconds)
    assert runs
    assert sum(run.seconds for run in runs) <= seconds
    left = frame[(frame["status"] == "planned") & ~frame["trial_id"].isin(ids(runs))]
    assert (left["planned_seconds"] > seconds - sum(run.seconds for run in runs)).all()


def test_with_less_time_than_any_run_takes_there_is_none() -> None:
    for frame in (half_trained(), with_trials(untrained(study().frame), seeds=1)):
        assert next_runs(frame, OPEN, seconds=frame["planned_seconds"].min() / 2) == []
        assert next_runs(frame, OPEN, seconds=0) == []


def test_limits_move_the_choice_to_what_meets_them() -> None:
    frame = half_trained(seeds=2)
    most = frame["macs"].quantile(0.3)
    within = of(frame, next_runs(frame, OPEN, limits_of([f"macs={most}"]), count=3))
    assert (within["macs"] <= most).all()
    without = of(frame, next_runs(frame, OPEN, count=3))
    assert [*within.index] != [*without.index]


@pytest.mark.parametrize("share", [0.2, 0.3, 0.6])
def test_what_is_beyond_the_limit_is_named_only_where_it_narrows_the_choice(share: float) -> None:
    frame = half_trained(seeds=2)
    most = frame["macs"].quantile(share)
    runs = next_runs(frame, OPEN, limits_of([f"macs={most}"]), count=100)
    beyond = of(frame, runs)["macs"].to_numpy() > most
    gains = [float(re.findall(r"gain (\S+) points", run.why)[0]) for run in runs]
    assert runs
    assert not beyond.all()
    assert all(gain >= LEAST_GAIN for gain, over in zip(gains, beyond, strict=True) if over)


def test_before_anything_is_known_what_meets_the_limit_is_trained_first() -> None:
    frame = with_trials(untrained(study().frame), seeds=2).assign(planned_seconds=lambda rows: 1e9 / rows["macs"])
    most = np.sort(frame["macs"].unique())[1]
    runs = of(frame, next_runs(frame, OPEN, limits_of([f"macs={most}"])))
    assert (runs["macs"] <= most).all()


def settled() -> pd.DataFrame:
    """Every network was trained twice with next to no noise, and the best is far ahead; a third seed is planned."""
    return with_trials(surface(1, **SIZES, seeds=2, images=10**9, seed_noise=1e-6, scatter=0.05).frame, seeds=3)


def level() -> pd.DataFrame:
    """Two networks are as good as each other, but for the few images that they were both scored on."""
    frame = with_trials(surface(1, **SIZES, seeds=2, images=500, seed_noise=1e-4).frame, seeds=3)
    return frame.assign(top1=frame["top1"].where(frame["top1"].isna(), 0.8 + 1e-6 * frame["seed"]))


@pytest.mark.parametrize("limits", [(), ("macs=1e12",)])
@pytest.mark.parametrize("frame", [settled(), level()], ids=["settled", "level"])
def test_where_no_run_is_expected_to_improve_the_choice_none_is_named(
    frame: pd.DataFrame, limits: tuple[str, ...]
) -> None:
    assert not can_improve(frame, OPEN, limits_of(limits))
    assert next_runs(frame, OPEN, limits_of(limits)) == []
    assert can_improve(half_trained(), OPEN, limits_of(limits))
    assert can_improve(frame, WIDTH_OR_DEPTH)  # is not for a choice


def test_a_limit_on_money_is_kept_at_its_price_and_allows_all_where_there_is_none() -> None:
    frame = half_trained()
    hours = frame["planned_seconds"] / 3600
    frame["train_seconds"] = frame["planned_seconds"].where(frame["status"] == "ok")
    most = limits_of([f"dollars={5 * hours.quantile(0.4)}"])
    within = of(frame, next_runs(frame, OPEN, most, count=3, dollars_per_hour=5.0))
    assert (within["planned_seconds"] / 3600 <= hours.quantile(0.4)).all()
    free = of(frame, next_runs(frame, OPEN, most, count=3))
    assert [*free.index] != [*within.index]


def test_with_limits_the_choice_counts_and_not_the_question() -> None:
    frame = half_trained()
    (run,) = next_runs(frame, WIDTH_OR_DEPTH, limits_of(["macs=1e9"]), count=1)
    assert run.why.startswith("the choice under these limits is expected to gain ")
    (run,) = next_runs(frame, WIDTH_OR_DEPTH, count=1)
    assert run.why == "part of what the question compares, and not trained yet"


def undecided_and_decided() -> pd.DataFrame:
    """Width is far ahead of depth after 10 epochs, and level with it after 50; all runs take as long."""
    rows = []
    for epochs, ahead in ((10, 0.1), (50, 0.001)):
        sizes = [(26 * 2**i, 1.0, 0.7 + 0.02 * i) for i in range(3)]
        sizes += [(26, 2 ** (i / 2), 0.7 + 0.02 * i + ahead) for i in (1, 2)]
        rows += [
            row("resnet_rs", depth, depth * width**2, top1, seed, 20_000)
            | {"width": width, "epochs": epochs, "trial_id": f"{epochs}-{depth}x{width:.2f}-{seed}"}
            for depth, width, top1 in sizes
            for seed in range(4)
        ]
    frame = pd.DataFrame(rows)
    frame["top1"] += 0.004 * np.random.default_rng(1).standard_normal(len(frame))
    frame.loc[frame["seed"] > 1, ["status", "top1"]] = ["planned", np.nan]
    return frame.assign(planned_seconds=60.0)


def test_seeds_of_undecided_differences_come_before_those_of_decided_ones() -> None:
    frame = undecided_and_decided()
    runs = next_runs(frame, WIDTH_OR_DEPTH, count=20)
    assert len(runs) == 20
    assert (of(frame, runs[:5])["epochs"] == 50).all()
    assert re.fullmatch(
        r"narrows width against depth after 50 epochs: \d+% of the variance of what the question compares", runs[0].why
    )


def test_what_was_never_trained_comes_before_any_other_seed() -> None:
    frame = undecided_and_decided()
    hidden = (frame["epochs"] == 10) & (frame["depth"] == 104)
    frame.loc[hidden, ["status", "top1"]] = ["planned", np.nan]
    first, second = next_runs(frame, WIDTH_OR_DEPTH, count=2)
    assert first.trial_id == "10-104x1.00-0"
    assert first.why == "part of what the question compares, and not trained yet"
    assert first.name.endswith(", run 1")
    assert second.trial_id != "10-104x1.00-1"


@pytest.mark.parametrize("question", [OPEN, WIDTH_OR_DEPTH], ids=["choice", "question"])
def test_the_order_of_records_changes_nothing(question: Question) -> None:
    frame = undecided_and_decided()
    named = next_runs(frame, question)
    assert next_runs(frame, question) == named
    for seed in range(3):
        assert ids(next_runs(frame.sample(frac=1, random_state=seed), question)) == ids(named)


def test_nor_does_it_before_anything_was_trained() -> None:
    frame = with_trials(untrained(study().frame), seeds=2)
    named = ids(next_runs(frame, OPEN, count=8))
    for seed in range(3):
        assert ids(next_runs(frame.sample(frac=1, random_state=seed), OPEN, count=8)) == named


@pytest.mark.parametrize("question", [OPEN, WIDTH_OR_DEPTH], ids=["choice", "question"])
def test_where_all_is_recorded_there_is_none(question: Question) -> None:
    assert next_runs(with_trials(study().frame, seeds=1), question) == []
    failed = with_trials(study().frame, seeds=1).assign(status="failed", top1=np.nan)
    assert next_runs(failed, question) == []


def test_what_has_failed_is_not_named_again() -> None:
    frame = half_trained(seeds=1)
    planned = frame.index[frame["status"] == "planned"]
    frame.loc[planned[::2], "status"] = "failed"
    named = {*ids(next_runs(frame, OPEN, count=50))}
    assert named
    assert named <= {*frame.loc[planned[1::2], "trial_id"]}


def test_each_step_of_methods_that_are_added_one_by_one_is_trained_wherever_it_was_recorded() -> None:
    """What each adds is asked, not only what all add."""
    methods: list[dict[str, float]] = [{"label_smoothing": 0.0, "dropout": 0.0, "ema_decay": 0.0}]
    methods += [methods[-1] | more for more in ({"label_smoothing": 0.1},)]
    methods += [methods[-1] | {"dropout": 0.2}]
    methods += [methods[-1] | {"ema_decay": 0.99}]
    rows = [
        row("resnet_rs", 26, 10.0, 0.7 + 0.01 * step, seed) | of | {"trial_id": f"{step}-{seed}", "planned_seconds": 60}
        for seed in range(2)
        for step, of in enumerate(methods)
    ]
    frame = pd.DataFrame(rows)
    frame.loc[(frame["seed"] > 0) | (frame["trial_id"] == "2-0"), ["status", "top1"]] = ["planned", np.nan]
    more = pd.DataFrame([row("resnet_rs", 50, 20.0, 0.8)]).assign(trial_id="another", planned_seconds=60.0)
    frame = pd.concat([frame, more], ignore_index=True)
    for order in range(3):
        shuffled = frame.sample(frac=1, random_state=order)
        (first, *others) = next_runs(shuffled, OPEN, count=8)
        assert (first.trial_id, first.why) == ("2-0", "part of what the question compares, and not trained yet")
        assert {run.trial_id for run in others} == {"0-1", "1-1", "2-1", "3-1"}


@pytest.mark.parametrize("settings", [1, 2, 3, 5])
@pytest.mark.parametrize("trained", [0, 3])
def test_there_are_as_many_as_were_asked_for_while_there_are_so_many(settings: int, trained: int) -> None:
    """Also of few settings, of which another seed is then named; else those who run them in batches would be idle."""
    frame = with_trials(untrained(study().frame).iloc[:settings], seeds=4)
    first = frame.sort_values(["seed", "planned_seconds"], kind="stable").index[:trained]
    frame.loc[first, "status"], frame.loc[first, "top1"] = "ok", 0.7
    for question in (OPEN, WIDTH_OR_DEPTH):
        left = len(frame) - trained
        # Of so few and level ones a choice may not gain by all that are left: see above.
        settled = trained >= min(settings, LEAST_KNOWN)
        assert min(4, left) * (not settled) <= len({*ids(next_runs(frame, question, count=4))}) <= min(4, left)
        assert left * (not settled) <= len({*ids(next_runs(frame, question, count=100))}) <= left
