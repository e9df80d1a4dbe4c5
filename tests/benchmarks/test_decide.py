"""Replays of choices: every policy and every way to predict runs on a tiny grid, and a row of the table is made."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks import decide, replays
from benchmarks.replays import Grid, Policy, Predictor
from tests.analysis.decide.surfaces import surface

TINY = {"depths": (14.0, 50.0), "widths": (0.5, 1.0), "resolutions": (64, 128), "epochs": (10, 30)}
SHARES = (0.2, 0.6)


@pytest.fixture(scope="module")
def grid() -> Grid:
    made = surface(1, **TINY)  # type: ignore[arg-type]
    return Grid.of(made.frame, made.truth.to_numpy(float))


@pytest.mark.parametrize(
    ("policy", "predictor"),
    [
        (replays.ours, replays.by_surface),
        (replays.cheapest_first, replays.by_quadratic),
        (replays.at_random, replays.as_measured),
        (replays.halving, replays.as_measured),
    ],
    ids=["ours", "cheapest first", "at random", "halving"],
)
def test_a_replay_has_a_regret_of_each_budget_at_each_share(grid: Grid, policy: Policy, predictor: Predictor) -> None:
    told = dict(replays.replay(grid, policy, predictor, SHARES))
    assert [*told] == [*SHARES]
    for regrets in told.values():
        assert regrets.shape == (replays.BUDGETS,)
        assert np.isfinite(regrets).all()
        assert (regrets >= 0).all()
    assert dict(replays.replay(grid, policy, predictor, SHARES))[0.6] == pytest.approx(told[0.6])


@pytest.mark.skipif(find_spec("optuna") is None, reason="Optuna is not here")
def test_optuna_suggests_what_is_not_known(grid: Grid) -> None:
    known = np.zeros(len(grid.frame), dtype=bool)
    (row,) = replays.optuna_with("tpe")(grid, known, np.random.default_rng(0))
    assert 0 <= row < len(known)


def test_whoever_knows_all_and_predicts_the_truth_loses_nothing(grid: Grid) -> None:
    assert grid.regrets(grid.truth) == pytest.approx(np.zeros(replays.BUDGETS))
    assert grid.regrets(-grid.truth).max() > 0


def test_a_row_of_the_table_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "SURFACES", 1)
    monkeypatch.setattr(decide, "SMALL", TINY)
    (row,) = decide._sets().measured()
    assert row.name == "decide: 3 surfaces, half hidden, whose true best is in the stated 90% set"
    assert row.ours is not None
    assert 0 <= row.ours <= 100
    line = decide.table([row]).splitlines()[-1]
    assert line.startswith("| 3 surfaces, half hidden, whose true best is in the stated 90% set | ")
    assert decide._grids()["Figure 2"].frame.shape[0] == 119
