"""Telling whoever asks from outside (`scaling status`) how far a run is."""

from __future__ import annotations

import time
from pathlib import Path

from scaling import driver
from scaling.driver import Running
from scaling.launch.progress.tracker import Tracker
from scaling.launch.scheduler import View
from scaling.runner.jobs import Job, Position, Record, TrainJob

SECONDS_BETWEEN = 2.0


class Broadcast:
    """A view that passes everything on to another, and writes the tracker's counts beside the records."""

    def __init__(self, view: View, tracker: Tracker, folder: Path) -> None:
        self._view, self._tracker, self._folder = view, tracker, folder
        self._told = 0.0

    def started(self, worker: int, job: Job) -> None:
        self._view.started(worker, job)
        self._tell(now=True)

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._view.moved(worker, job, position)
        self._tell()

    def noted(self, note: str) -> None:
        self._view.noted(note)

    def finished(self, worker: int, job: Job, record: Record, again: bool) -> None:
        self._view.finished(worker, job, record, again)
        self._tell(now=True)

    def _tell(self, now: bool = False) -> None:
        if now or time.monotonic() - self._told >= SECONDS_BETWEEN:
            self._told = time.monotonic()
            tracker = self._tracker
            running = [_running(*under_way) for under_way in tracker.running.values()]
            driver.tell(self._folder, running, len(tracker.waiting) + tracker.to_come, tracker.seconds_left())


def _running(job: Job, began: float, position: Position | None) -> Running:
    seconds = time.monotonic() - began
    if isinstance(job, TrainJob):
        return Running(job.id, seconds, position.epochs_done if position else 0.0, job.trial.recipe.epochs)
    return Running(job.id, seconds)
