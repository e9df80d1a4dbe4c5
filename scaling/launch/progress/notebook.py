"""Watching a study run in a notebook: one block that is drawn again in place."""

from __future__ import annotations

import html
from typing import Any

from rich.console import Console

from scaling.launch.progress.estimate import RunProgress
from scaling.launch.progress.views import Watching, counts, line, where
from scaling.runner.jobs import Job, Record

LAST = 5
"""Results that stay in view; failures all do."""


class NotebookView(Watching):
    """A `scheduler.View` that shows a bar, what runs and the last results, and replaces them as they change."""

    def __init__(self, progress: RunProgress, console: Console) -> None:
        super().__init__(progress, console)
        self._kept: list[str] = []
        self._last: list[str] = []
        self._handle: Any = None

    def __enter__(self) -> NotebookView:
        from IPython import display

        self._handle = display.display(_block(self.as_html()), display_id=True)  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *_: object) -> None:
        self.refresh()

    def noted(self, note: str) -> None:
        self._kept.append(f"note    {note}")

    def finished(self, worker: int, job: Job, record: Record, retried: bool) -> None:
        self._progress.finish(worker, record, retried)
        (self._last if record.failure is None else self._kept).append(line(record, retried))

    def refresh(self) -> None:
        self._handle.update(_block(self.as_html()))

    def as_html(self) -> str:
        """The block: counts and the time left, a bar, notes and failures, the last results, what runs."""
        progress = self._progress
        done = progress.done_before + progress.finished
        every = done + len(progress.running) + len(progress.waiting) + progress.to_come
        running = (" ".join((each.job.id, *where(each.job, each.position))) for each in progress.running.values())
        lines = "\n".join(html.escape(text) for text in (*self._kept, *self._last[-LAST:], *running))
        bar = f'<progress value="{done}" max="{max(every, 1)}" style="width: 100%"></progress>'
        return f"<div>{html.escape(counts(progress))}<br>{bar}<pre>{lines}</pre></div>"


def _block(text: str) -> Any:
    """HTML as a notebook shows it."""
    from IPython.display import HTML

    return HTML(text)  # type: ignore[no-untyped-call]
