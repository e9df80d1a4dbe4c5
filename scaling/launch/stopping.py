"""Ctrl-C and SIGTERM ask for an orderly end; one more Ctrl-C ends at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Literal

Reason = Literal["interrupted", "preempted"]

REASONS: dict[int, Reason] = {signal.SIGINT: "interrupted", signal.SIGTERM: "preempted"}
"""What each signal means: somebody at the keyboard, or a scheduler that takes the machine away."""


class Stop:
    """Whether a run was asked to end, and why."""

    def __init__(self) -> None:
        self.reason: Reason | None = None

    def ask(self, number: int, _: FrameType | None = None) -> None:
        """Takes a signal.

        Raises:
            KeyboardInterrupt: for a Ctrl-C after any other; schedulers repeat SIGTERM, people mean it.
        """
        if self.reason is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.reason = self.reason or REASONS[number]


@contextlib.contextmanager
def listening() -> Iterator[Stop]:
    """Takes SIGINT and SIGTERM as requests to stop, for as long as the block runs."""
    stop = Stop()
    before = {number: signal.signal(number, stop.ask) for number in REASONS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
