"""Where a worker's output goes: its own log, and the log of each job while that runs."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO


def redirect(log: Path) -> None:
    """Appends this process' output, native code's too, to a file of an existing folder.

    Raises:
        OSError: if the file cannot be written; a folder that has vanished is not made again.
    """
    with log.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            _flush(stream)
            os.dup2(file.fileno(), stream.fileno())


@contextlib.contextmanager
def redirected(log: Path, on_error: Callable[[OSError], object]) -> Iterator[None]:
    """Sends output to a file for as long as the block runs, then to where it went before.

    Args:
        log: the file.
        on_error: called if it cannot be written; output then goes where it went before.
    """
    streams = (sys.stdout, sys.stderr)
    before = [os.dup(stream.fileno()) for stream in streams]
    try:
        redirect(log)
    except OSError as error:
        on_error(error)
    try:
        yield
    finally:
        for stream, descriptor in zip(streams, before, strict=True):
            _flush(stream)
            os.dup2(descriptor, stream.fileno())
            os.close(descriptor)


def log_to_stderr() -> None:
    """Sends what this package logs, and not all of what its libraries do, to standard error, wherever that goes."""
    package = logging.getLogger("scaling")
    package.setLevel(logging.INFO)
    package.addHandler(logging.StreamHandler())


def _flush(stream: TextIO) -> None:
    """Flushes a stream; what a full disk has no room for goes where the stream goes next."""
    with contextlib.suppress(OSError):
        stream.flush()
