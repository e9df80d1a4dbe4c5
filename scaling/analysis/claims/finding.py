"""What a test of a claim gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from scaling.analysis.uncertainty import Estimate

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
    """

    verdict: Verdict
    found: str
    estimate: Estimate | None = None
