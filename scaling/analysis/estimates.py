"""A number with its interval, and what the interval decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEVEL = 0.9
"""Share of repetitions of a study whose interval holds the truth."""


_MOST_DRAWN = 20_000_000
"""Numbers drawn for one answer."""


def affordable(draws: int, rows: int) -> int:
    """Fewer draws for a large study, whose memory and time they are, but 100 at least."""
    return min(draws, max(100, _MOST_DRAWN // max(rows, 1)))


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 90% interval; NaN where it is not known."""

    value: float
    low: float
    high: float

    def side_of(self, line: float, above: str, below: str) -> str:
        """`above` or `below` where the whole interval lies there, else `undecided`."""
        if self.low > line:
            return above
        return below if self.high < line else "undecided"

    def within(self, low: float = -np.inf, high: float = np.inf) -> str:
        """`holds` where the whole interval lies in [low, high], `fails` where none of it does, else `undecided`."""
        if low <= self.low and self.high <= high:
            return "holds"
        return "fails" if self.high < low or self.low > high else "undecided"

    def scaled(self, factor: float) -> Estimate:
        """In another unit; `factor` is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def estimate(value: float, draws: npt.ArrayLike) -> Estimate:
    """The value found, with the central 90% of what it might as well have been.

    Args:
        value: from the numbers as measured.
        draws: the same from numbers redrawn within their noise; NaN among them are left out.
    """
    drawn = np.asarray(draws, dtype=float)
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size or not np.isfinite(value):
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(value), float(low), float(high))


def log_ratio(logs: Estimate) -> Estimate:
    """From an estimate of a log ratio to the ratio."""
    return Estimate(*(float(np.exp(part)) for part in (logs.value, logs.low, logs.high)))
