"""Where jobs run: on this machine (`local`), or on a cluster (`ray`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from scaling.errors import UserError
from scaling.runner.jobs import Event, Job


class EngineError(UserError):
    """Workers that cannot be started."""


class Engine(Protocol):
    """Workers that say when they are ready, take one job at a time, and report what becomes of it.

    Attributes:
        workers: how many; they are numbered from 0.
    """

    workers: int

    def submit(self, number: int, job: Job) -> None:
        """Gives an idle worker its next job."""

    def events(self, timeout: float) -> Iterator[Event]:
        """What has happened since the last call; waits up to `timeout` seconds for something to."""

    def interrupt(self) -> None:
        """Asks every training to write a checkpoint at its next step and to end."""

    def kill(self, number: int) -> None:
        """Ends a busy worker that does not answer; `Died` follows."""

    def restart(self, number: int) -> None:
        """Starts a worker again that has died; `Ready` or `Died` follows."""
