"""A ratio along accuracy: bands of it with verdicts, and where it crosses one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.analysis.uncertainty import LEVEL, Estimate, Floats, estimate, log_ratio

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
        low, high: interval of `speedup`; all those of a comparison hold at once in 90% of studies.
        verdict: `faster` or `slower` where the interval leaves out 1, else `undecided`. Of a cost that is no time,
            `faster` means less of it.
        flips_at: the standard deviation between seeds (fraction), if it were known, at which the verdict would change,
            where it is assumed or was measured on few; None where it is known, or the verdict would not change.
    """

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    speedup: float
    low: float
    high: float
    verdict: Speed
    flips_at: float | None

    @classmethod
    def over(cls, at: Floats, logs: Estimate, flips_at: float | None) -> Band:
        """The band from `at[0]` to `at[-1]`, with the logarithm of its speed-up."""
        first, last, ratio = float(at[0]), float(at[-1]), log_ratio(logs)
        verdict = cast(Speed, ratio.side_of(1.0, "faster", "slower"))
        return cls((first + last) / 2, first, last, ratio.value, ratio.low, ratio.high, verdict, flips_at)


@dataclass(frozen=True)
class Crossover:
    """Where the speed-up crosses 1.

    Attributes:
        accuracy: of the crossing (fraction).
        low, high: its 90% interval by itself, within the range tested.
        above: the verdict on the side of higher accuracies, were it decided.
        decided: whether one is surely faster in a band on one side and the other in a band on the other side, by the
            verdicts of bands, which hold jointly; if not, the curves may as well touch as cross.
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


class _Place(NamedTuple):
    """Of a crossing: its accuracy with the ends of its interval, and whether the one is faster above it."""

    accuracy: float
    ends: tuple[float, float]
    up: bool


def crossings(line: pd.DataFrame, drawn: Floats, bands: Sequence[Band]) -> list[Crossover]:
    """The crossovers along a speed-up.

    Where the interval holds 1, nobody is ahead for sure; each such stretch whose two ends are on different sides of 1
    is one crossover. Several crossings within one stretch cannot be told apart and count as their mean.

    Args:
        line: `accuracy`, ascending, `speedup`, `low` and `high`, which hold at all accuracies at once.
        drawn: `(draws, accuracies)`, logarithms of the speed-up, redrawn.
        bands: of the same accuracies, whose verdicts decide.
    """
    places = list(_places(line, drawn))
    edges = [-np.inf, *(place.accuracy for place in places), np.inf]
    return [
        Crossover(
            place.accuracy,
            *place.ends,
            above="faster" if place.up else "slower",
            decided=_surely(bands, before, place.accuracy, "slower" if place.up else "faster")
            and _surely(bands, place.accuracy, after, "faster" if place.up else "slower"),
        )
        for place, before, after in zip(places, edges, edges[2:], strict=False)
    ]


def _surely(bands: Sequence[Band], low: float, high: float, verdict: Speed) -> bool:
    """Whether a band has this verdict whose middle lies between two accuracies."""
    return any(band.verdict == verdict and low < band.accuracy < high for band in bands)


def _places(line: pd.DataFrame, drawn: Floats) -> Iterator[_Place]:
    at = line["accuracy"].to_numpy(float)
    logs, low, high = np.log(line[["speedup", "low", "high"]].to_numpy(float)).T
    sure = (low > 0) | (high < 0)
    stretches = np.cumsum(sure)
    turns = _turns(logs)
    for stretch in np.unique(stretches[turns]):
        inside = turns[stretches[turns] == stretch]
        if len(inside) % 2 == 0:
            continue
        first, last = int(inside[0]), int(inside[-1]) + 1
        place = float(np.mean([_crossing(at, logs, turn) for turn in inside]))
        up = bool(logs[last] > 0)
        ends = _interval(place, [_nearest(place, up, at, of) for of in drawn]) or _around(at, sure, first, last)
        yield _Place(place, ends, up)


def _turns(logs: Floats) -> npt.NDArray[np.intp]:
    """The places after which the sign is another."""
    above = logs > 0
    return np.flatnonzero(above[1:] != above[:-1])


def _crossing(at: Floats, logs: Floats, turn: int) -> float:
    """The accuracy between `at[turn]` and `at[turn + 1]` at which the logarithm is 0."""
    a, b = logs[turn], logs[turn + 1]
    return float(at[turn] + (at[turn + 1] - at[turn]) * a / (a - b))


def _nearest(place: float, up: bool, at: Floats, logs: Floats) -> float:
    """The crossing in the same direction that lies nearest; NaN if there is none."""
    alike = [_crossing(at, logs, turn) for turn in _turns(logs) if (logs[turn + 1] > 0) == up]
    return min(alike, key=lambda accuracy: abs(accuracy - place), default=np.nan)


def _interval(place: float, drawn: list[float]) -> tuple[float, float] | None:
    """None where too many draws do not cross at all to have one."""
    if np.isfinite(drawn).mean() < LEVEL:
        return None
    accuracy = estimate(place, drawn)
    return accuracy.low, accuracy.high


def _around(at: Floats, sure: npt.NDArray[np.bool_], first: int, last: int) -> tuple[float, float]:
    """The ends of the stretch, or of the range tested where it goes on so far."""
    before, after = np.flatnonzero(sure[: first + 1]), np.flatnonzero(sure[last:])
    return float(at[before[-1]] if before.size else at[0]), float(at[last + after[0]] if after.size else at[-1])
