from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.pareto import front
from scaling.metrics import METRICS


def brute_force(frame: pd.DataFrame, metrics: tuple[str, ...]) -> list[bool]:
    """The definition, pair by pair."""
    signs = [-1 if METRICS[name].maximize else 1 for name in metrics]
    rows = [[sign * value for sign, value in zip(signs, row, strict=True)] for row in frame[list(metrics)].to_numpy()]
    known = [not any(np.isnan(row)) for row in rows]

    def dominates(a: list[float], b: list[float]) -> bool:
        pairs = list(zip(a, b, strict=True))
        return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

    return [
        known[i] and not any(known[j] and dominates(rows[j], rows[i]) for j in range(len(rows)))
        for i in range(len(rows))
    ]


@pytest.mark.parametrize(
    "metrics", [("macs", "top1"), ("top1", "macs"), ("top1", "test_top1"), ("macs", "params", "top1")]
)
@pytest.mark.parametrize("seed", range(20))
def test_equals_the_definition_with_ties_and_nan(metrics: tuple[str, ...], seed: int) -> None:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: random.integers(0, 8, 40).astype(float) for name in metrics})
    frame = frame.mask(random.random(frame.shape) < 0.1)
    assert front(frame, *metrics).tolist() == brute_force(frame, metrics)


def test_equal_rows_stand_together() -> None:
    frame = pd.DataFrame({"macs": [1.0, 1.0, 2.0], "top1": [0.5, 0.5, 0.5]})
    assert front(frame, "macs", "top1").tolist() == [True, True, False]


def test_keeps_the_index_and_takes_missing_values_of_any_kind() -> None:
    frame = pd.DataFrame({"macs": [1, 2], "top1": [None, 0.5]}, index=[7, 3])
    mask = front(frame, "macs", "top1")
    assert mask.to_dict() == {7: False, 3: True}


def test_of_nothing_is_nothing() -> None:
    assert front(pd.DataFrame({"macs": [], "top1": []}), "macs", "top1").empty


@pytest.mark.parametrize(
    ("metrics", "message"), [(("macs",), "two metrics"), (("macs", "top5"), "'top5'; there are: top1")]
)
def test_refuses_what_is_no_pair_of_metrics(metrics: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        front(pd.DataFrame({"macs": [1.0]}), *metrics)
