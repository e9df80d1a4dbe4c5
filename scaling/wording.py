"""How numbers are written wherever people read them, and words that several rooms share."""

from __future__ import annotations

HARDLY = "It can hardly decide its question"
"""How a plan begins whose smallest difference is a large one."""


def engineering(value: float) -> str:
    """Three digits and a unit: 684586 as `685k`; what no unit suits as a power of ten."""
    if value >= 1e24:
        return f"{value:.3g}"
    for limit, unit in ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:g}"


def measured(value: float) -> str:
    """Three digits, and whole numbers beyond them: `0.0781`, `12.8`, `8,042`, `12,812`."""
    return f"{value:.3g}" if value < 99.95 else f"{value:,.0f}"


def quantity(value: float) -> str:
    """A cost in a sentence or a table, without powers of ten: `0.0781`, `36.1`, `8,042`, `490k`."""
    return engineering(value) if value >= 1e4 else measured(value)


def digits(low: float, high: float) -> int:
    """After the point, of an interval in points: 1, or 2 where one that leaves out 0 would have an end of 0.0."""
    return 2 if low * high > 0 and min(abs(low), abs(high)) < 0.05 else 1


def ratio(value: float) -> str:
    """`1.46`; beyond a hundredfold only that it is, since no more is known there."""
    return "over 100" if value >= 100 else "under 0.01" if value < 0.01 else f"{value:.2f}"


def counted(number: float, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
