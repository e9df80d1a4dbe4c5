"""Watching a study run: one live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scaling.runner.jobs import Job, Position, Record, TimeJob, TrainJob
from scaling.schema import LatencyRecord, TrainRecord, Variant


@dataclass
class Tracker:
    """What is known of a run so far, and the time it will still take.

    Attributes:
        waiting: jobs not yet started, by id.
        work: what each training weighs against the others, by id; see `ACTIVATION_WORK`.
        done_before: trials and timings that earlier runs finished.
        workers: how many run side by side.
        running: the job of each worker, when it was started, and how far it is.
        spent: seconds and work of the finished trainings, by variant.
        to_come: trainings that a search has yet to name.
    """

    waiting: dict[str, Job]
    work: Mapping[str, float]
    done_before: int = 0
    workers: int = 1
    running: dict[int, tuple[Job, float, Position | None]] = field(default_factory=dict)
    spent: dict[Variant, tuple[float, float]] = field(default_factory=dict)
    finished: int = 0
    failed: int = 0
    to_come: int = 0

    def add(self, jobs: Mapping[str, Job], work: Mapping[str, float], to_come: int) -> None:
        """Takes in what a search has just named."""
        self.waiting |= jobs
        self.work = {**self.work, **work}
        self.to_come = to_come

    def start(self, worker: int, job: Job) -> None:
        self.waiting.pop(job.id, None)
        self.running[worker] = (job, time.monotonic(), None)

    def move(self, worker: int, position: Position) -> None:
        job, began, _ = self.running[worker]
        self.running[worker] = (job, began, position)

    def finish(self, worker: int, record: Record) -> None:
        job, began, _ = self.running.pop(worker)
        self.finished += 1
        self.failed += record.failure is not None
        if isinstance(job, TrainJob) and record.failure is None:
            seconds, work = self.spent.get(job.variant, (0.0, 0.0))
            self.spent[job.variant] = (seconds + time.monotonic() - began, work + self.work[job.id])

    def seconds_left(self) -> float | None:
        """Work left at the pace of the variant's own trainings, else at that of all; None while there is no pace."""
        now = time.monotonic()
        under_way = [
            (now - began, self.work[job.id] * _fraction(job, position))
            for job, began, position in self.running.values()
            if isinstance(job, TrainJob) and position
        ]
        seconds, work = (sum(column) for column in zip(*self.spent.values(), *under_way, (0.0, 0.0), strict=True))
        if not work and (self.work or self.to_come):
            return None
        pace = seconds / work if work else 0.0
        left = sum(self._estimate(job, pace) for job in self.waiting.values())
        left += sum(
            self._estimate(job, pace) * (1 - _fraction(job, position)) for job, _, position in self.running.values()
        )
        if self.to_come:
            left += self.to_come * sum(self.work.values()) / len(self.work) * pace
        return left / self.workers

    def _estimate(self, job: Job, pace: float) -> float:
        """Seconds of a whole job, `pace` being seconds for a unit of work where the variant has none of its own."""
        if isinstance(job, TimeJob):
            return job.max_seconds
        own = self.spent.get(job.variant)
        return self.work[job.id] * (own[0] / own[1] if own else pace)


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
        self._tracker.start(worker, job)

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._tracker.move(worker, position)

    def finished(self, worker: int, job: Job, record: Record) -> None:
        self._tracker.finish(worker, record)
        self._live.console.print(_line(record), highlight=False)

    def _render(self) -> RenderableType:
        running = Table.grid(padding=(0, 2))
        for job, _, position in self._tracker.running.values():
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
        self._tracker.start(worker, job)

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._tracker.move(worker, position)
        if position.epochs_done == round(position.epochs_done) and position.last:
            self._print(f"  {job.id}  {'  '.join(_where(job, position))}")

    def finished(self, worker: int, job: Job, record: Record) -> None:
        self._tracker.finish(worker, record)
        self._print(f"{_line(record)}  [{_counts(self._tracker)}]")

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _counts(tracker: Tracker) -> str:
    done = tracker.done_before + tracker.finished - tracker.failed
    waiting = len(tracker.waiting) + tracker.to_come
    counts = f"{done} done, {len(tracker.running)} running, {tracker.failed} failed, {waiting} waiting"
    seconds = tracker.seconds_left()
    if seconds is None:
        return f"{counts}; time left not known yet"
    return f"{counts}; about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`: no more digits than an estimate deserves."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


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
