"""Numbers as they are written in figures: with a real minus sign."""

from __future__ import annotations

from scaling.analysis.uncertainty import Estimate
from scaling.wording import digits

_MINUS = "\N{MINUS SIGN}"


def plain(value: float, after: int = 1) -> str:
    """`0.8` or `−0.1`; what rounds to zero has no sign."""
    text = f"{value:.{after}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", _MINUS)


def signed(value: float, after: int = 1) -> str:
    """`+0.8` or `−0.1`; what rounds to zero has no sign."""
    text = plain(value, after)
    return text if text.startswith(_MINUS) or float(text) == 0 else f"+{text}"


def lead(points: Estimate) -> str:
    """`+0.1 (−0.7 to 0.8)`."""
    after = digits(points.low, points.high)
    return f"{signed(points.value, after)} ({interval(points, after)})"


def interval(estimate: Estimate, after: int = 1) -> str:
    """`−0.7 to 0.8`."""
    return f"{plain(estimate.low, after)} to {plain(estimate.high, after)}"
