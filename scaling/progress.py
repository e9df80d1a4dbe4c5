"""Watching a study run: one live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scaling.runner.jobs import Job, Position, Record, TimeJob, TrainJob
from scaling.schema import LatencyRecord, TrainRecord


@dataclass
class Tracker:
    """What is known of a run so far, and the time it will still take.

    Attributes:
        total: jobs of this run.
        done_before: trials and timings that earlier runs finished.
        work: what each job weighs against the others, by id: training multiply-accumulates.
    """

    total: int
    done_before: int
    work: dict[str, float]
    began: float = field(default_factory=time.monotonic)
    running: dict[int, tuple[Job, Position | None]] = field(default_factory=dict)
    finished: int = 0
    failed: int = 0
    worked: float = 0.0

    @property
    def left(self) -> int:
        return self.total - self.finished - len(self.running)

    def seconds_left(self) -> float | None:
        """Elapsed time scaled by work left over work done; None before anything can be said."""
        part = sum(self.work[job.id] * _fraction(job, position) for job, position in self.running.values())
        worked = self.worked + part
        if not worked:
            return None
        return (time.monotonic() - self.began) * (sum(self.work.values()) - worked) / worked


def _fraction(job: Job, position: Position | None) -> float:
    return position.epochs_done / job.trial.recipe.epochs if position and isinstance(job, TrainJob) else 0.0


class LiveView:
    """A `loop.View` that redraws one table of counts and running trials; finished ones scroll by above it."""

    def __init__(self, tracker: Tracker, console: Console) -> None:
        self._tracker = tracker
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, worker: int, job: Job) -> None:
        self._tracker.running[worker] = (job, None)

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._tracker.running[worker] = (job, position)

    def finished(self, worker: int, job: Job, record: Record) -> None:
        _settle(self._tracker, worker, job, record)
        self._live.console.print(_line(record), highlight=False)

    def _render(self) -> RenderableType:
        running = Table.grid(padding=(0, 2))
        for job, position in self._tracker.running.values():
            running.add_row(Text("▸", style="cyan"), job.id, _bar(job, position), *_where(job, position))
        return Group(Text(_counts(self._tracker), style="bold"), running)


class PlainView:
    """A `loop.View` for logs and pipes: a line whenever an epoch or a job ends."""

    def __init__(self, tracker: Tracker, console: Console) -> None:
        self._tracker = tracker
        self._console = console

    def __enter__(self) -> PlainView:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, worker: int, job: Job) -> None:
        self._tracker.running[worker] = (job, None)

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._tracker.running[worker] = (job, position)
        if position.epochs_done == round(position.epochs_done) and position.last:
            self._print(f"  {job.id}  {'  '.join(_where(job, position))}")

    def finished(self, worker: int, job: Job, record: Record) -> None:
        _settle(self._tracker, worker, job, record)
        self._print(f"{_line(record)}  [{_counts(self._tracker)}]")

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _settle(tracker: Tracker, worker: int, job: Job, record: Record) -> None:
    tracker.running.pop(worker, None)
    tracker.finished += 1
    tracker.failed += record.failure is not None
    tracker.worked += tracker.work[job.id]


def _counts(tracker: Tracker) -> str:
    seconds = tracker.seconds_left()
    left = f"about {timedelta(seconds=round(seconds))} left" if seconds is not None else "time left not known yet"
    done = tracker.done_before + tracker.finished - tracker.failed
    return f"{done} done, {len(tracker.running)} running, {tracker.failed} failed, {tracker.left} waiting; {left}"


def _bar(job: Job, position: Position | None, width: int = 20) -> Text:
    filled = round(width * _fraction(job, position))
    return Text("━" * filled, style="cyan") + Text("━" * (width - filled), style="bright_black")


def _where(job: Job, position: Position | None) -> tuple[str, str]:
    if isinstance(job, TimeJob):
        return "timing", ""
    epochs = job.trial.recipe.epochs
    if position is None:
        return f"epoch 1/{epochs}", "starting"
    epoch = min(epochs, int(position.epochs_done) + (position.epochs_done % 1 > 0))
    last = position.last
    accuracy = f"validation {100 * last.validation_ema.top1:.1f}%, loss {last.train_loss:.3f}" if last else ""
    return f"epoch {epoch}/{epochs}", accuracy


def _line(record: Record) -> str:
    match record:
        case TrainRecord(failure=None, validation_ema=score, trial_id=name, train_seconds=seconds) if score:
            return f"done    {name}  validation {100 * score.top1:.1f}% of {score.n}  in {seconds or 0:.0f} s"
        case TrainRecord(failure=failure, trial_id=name) if failure:
            return f"failed  {name}  {failure.kind}: {failure.message}"
        case LatencyRecord(failure=None, request=request, median_ms=ms, n=n) if ms:
            doubt = "" if record.converged else ", interval wider than 3%"
            what = f"{request.variant.name} {request.phase}"
            return f"timed   {what}  {ms:.1f} ms a step of {record.batch_size}, {n} steps{doubt}"
        case LatencyRecord(failure=failure, request=request) if failure:
            return f"failed  timing {request.variant.name} {request.phase}  {failure.kind}: {failure.message}"
        case _:
            raise ValueError(f"a record with neither result nor failure: {record!r}")
