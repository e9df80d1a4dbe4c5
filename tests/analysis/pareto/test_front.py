from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling.analysis.pareto.dominance import nondominated
from scaling.analysis.pareto.front import front, front_chance
from scaling.analysis.uncertainty import with_noise
from scaling.results.columns import METRICS


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


ACCURACY_AND_COSTS = ("top1", "macs", "params", "training_ms")


@settings(deadline=None, max_examples=150)
@given(
    metrics=st.integers(2, 4).map(lambda count: ACCURACY_AND_COSTS[:count]),
    values=st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.0, np.inf, np.nan])] * 4), max_size=40),
)
def test_equals_the_definition_with_ties_and_nan(metrics: tuple[str, ...], values: list[tuple[float, ...]]) -> None:
    frame = pd.DataFrame(values, columns=list(ACCURACY_AND_COSTS), dtype=float)
    assert front(frame, *metrics).tolist() == brute_force(frame, metrics)


@pytest.mark.parametrize("metrics", [2, 3, 4])
@pytest.mark.parametrize("shape", ["cloud", "all on the front", "steep", "few values", "one value"])
def test_many_rows_equal_the_definition(metrics: int, shape: str) -> None:
    costs = np.abs(np.random.default_rng(metrics).standard_normal((2000, metrics)))
    if shape == "all on the front":
        costs = -costs / np.linalg.norm(costs, axis=1)[:, None]
    if shape == "steep":
        costs[:, -1] = np.round(-costs[:, :-1].sum(axis=1) + 0.1 * costs[:, -1], 2)
    if shape == "few values":
        costs = np.array([-np.inf, 0.0, 1.0, 2.0, np.inf])[(2 * costs).astype(int).clip(0, 4)]
    if shape == "one value":
        costs[:] = 1.0
    beaten = [bool(((costs <= row).all(axis=1) & (costs < row).any(axis=1)).any()) for row in costs]
    assert (nondominated(costs) == ~np.array(beaten)).all()
    if shape in ("all on the front", "one value"):
        assert not any(beaten)


def test_many_rows_of_a_frame_go_by_direction_and_without_what_is_missing() -> None:
    values = np.random.default_rng(0).standard_normal((600, 3)).round(1)
    values[::7, 1] = np.nan
    frame = pd.DataFrame(values, columns=["top1", "macs", "params"])
    for metrics in (("macs", "params"), ("top1", "macs"), ("params", "top1", "macs")):
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
    ("metrics", "message"), [(("macs",), "two metrics"), (("macs", "top6"), "'top6'; there are: .*top1")]
)
def test_refuses_what_is_no_pair_of_metrics(metrics: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        front(pd.DataFrame({"macs": [1.0]}), *metrics)


def noisy(top1: list[float], macs: list[float], n: float = 1000, seed_noise: float | None = None) -> pd.DataFrame:
    columns = {"top1": top1, "macs": macs, "top1_n": n, "seeds": 1, "top1_std": np.nan}
    place = {"study": "made up", "folder": "made up", "dataset": "made up"}
    return with_noise(pd.DataFrame({**columns, **place}, index=range(7, 7 + len(top1))), seed_noise)


def test_the_chance_of_two_equals_is_a_half_each() -> None:
    chance = front_chance(noisy([0.7, 0.7, np.nan, 0.2], [1.0, 1.0, 1.0, 2.0]), "macs", "top1", draws=4000)
    assert chance.index.tolist() == [7, 8, 9, 10]
    assert chance.tolist() == pytest.approx([0.5, 0.5, 0, 0], abs=0.03)


def test_the_chance_is_that_of_the_difference() -> None:
    """One standard error of the difference ahead: a normal variable above -1."""
    step = np.sqrt(0.7 * 0.3 / 1000 + 0.72 * 0.28 / 1000)
    ahead = noisy([0.7, 0.7 + step], [1.0, 1.0], seed_noise=0.0)
    assert front_chance(ahead, "macs", "top1", draws=8000).iloc[1] == pytest.approx(0.841, abs=0.015)


def test_without_noise_the_chance_is_the_front() -> None:
    sure = noisy([0.5, 0.6, 0.4], [1.0, 2.0, 3.0], n=np.inf)
    assert front_chance(sure, "macs", "top1", draws=3).tolist() == [1.0, 1.0, 0.0]
