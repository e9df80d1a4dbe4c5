"""Limits as people write them, and what settings cost where nobody measured it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.decide.limits import COSTS, cheapest, limits_of, priced, with_made
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError
from scaling.results.columns import METRICS
from tests.analysis.decide.surfaces import surface

STUDY = surface(0, depths=(14, 26, 50, 101), widths=(0.5, 1.0, 2.0), resolutions=(64, 128), epochs=(10, 30))
SETTINGS = with_made(collapse_seeds(STUDY.frame))


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_limit_is_a_name_and_a_number() -> None:
    limits = limits_of(["inference_ms=5", "params=5e6", "train_hours=0.5", "dollars=100"])
    assert [(limit.cost.name, limit.most) for limit in limits] == [
        ("inference_ms", 5),
        ("params", 5e6),
        ("train_hours", 0.5),
        ("dollars", 100),
    ]
    assert str(limits[1]) == "params=5e+06"
    assert limits_of([]) == ()


@pytest.mark.parametrize("texts", [["macs=2", "macs=1"], ["macs=1", "macs=2"]])
def test_of_two_limits_for_one_cost_the_least_counts(texts: list[str]) -> None:
    (limit,) = limits_of(texts)
    assert limit.most == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("inference_ms", "--at-most inference_ms: write NAME=NUMBER, as inference_ms=5"),
        ("", "--at-most : write NAME=NUMBER"),
        ("inferense_ms=5", "--at-most inferense_ms=5: no cost named 'inferense_ms'; did you mean 'inference_ms'?"),
        ("top1=0.5", "no cost named 'top1'"),
        ("=5", "no cost named ''"),
        ("macs=", "--at-most macs=: '' is no positive number"),
        ("macs=many", "'many' is no positive number"),
        ("macs=0", "'0' is no positive number"),
        ("macs=-1", "'-1' is no positive number"),
        ("macs=nan", "'nan' is no positive number"),
        ("macs=inf", "'inf' is no positive number"),
        ("macs=1=2", "'1=2' is no positive number"),
    ],
)
def test_what_is_no_limit_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        limits_of(["params=1e6", text])
    assert message in str(error.value)


def test_what_can_be_limited_is_every_metric_of_which_less_is_better_and_hours_and_dollars() -> None:
    assert {*COSTS} - {*METRICS} == {"train_hours", "dollars"}
    assert not any(cost.maximize for cost in COSTS.values())


def hours(trained: int, *, price: float = 0.0) -> pd.DataFrame:
    """Trainings of two hours that were planned to take one; only the first so many are done."""
    seconds = [7200.0 if number < trained else np.nan for number in range(len(SETTINGS))]
    return with_made(SETTINGS.assign(train_seconds=seconds, planned_seconds=3600.0), price)


def test_hours_are_known_where_a_training_was_timed_and_dollars_follow_them() -> None:
    made = hours(1, price=3)
    assert made["train_hours"].tolist()[:3] == pytest.approx([2, np.nan, np.nan], nan_ok=True)
    assert made["dollars"].tolist()[:3] == pytest.approx([6, np.nan, np.nan], nan_ok=True)
    assert made["planned_dollars"].tolist()[:3] == [3, 3, 3]
    assert hours(1)["dollars"].isna().all()


@pytest.mark.parametrize("trained", [0, 1])
@pytest.mark.parametrize(("cost", "planned"), [("train_hours", 1), ("dollars", 3), ("train_seconds", 3600)])
def test_what_was_not_trained_costs_what_is_planned_within_a_factor_of_two(
    trained: int, cost: str, planned: float
) -> None:
    price = priced(hours(trained, price=3), COSTS[cost], 4000, random())
    assert price.planned
    assert price.measured.sum() == trained
    assert price.value[trained:] == pytest.approx(planned)
    assert price.low[trained:] == pytest.approx(planned / 2, rel=0.05)
    assert price.high[trained:] == pytest.approx(planned * 2, rel=0.05)
    assert price.high[:trained] == pytest.approx(price.low[:trained])


def test_where_some_were_trained_they_tell_the_hours_of_the_others_and_not_the_plan() -> None:
    price = priced(hours(24), COSTS["train_hours"], 400, random())
    assert not price.planned
    assert not price.measured[24:].any()
    assert price.value[24:] == pytest.approx(2, rel=0.2)
    assert (price.high > price.low)[24:].all()


def test_what_was_counted_is_exact() -> None:
    price = priced(SETTINGS, METRICS["params"], 100, random())
    assert price.measured.all()
    assert price.low == pytest.approx(price.value)
    assert price.high == pytest.approx(price.value)


def test_what_was_timed_has_the_interval_of_its_own() -> None:
    price = priced(SETTINGS, METRICS["training_ms"], 4000, random())
    assert price.measured.all()
    assert price.value.tolist() == SETTINGS["training_ms"].tolist()
    # A standard deviation of 2%, see `surface`.
    assert price.high / price.value == pytest.approx(np.exp(1.645 * 0.02), abs=0.005)
    assert price.drawn.shape == (4000, 48)


def test_what_was_not_timed_is_predicted_from_the_rest_and_its_interval_holds_it() -> None:
    hidden = np.arange(len(SETTINGS)) % 3 == 1
    price = priced(
        SETTINGS.assign(training_ms=SETTINGS["training_ms"].mask(hidden)), METRICS["training_ms"], 1000, random()
    )
    truth = SETTINGS["training_ms"].to_numpy(float)
    assert (price.measured == ~hidden).all()
    assert price.value[hidden] == pytest.approx(truth[hidden], rel=0.15)
    assert ((price.low <= truth) & (truth <= price.high))[hidden].mean() > 0.8
    width = np.log(price.high / price.low)
    assert width[hidden].mean() > width[~hidden].mean()


@pytest.mark.parametrize("known", [0, 1])
def test_what_too_few_have_is_not_known_of_the_rest(known: int) -> None:
    times = SETTINGS["training_ms"].where(np.arange(len(SETTINGS)) < known)
    price = priced(SETTINGS.assign(training_ms=times), METRICS["training_ms"], 100, random())
    assert np.isfinite(price.value).sum() == known
    assert np.isnan(price.drawn[:, known:]).all()


def test_a_count_that_is_missing_is_not_guessed() -> None:
    price = priced(SETTINGS.assign(params=SETTINGS["params"].mask(SETTINGS.index == 3)), METRICS["params"], 9, random())
    assert np.flatnonzero(np.isnan(price.value)).tolist() == [3]


def nearest(settings: pd.DataFrame, *texts: str) -> tuple[int, str]:
    return cheapest(settings, [(limit, priced(settings, limit.cost, 50, random())) for limit in limits_of(texts)])


def test_the_nearest_is_the_one_whose_worst_cost_is_least_over_its_limit() -> None:
    settings = SETTINGS.head(3).assign(params=[10.0, 20.0, 30.0], macs=[90.0, 40.0, 10.0])
    row, missed = nearest(settings, "params=10", "macs=10")
    assert (row, missed) == (2, "with params 30, 3 times the limit")
    row, missed = nearest(settings, "params=5", "macs=10")
    assert (row, missed) == (1, "with params 20, 4 times the limit and macs 40, 4 times the limit")


def test_the_nearest_of_none_says_what_nobody_knows() -> None:
    settings = SETTINGS.head(2).assign(params=[10.0, np.nan], macs=[np.nan, 10.0])
    assert nearest(settings, "params=20", "macs=20") == (0, "whose macs is not known")
