"""Telling whoever asks from outside (`scaling status`) how far a run is."""

from __future__ import annotations

import time
from pathlib import Path

from scaling.launch.progress.estimate import Running, RunProgress
from scaling.launch.scheduler import View
from scaling.results import lock
from scaling.runner.jobs import Job, Position, Record, TrainJob

SECONDS_BETWEEN = 2.0
"""Between two writings while nothing starts or ends."""
SHARE_OF_TIME = 0.02
"""That writing may take, however many jobs start and end."""


class Broadcast:
    """A view that passes everything on to another, and writes the counts of a run's progress beside the records."""

    def __init__(self, view: View, progress: RunProgress, folder: Path) -> None:
        self._view, self._progress, self._folder = view, progress, folder
        self._changed = True
        self._written, self._pause = 0.0, 0.0

    def started(self, worker: int, job: Job) -> None:
        self._view.started(worker, job)
        self._changed = True
        self._write_when_due()

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._view.moved(worker, job, position)

    def noted(self, note: str) -> None:
        self._view.noted(note)

    def skipped(self, job: Job) -> None:
        self._view.skipped(job)

    def finished(self, worker: int, job: Job, record: Record, retried: bool) -> None:
        self._view.finished(worker, job, record, retried)
        self._changed = True  # written once the worker has its next job, so that all that run are counted

    def refresh(self) -> None:
        self._view.refresh()
        self._write_when_due()

    def _write_when_due(self) -> None:
        now = time.monotonic()
        if now - self._written >= (self._pause if self._changed else max(self._pause, SECONDS_BETWEEN)):
            self._write()
            self._changed = False
            self._written = time.monotonic()
            self._pause = (self._written - now) / SHARE_OF_TIME

    def _write(self) -> None:
        progress = self._progress
        running = [_told(under_way) for under_way in progress.running.values()]
        lock.tell(self._folder, running, len(progress.waiting) + progress.to_come, progress.seconds_left())


def _told(under_way: Running) -> lock.Running:
    job, seconds = under_way.job, time.monotonic() - under_way.began
    if isinstance(job, TrainJob):
        epochs_done = under_way.position.epochs_done if under_way.position else 0.0
        return lock.Running(job.id, seconds, epochs_done, job.trial.recipe.epochs)
    return lock.Running(job.id, seconds)
