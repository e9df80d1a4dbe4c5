"""What a test of a claim gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from scaling.analysis.uncertainty import LEVEL, Estimate

Verdict: TypeAlias = Literal["holds", "fails", "undecided", "not addressed"]


class NotAddressedError(Exception):
    """The results cannot speak to the claim; the message says what they lack."""


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        verdict: whether the claim holds.
        found: the number with its interval, in words.
        estimate: the number itself; None where there is none.
        line: what the estimate's interval has to leave on one side for a verdict; None where there is no such number.
        instead: at what the results test the claim where that is not what it names: `at 2 epochs, not 10`.
        level: at which confidence the verdict is, by itself; None where nothing of it is by chance.
    """

    verdict: Verdict
    found: str
    estimate: Estimate | None = None
    line: float | None = None
    instead: str = ""
    level: float | None = LEVEL


def nearest(estimate: Estimate, low: float, high: float = np.inf) -> float:
    """The limit that decides."""
    return min((limit for limit in (low, high) if np.isfinite(limit)), key=lambda limit: abs(estimate.value - limit))
