"""Which failures are retried, and how often."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from scaling.schema import RESUMED, TRANSIENT, FailureKind


@dataclass(frozen=True)
class RetryPolicy:
    """Which failures are retried, and how often.

    Attributes:
        retries: how often a job is retried in one run after a transient failure; every run counts from zero.
        progress_timeout: seconds without progress after which a worker is killed; its job is recorded as `timeout`.
        recorded: further kinds of recorded failures that this run retries; `"any"` means all of them, `"disturbed"`
            timings that other work on the machine has disturbed.
    """

    retries: int = 2
    progress_timeout: float = 1800.0
    recorded: Collection[str] = ()

    def allows(self, kind: FailureKind, retries: int) -> bool:
        """Whether a job that failed so in this run, after this many retries, is retried in it."""
        return kind in TRANSIENT and retries < self.retries

    def settles(self, outcome: FailureKind | Literal["disturbed"] | None) -> bool:
        """Whether a job with this recorded outcome is left alone; None is a success."""
        if outcome is None or outcome == "disturbed":
            return outcome is None or outcome not in self.recorded
        return not (outcome in RESUMED or outcome in self.recorded or "any" in self.recorded)
