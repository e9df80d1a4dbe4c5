from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.laws.joint import fit_joint
from scaling.analysis.laws.marginal_returns import rank
from scaling.analysis.laws.response_surface import CURVATURE
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.uncertainty import with_noise

SLOPES = {"depth": -0.10, "width": -0.15, "resolution": -0.30, "epochs": -0.12}
CENTER = {"depth": 50.0, "width": 1.0, "resolution": 128.0, "epochs": 10.0}


def settings(scatter: float = 0.003, bend: float = 0.0, **levels: list[float]) -> pd.DataFrame:
    """A grid whose error and costs are power laws of the factors; `bend` bends error along log resolution."""
    values = {
        "depth": [14, 26, 50, 101],
        "width": [0.5, 1, 2],
        "resolution": [64, 128, 256],
        "epochs": [5, 20],
        **levels,
    }
    frame = pd.DataFrame(list(product(*values.values())), columns=list(values), dtype=float)
    logs = {name: np.log(frame[name] / CENTER[name]) for name in values}
    line = np.log(0.2) + sum(SLOPES[name] * logs[name] for name in values) + bend * logs["resolution"] ** 2
    error = np.exp(line + scatter * np.random.default_rng(0).standard_normal(len(frame)))
    cost = frame["depth"] * frame["width"] ** 2 * frame["resolution"] ** 2
    timed = {f"training_{name}": frame["depth"] * frame["width"] * factor for name, factor in TIMES.items()}
    measured = {"top1": 1 - error, "top1_n": 1e7, "seeds": 1.0, "top1_std": np.nan}
    place = {"study": "made up", "folder": "made up", "dataset": "made up"}
    untimed = dict.fromkeys(("inference_ms", "inference_low_ms", "inference_high_ms"), np.nan)
    return with_noise(frame.assign(macs=1e3 * cost, **untimed, **measured, **timed, **place))


TIMES = {"ms": 1.0, "low_ms": 0.98, "high_ms": 1.02}


def test_epochs_are_free_in_a_cost_that_no_epoch_adds_to() -> None:
    frame = settings()
    joint = fit_joint(frame.assign(params=frame["depth"] * frame["width"] ** 2), ["macs", "params"])
    assert "epochs" in {payoff.factor for payoff in rank(joint, "macs").payoffs}
    assert {payoff.factor for payoff in rank(joint, "params").payoffs} == {"depth", "width"}


def test_slopes_are_found_and_the_best_factor_with_them() -> None:
    joint = fit_joint(settings(), ["macs", "training_ms", "inference_ms"])
    assert joint.factors == ("depth", "width", "resolution", "epochs")
    assert set(joint.costs) == {"macs", "training_ms"}
    for name, slope in SLOPES.items():
        found = joint.parameters[name]
        assert found.low <= slope <= found.high
        assert found.high - found.low < 0.01
    ranking = rank(joint, "macs")
    per_percent = {payoff.factor: payoff.per_percent.value for payoff in ranking.payoffs}
    expected = {"depth": -0.10, "width": -0.15 / 2, "resolution": -0.30 / 2, "epochs": -0.12}
    assert per_percent == pytest.approx(expected, abs=0.002)
    assert list(per_percent) == ["resolution", "epochs", "depth", "width"]
    assert (ranking.best, ranking.verdict) == ("resolution", "holds")
    assert sum(payoff.chance_best for payoff in ranking.payoffs) == pytest.approx(1)


def test_the_expected_curvature_is_that_of_figure_2() -> None:
    cells = collapse_seeds(published.load("fig2"))
    logs = [np.log(cells[name].to_numpy(float)) for name in ("depth", "width", "resolution")]
    logs = [one - one.mean() for one in logs]
    products = [logs[a] * logs[b] for a, b in product(range(3), range(3)) if a <= b]
    terms = np.column_stack([np.ones(len(cells)), *logs, *products])
    curvatures = np.linalg.lstsq(terms, np.log(1 - cells["top1"]), rcond=None)[0][4:]
    assert round(float(np.sqrt((curvatures**2).mean())), 1) == CURVATURE


@pytest.mark.parametrize(("known", "most"), [(20, 0.4), (30, 0.2), (40, 0.2)])
def test_the_cheapest_cells_of_figure_2_tell_the_best_of_all(known: int, most: float) -> None:
    """By how many points the network predicted best, of those up to five sizes, is worse than the best of them."""
    cells = collapse_seeds(published.load("fig2")).sort_values("macs").reset_index(drop=True)
    joint = fit_joint(cells.iloc[:known], ["macs"])
    assert joint.error is not None
    logs = [np.log(cells[name] / joint.error.center[name]) for name in ("depth", "width", "resolution")]
    named = dict(zip(("depth", "width", "resolution"), logs, strict=True))
    terms = np.column_stack(
        [np.prod([named[name] for name in term], axis=0) * np.ones(len(cells)) for term in joint.error.terms]
    )
    predicted = terms @ joint.error.fitted.theta
    regrets = [
        100 * (cells["top1"][:size].max() - cells["top1"][int(np.argmin(predicted[:size]))])
        for size in (41, 61, 81, 101, 125)
    ]
    assert np.mean(regrets) <= most, regrets


def test_a_factor_that_costs_nothing_is_not_ranked() -> None:
    ranking = rank(fit_joint(settings()), "training_ms")
    assert [payoff.factor for payoff in ranking.payoffs] == ["width", "epochs", "depth"]
    assert rank(fit_joint(settings()), "inference_ms").reason == (
        "too few of the settings have their time per inference step"
    )


def test_what_is_too_close_is_undecided() -> None:
    frame = settings(scatter=0.2, resolution=[128.0])
    assert rank(fit_joint(frame), "macs").verdict == "undecided"


def test_curvature_is_taken_where_the_settings_ask_for_it_and_moves_the_answer() -> None:
    straight, curved = fit_joint(settings()), fit_joint(settings(bend=0.1))
    assert straight.error is not None
    assert curved.error is not None
    assert all(abs(found.value) < 0.01 for name, found in straight.parameters.items() if "*" in name)
    assert curved.parameters["resolution*resolution"].value == pytest.approx(0.1, abs=0.01)
    best = [rank(curved, "macs", {"resolution": resolution}).best for resolution in (64.0, 256.0)]
    assert best == ["resolution", "epochs"]
    slope, _ = curved.error.slope("resolution", {**curved.error.center, "resolution": 256.0})
    assert slope == pytest.approx(-0.30 + 2 * 0.1 * np.log(2), abs=0.01)


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ({"depth": [14.0], "width": [1.0], "resolution": [64.0], "epochs": [5.0]}, "nothing varies"),
        ({"depth": [14.0, 26.0], "width": [1.0], "resolution": [64.0], "epochs": [5.0]}, "2 settings; depth need 4"),
    ],
)
def test_too_little_is_a_sentence(levels: dict[str, list[float]], reason: str) -> None:
    joint = fit_joint(settings(**levels))
    assert joint.error is None
    assert reason in joint.reason
    assert rank(joint, "macs").reason == joint.reason


def test_factors_that_grow_as_one_are_not_told_apart() -> None:
    frame = settings(depth=[14.0, 26.0, 50.0, 101.0, 152.0], width=[1.0], resolution=[64.0], epochs=[5.0])
    joint = fit_joint(frame.assign(resolution=64 * frame["depth"]))
    assert joint.reason == "depth, resolution hardly vary apart, so their effects cannot be told apart"


def test_all_failed_is_a_sentence() -> None:
    joint = fit_joint(settings().assign(top1=np.nan))
    assert joint.left_out == 72
    assert joint.reason.startswith("0 settings")


def test_figure_2_pays_resolution_in_the_middle_and_costs_what_networks_cost() -> None:
    joint: Any = fit_joint(collapse_seeds(published.load("fig2")))
    costs = {name: joint.costs["macs"].slope(name, joint.error.center)[0] for name in joint.factors}
    assert costs == pytest.approx({"depth": 0.9, "width": 2.0, "resolution": 2.0}, abs=0.02)
    assert joint.error.held_out.off.value < 0.025
    ranking = rank(joint, "macs")
    assert (ranking.best, ranking.verdict) == ("resolution", "holds")
    assert -0.15 < ranking.payoffs[0].per_percent.low < ranking.payoffs[0].per_percent.high < -0.13
