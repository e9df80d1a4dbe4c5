"""Words that several rooms share."""

from __future__ import annotations

HARDLY = "It can hardly decide its question"
"""How a plan begins whose smallest difference is a large one."""


def ratio(value: float) -> str:
    """`1.46`; beyond a hundredfold only that it is, since no more is known there."""
    return "over 100" if value >= 100 else "under 0.01" if value < 0.01 else f"{value:.2f}"


def counted(number: float, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
