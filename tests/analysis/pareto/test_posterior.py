"""What true accuracies may be, whatever order the settings stand in."""

from __future__ import annotations

import numpy as np
import pytest

from scaling.analysis.pareto.posterior import _terms, shrunk


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
