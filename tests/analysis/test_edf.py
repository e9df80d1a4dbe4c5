from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.edf import Distribution, distributions
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


def test_refuses_an_unknown_column() -> None:
    with pytest.raises(UserError, match="did you mean 'study'"):
        distributions(collapse_seeds(pd.DataFrame()), by="studdy")
