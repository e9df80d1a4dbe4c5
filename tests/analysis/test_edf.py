from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scaling.analysis.edf import Difference, Distribution, difference, distributions
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError
from tests.analysis.simulated import row


def of(accuracies: list[float | None]) -> Distribution:
    rows = [
        row("a", i, 1.0, 0.0 if top1 is None else top1) | {"status": "failed" if top1 is None else "ok"}
        for i, top1 in enumerate(accuracies)
    ]
    (found,) = distributions(collapse_seeds(pd.DataFrame(rows)))
    return found


def test_equals_the_definition() -> None:
    top1 = np.random.default_rng(0).integers(50, 90, 40) / 100
    found = of(top1.tolist())
    for error in (0.05, 0.1, 0.305, 0.5, 0.9):
        assert found.at(error) == pytest.approx(np.mean(1 - top1 <= error + 1e-12), abs=0.03)
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()


def test_failures_count_as_worse_than_all() -> None:
    found = of([0.9, 0.8, None, None])
    assert found.failed == 2
    assert found.share.tolist() == [0.25, 0.5]
    assert found.at(1.0) == 0.5
    assert found.quantile(0.75) == np.inf
    assert "2 of them failed" in found.sentence


def test_all_failed_and_nothing_at_all() -> None:
    found = of([None, None])
    assert (len(found.error), found.failed) == (0, 2)
    assert "not half of them were trained" in found.sentence
    assert distributions(collapse_seeds(pd.DataFrame())) == ()


def differ(first: list[float | None], second: list[float | None], same: bool) -> Difference:
    """Of two numbers of epochs, on the same networks or on others."""
    rows = [
        row("a", i if same else i + 100 * epochs, 1.0, 0.0 if top1 is None else top1)
        | {"status": "failed" if top1 is None else "ok", "epochs": epochs}
        for epochs, group in ((1, first), (2, second))
        for i, top1 in enumerate(group)
    ]
    settings = collapse_seeds(pd.DataFrame(rows))
    return difference(settings, "epochs", settings["epochs"].astype(str))


LOW, HIGH = [0.5, 0.52, 0.55, 0.56, 0.6], [0.7, 0.73, 0.76, 0.77, 0.8]


def test_five_networks_that_all_gain_differ_as_pairs_do_in_wilcoxons_table() -> None:
    found = differ(LOW, HIGH, same=True)
    assert (found.better, found.worse, found.networks) == ("2.0", "1.0", 5)
    assert found.p_value == found.least == pytest.approx(2 / 2**5)
    assert found.decided


def test_four_networks_decide_nothing_whatever_comes() -> None:
    found = differ(LOW[:4], HIGH[:4], same=True)
    assert not found.can_decide
    assert not found.decided


def test_other_networks_are_two_samples() -> None:
    found = differ(LOW, HIGH, same=False)
    assert found.networks == 0
    assert found.p_value == found.least == pytest.approx(2 / 252)


def test_exact_p_is_scipys_without_ties() -> None:
    away = np.random.default_rng(1).normal(0.02, 0.05, 12)
    found = differ([0.5] * 12, (0.5 + away).tolist(), same=True)
    assert found.p_value == pytest.approx(stats.wilcoxon(away, method="exact").pvalue)


def test_a_network_that_failed_lost_most() -> None:
    found = differ([*HIGH, None, None], [*LOW, 0.5, 0.5], same=True)
    assert found.p_value > 0.5


def test_refuses_an_unknown_column() -> None:
    with pytest.raises(UserError, match="did you mean 'study'"):
        distributions(collapse_seeds(pd.DataFrame()), by="studdy")
