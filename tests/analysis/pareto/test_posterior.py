"""Measured accuracies drawn towards what networks of their cost reach."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.analysis.pareto.posterior import _terms, shrunk
from tests.analysis.simulated import Floats

COSTS = np.exp(np.linspace(0, 4, 20))[:, None]
TREND = 0.7 + 0.02 * np.log(COSTS[:, 0])


def drawn_towards(top1: Floats, sd: float) -> Floats:
    random = np.random.default_rng(0)
    redrawn = top1 + sd * random.standard_normal((4000, len(top1)))
    return shrunk(top1, np.full(len(top1), sd), COSTS, redrawn, random)


def test_without_noise_accuracies_are_what_they_are() -> None:
    top1 = TREND + 0.01 * np.random.default_rng(1).standard_normal(20)
    drawn = drawn_towards(top1, 1e-9)
    assert drawn.mean(axis=0) == pytest.approx(top1, abs=1e-6)
    assert drawn.std(axis=0).max() < 1e-6


def test_where_all_is_noise_they_lie_near_the_trend() -> None:
    top1 = TREND + 0.01 * np.random.default_rng(1).standard_normal(20)
    off = drawn_towards(top1, 0.01).mean(axis=0) - TREND
    assert np.abs(off).std() < 0.5 * np.abs(top1 - TREND).std()


def test_halfway_where_they_differ_as_much_as_their_noise() -> None:
    """For a true scatter as large as the noise: the posterior mean is half of what was measured, its variance half."""
    random = np.random.default_rng(2)
    truth = TREND + 0.01 * random.standard_normal((200, 20))
    measured = truth + 0.01 * random.standard_normal(truth.shape)
    errors = []
    for true, top1 in zip(truth[:40], measured, strict=False):
        drawn = drawn_towards(top1, 0.01)
        errors += [*((drawn.mean(axis=0) - true) / drawn.std(axis=0))]
    assert np.std(errors) == pytest.approx(1.0, abs=0.15)


def test_too_few_to_know_a_trend_are_left_as_they_are() -> None:
    redrawn = np.full((3, 1), 0.7)
    assert shrunk(np.array([0.7]), np.array([0.01]), COSTS[:1], redrawn, np.random.default_rng(0)) is redrawn


@pytest.mark.parametrize("cost", [np.zeros(20), -np.linspace(1, 2, 20), np.full(20, 3.0)])
def test_costs_without_a_log_or_all_alike_are_taken(cost: Floats) -> None:
    random = np.random.default_rng(0)
    top1 = TREND + 0.001 * random.standard_normal(20)
    drawn = shrunk(top1, np.full(20, 0.01), cost[:, None], top1 + 0.01 * random.standard_normal((100, 20)), random)
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize("levels", [1, 2])
def test_where_costs_have_few_levels_no_setting_has_a_term_of_its_own(levels: int) -> None:
    costs = np.repeat(np.geomspace(1e8, 3e8, levels), 10 // levels)[:, None]
    assert _terms(costs).shape[1] == levels
    top1, order = np.linspace(0.70, 0.79, len(costs)), np.arange(len(costs))[::-1]
    drawn = np.broadcast_to(top1, (4000, len(costs)))
    sd = np.full(len(costs), 0.01)
    means = shrunk(top1, sd, costs, drawn, np.random.default_rng(0)).mean(axis=0)
    turned = shrunk(top1[order], sd, costs[order], drawn[:, order], np.random.default_rng(0)).mean(axis=0)
    assert turned[order] == pytest.approx(means, abs=0.001)
