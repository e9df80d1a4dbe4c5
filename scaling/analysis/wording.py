"""Words that several rooms share."""

from __future__ import annotations

HARDLY = "It can hardly decide its question"
"""How a plan begins whose smallest difference is a large one."""


def counted(number: float, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"
