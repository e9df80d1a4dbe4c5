"""Ctrl-C and SIGTERM ask for an orderly end; one more Ctrl-C ends the run at once."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Stop:
    """Whether a run was asked to end."""

    def __init__(self) -> None:
        self.requested = False

    def ask(self, number: int, _: FrameType | None = None) -> None:
        """Takes a signal.

        Raises:
            KeyboardInterrupt: for a Ctrl-C after any other signal. A scheduler may repeat SIGTERM and still expect an
                orderly end; a person who presses Ctrl-C twice does not.
        """
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True


@contextlib.contextmanager
def listening() -> Iterator[Stop]:
    """Takes SIGINT and SIGTERM as requests to stop, for as long as the block runs."""
    stop = Stop()
    before = {number: signal.signal(number, stop.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
