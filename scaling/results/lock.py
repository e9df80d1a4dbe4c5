"""Who writes to a results folder now, and how far that run is.

The lock is what counts. The file beside it is for people and for `scaling status`; it can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from scaling.errors import UserError

LOCK, FILE = "driver.lock", "driver.json"
LARGEST_PID = 2**31 - 1
STALE_SECONDS = 600.0
"""After which a driver on another machine that has not been heard of is taken for gone."""


class DriverError(UserError):
    """A results folder that another run is writing to."""


@dataclass(frozen=True)
class Running:
    """A job under way: its id, epochs done of all (None for a timing), and seconds since it was given out."""

    id: str
    seconds: Annotated[float, Field(allow_inf_nan=False)]
    epochs_done: float | None = None
    epochs: int | None = None


@dataclass(frozen=True)
class Driver:
    """A run that writes to a results folder.

    Attributes:
        host, pid: where it is.
        updated: when this was written, in seconds since 1970.
        running: its jobs under way.
        waiting: number of jobs not yet begun.
        seconds_left: of the whole run, None while that is not known.
    """

    host: str
    pid: Annotated[int, Field(ge=1, le=LARGEST_PID)]
    updated: Annotated[float, Field(allow_inf_nan=False)]
    running: tuple[Running, ...] = ()
    waiting: int = 0
    seconds_left: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    @classmethod
    def here(cls) -> Driver:
        """This process."""
        return cls(socket.gethostname(), os.getpid(), time.time())

    def is_alive(self) -> bool:
        """Whether it still runs, as far as can be known from here."""
        if self.host != socket.gethostname():
            return abs(time.time() - self.updated) < STALE_SECONDS  # clocks may differ a little, not by days
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


@contextlib.contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Holds a folder as its one driver.

    Raises:
        DriverError: if another driver does, named by host and process id.
    """
    import filelock  # whoever only asks who drives need not wait for it

    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        holder = read(folder)
        named = f"process {holder.pid} on {holder.host}" if holder else "it did not leave its name"
        raise DriverError(f"{folder}: another run is writing here: {named}") from None
    try:
        write(folder, Driver.here())
        yield
    finally:
        (folder / FILE).unlink(missing_ok=True)
        lock.release()


def tell(folder: Path, running: Sequence[Running], waiting: int, seconds_left: float | None) -> None:
    """Says how far this run is; a disk that has no room for it says so elsewhere, at the next record."""
    now = replace(Driver.here(), running=tuple(running), waiting=waiting, seconds_left=seconds_left)
    with contextlib.suppress(OSError):
        write(folder, now)


def write(folder: Path, driver: Driver) -> None:
    """Writes the file whole."""
    draft = folder / f"{FILE}.part"
    draft.write_text(json.dumps(asdict(driver)))
    draft.replace(folder / FILE)


def read(folder: Path) -> Driver | None:
    """The driver that the file names, alive or not; None where there is no file that can be read."""
    try:
        return TypeAdapter(Driver).validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
