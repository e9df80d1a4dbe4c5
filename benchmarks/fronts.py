"""The Pareto front of a million points, against libraries that do nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.processes import lacks
from benchmarks.rows import Measurement, Row, compared, lacking
from scaling.analysis.pareto.front import front

METRICS = ("params", "macs", "activations")
POINTS, REPEATS = 1_000_000, 5

Marks = Callable[[Any], Any]


def measurements() -> list[Measurement]:
    """Against each peer in two and in three metrics."""
    return [_measurement(count, name) for count in (2, 3) for name in PEERS]


def _measurement(count: int, name: str) -> Measurement:
    row = Row(f"front of 1e6 points in {count} metrics: against {name}", "ms", "<= 1.2")
    why = lacks(name)
    return lacking([row], why) if why else Measurement((row,), partial(_measured, count, name))


@cache
def _points(count: int) -> Any:
    return np.random.default_rng(0).random((POINTS, count))


def _measured(count: int, name: str, row: Row) -> Iterator[Row]:
    points, peer = _points(count), PEERS[name]
    frame = pd.DataFrame(points, columns=list(METRICS[:count]))
    ours, theirs = [], []
    peer(points)  # may be compiled at its first call
    for _ in range(REPEATS):
        mine, took = _timed(lambda _: front(frame, *frame.columns).to_numpy(), points)
        other, took_there = _timed(peer, points)
        if not np.array_equal(mine, other):
            raise ValueError(f"{name} finds another front")
        ours.append(1e3 * took)
        theirs.append(1e3 * took_there)
    yield compared(row, ours, theirs)


def _timed(find: Marks, points: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    marks = np.asarray(find(points))
    return marks, time.perf_counter() - began


def _moocore(points: Any) -> Any:
    import moocore

    return moocore.is_nondominated(points)


def _paretoset(points: Any) -> Any:
    from paretoset import paretoset

    return paretoset(points, use_numba=True)


def _optuna(points: Any) -> Any:
    from optuna.study._multi_objective import _is_pareto_front

    return _is_pareto_front(points, assume_unique_lexsorted=False)


PEERS: dict[str, Marks] = {"moocore": _moocore, "paretoset": _paretoset, "optuna": _optuna}
