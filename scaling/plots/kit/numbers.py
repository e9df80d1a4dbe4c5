"""Numbers as they are written in figures: with a real minus sign."""

from __future__ import annotations

from scaling.analysis.uncertainty import Estimate

_MINUS = "\N{MINUS SIGN}"


def plain(value: float, digits: int = 1) -> str:
    """`0.8` or `−0.1`; what rounds to zero has no sign."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", _MINUS)


def signed(value: float, digits: int = 1) -> str:
    """`+0.8` or `−0.1`; what rounds to zero has no sign."""
    text = plain(value, digits)
    return text if text.startswith(_MINUS) or float(text) == 0 else f"+{text}"


def interval(estimate: Estimate, digits: int = 1) -> str:
    """`−0.7 to 0.8`."""
    return f"{plain(estimate.low, digits)} to {plain(estimate.high, digits)}"
