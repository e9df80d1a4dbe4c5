"""A ratio along accuracy: bands of it with verdicts, and where it crosses one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from scaling.analysis.estimates import estimate, log_ratio
from scaling.analysis.noise import Floats

Speed: TypeAlias = Literal["faster", "slower", "undecided"]

_STEPS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_MOST_BANDS = 8


@dataclass(frozen=True)
class Band:
    """A band of accuracies, as fractions.

    Attributes:
        accuracy: its middle.
        accuracy_low, accuracy_high: its ends.
        speedup: cost of the other over cost of the one, at equal accuracy; geometric mean over the band.
        low, high: 90% interval of `speedup`.
        verdict: `faster` or `slower` where the interval leaves out 1, else `undecided`. Of a cost that is no time,
            `faster` means less of it.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    speedup: float
    low: float
    high: float
    verdict: Speed


@dataclass(frozen=True)
class Crossover:
    """Where the speed-up crosses 1.

    Attributes:
        accuracy: of the crossing (fraction).
        low, high: the accuracies around it at which neither is sure to cost less: its 90% interval, cut off at
            the ends of the range tested.
        above: the verdict on the side of higher accuracies, were it decided.
        decided: whether one is surely faster on one side and the other on the other side; if not, the curves may
            as well touch as cross.
    """

    accuracy: float
    low: float
    high: float
    above: Speed
    decided: bool


def band_edges(low: float, high: float) -> list[float]:
    """Round accuracies that part [low, high] into eight bands at most; slivers at the ends join their neighbours."""
    step = next((step for step in _STEPS if (high - low) / step <= _MOST_BANDS), 0.5)
    inner = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return [low, *(float(edge) for edge in inner if low + step / 3 < edge < high - step / 3), high]


def summary(at: Floats, logs: Floats, drawn: Floats) -> Band:
    """The band from `at[0]` to `at[-1]`.

    Args:
        at: `(accuracies,)`, ascending.
        logs: `(accuracies,)`, logarithms of the speed-up.
        drawn: `(draws, accuracies)`, the same redrawn.
    """
    found = log_ratio(estimate(float(logs.mean()), drawn.mean(axis=1)))
    verdict = cast(Speed, found.side_of(1.0, "faster", "slower"))
    first, last = float(at[0]), float(at[-1])
    return Band((first + last) / 2, first, last, found.value, found.low, found.high, verdict)


def crossings(line: pd.DataFrame) -> Iterator[Crossover]:
    """The crossovers along a speed-up.

    Where the pointwise interval holds 1, nobody is ahead for sure; each such stretch whose two ends are on
    different sides of 1 is one crossover, and the stretch its interval: at the true crossing, the interval holds 1
    as often as it holds any truth. Several crossings within one stretch cannot be told apart.

    Args:
        line: columns `accuracy`, ascending, `speedup`, `low`, `high`.
    """
    at, value, low, high = (line[name].to_numpy() for name in ("accuracy", "speedup", "low", "high"))
    above = value > 1
    turns = np.flatnonzero(above[1:] != above[:-1])
    sure = (low > 1) | (high < 1)
    stretch = np.cumsum(sure)
    for one in np.unique(stretch[turns]):
        inside = turns[stretch[turns] == one]
        if len(inside) % 2 == 0:
            continue
        first, last = inside[0], inside[-1] + 1
        before = int(np.flatnonzero(sure[: first + 1])[-1]) if sure[: first + 1].any() else None
        after = int(last + np.flatnonzero(sure[last:])[0]) if sure[last:].any() else None
        yield Crossover(
            accuracy=float(np.mean([_where(at, value, i) for i in inside])),
            low=float(at[0]) if before is None else _edge(at, low, high, before, before + 1),
            high=float(at[-1]) if after is None else _edge(at, low, high, after, after - 1),
            above="faster" if above[last] else "slower",
            decided=before is not None and after is not None,
        )


def _where(at: Floats, value: Floats, i: int) -> float:
    """The accuracy between `at[i]` and `at[i + 1]` at which the value is 1."""
    a, b = np.log(value[i]), np.log(value[i + 1])
    return float(at[i] + (at[i + 1] - at[i]) * a / (a - b))


def _edge(at: Floats, low: Floats, high: Floats, sure: int, unsure: int) -> float:
    """The accuracy between a sure place and its unsure neighbour at which the interval begins to hold 1."""
    end = low if low[sure] > 1 else high
    a, b = np.log(end[sure]), np.log(end[unsure])
    return float(at[sure] + (at[unsure] - at[sure]) * a / (a - b)) if a != b else float(at[sure])
