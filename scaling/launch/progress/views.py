"""Watching a study run: one live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scaling.launch.progress.estimate import Running, RunProgress
from scaling.models.names import name_of
from scaling.runner.jobs import Job, Position, Record, TimeJob
from scaling.schema import LatencyRecord, TrainRecord
from scaling.wording import counted

FURTHER_LINES = 4
"""Of the terminal, kept free for the counts and the last results."""


WIDE_ENOUGH = 100
"""Characters a line; a narrower terminal gets a shorter bar and no loss, so that each trial stays on one line."""


class Watching:
    """What all views have in common: they keep a run's progress."""

    def __init__(self, progress: RunProgress, console: Console) -> None:
        self._progress = progress
        self._console = console

    def started(self, worker: int, job: Job) -> None:
        self._progress.start(worker, job)

    def moved(self, worker: int, job: Job, position: Position) -> None:
        self._progress.move(worker, position)

    def skipped(self, job: Job) -> None:
        self._progress.drop(job)


class LiveView(Watching):
    """A `scheduler.View` that redraws one table of counts and running trials; finished ones scroll by above it."""

    def __init__(self, progress: RunProgress, console: Console) -> None:
        super().__init__(progress, console)
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def refresh(self) -> None:
        """The table redraws itself."""

    def noted(self, note: str) -> None:
        self._console.print(f"note    {note}", style="yellow", highlight=False, markup=False)

    def finished(self, worker: int, job: Job, record: Record, retried: bool) -> None:
        self._progress.finish(worker, record, retried)
        self._console.print(line(record, retried), highlight=False, markup=False)

    def _render(self) -> RenderableType:
        running = Table.grid(padding=(0, 2))
        under_way = list(self._progress.running.values())
        narrow = self._console.width < WIDE_ENOUGH
        shown = under_way[: max(1, self._console.height - FURTHER_LINES)]
        for each in shown:
            epoch, accuracy = where(each.job, each.position)
            if narrow:
                accuracy, _, _ = accuracy.partition(", loss")
            running.add_row(Text("▸", style="cyan"), each.job.id, _bar(each, 8 if narrow else 20), epoch, accuracy)
        if hidden := len(under_way) - len(shown):
            running.add_row("", f"and {hidden} more")
        return Group(Text(counts(self._progress), style="bold"), running)


class PlainView(Watching):
    """A `scheduler.View` for logs and pipes: a line whenever an epoch or a job ends."""

    def __init__(self, progress: RunProgress, console: Console) -> None:
        super().__init__(progress, console)
        self._lines: list[tuple[str, bool]] = []

    def __enter__(self) -> PlainView:
        return self

    def __exit__(self, *_: object) -> None:
        self.refresh()

    def moved(self, worker: int, job: Job, position: Position) -> None:
        super().moved(worker, job, position)
        # The last step of an epoch is done before its score is known: `last` is then the epoch before.
        if position.last and position.epochs_done == position.last.epoch:
            self._lines.append((f"  {job.id}  {'  '.join(where(job, position))}", False))

    def refresh(self) -> None:
        """Says what has happened, with the counts now that each worker has its next job."""
        for text, with_counts in self._lines:
            self._print(f"{text}  [{counts(self._progress)}]" if with_counts else text)
        self._lines.clear()

    def noted(self, note: str) -> None:
        self._lines.append((f"note    {note}", False))

    def finished(self, worker: int, job: Job, record: Record, retried: bool) -> None:
        self._progress.finish(worker, record, retried)
        self._lines.append((line(record, retried), True))

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def counts(progress: RunProgress) -> str:
    """How many jobs are done, running, failed and waiting, and the time left."""
    ended = progress.failed + progress.interrupted
    done = progress.done_before + progress.finished - ended
    waiting = len(progress.waiting) + progress.to_come
    counts = (
        f"{counted(done, 'job')} done, {len(progress.running)} running, {progress.failed} failed, {waiting} waiting"
    )
    seconds = progress.seconds_left()
    if seconds is None:
        return f"{counts}; time left not known yet"
    return f"{counts}; about {duration(max(1, seconds))} left"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`: no more digits than an estimate deserves."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def milliseconds(value: float) -> str:
    """`0.0781`, `4.2`, `12.8`, `8,042`: tenths, and what is shorter than one in three digits."""
    return f"{value:.3g}" if value < 1 else f"{value:.1f}" if value < 999.95 else f"{value:,.0f}"


def _bar(under_way: Running, width: int) -> Text:
    """What is done and what is not differ in their characters too: not every terminal shows colours."""
    filled = round(width * under_way.fraction)
    return Text("━" * filled, style="cyan") + Text("╌" * (width - filled), style="bright_black")


def where(job: Job, position: Position | None) -> tuple[str, str]:
    """The epoch that a job is in, and its last accuracy; both in words."""
    if isinstance(job, TimeJob):
        return "timing", ""
    epochs = job.trial.recipe.epochs
    if position is None:
        return f"epoch 1/{epochs}", "starting"
    epoch = min(epochs, int(position.epochs_done) + (position.epochs_done % 1 > 0))
    last = position.last
    accuracy = f"validation {100 * last.validation_ema.top1:.1f}%, loss {last.train_loss:.3f}" if last else ""
    return f"epoch {epoch}/{epochs}", accuracy


def line(record: Record, retried: bool) -> str:
    """How a job ended."""
    word = "failed"
    if record.failure and record.failure.kind == "interrupted":
        word = "paused"
    elif retried:
        word = "retry "
    match record:
        case TrainRecord(failure=None, validation_ema=score, trial_id=name, train_seconds=seconds) if score:
            lost = f", {len(record.skipped)} damaged images skipped" if record.skipped else ""
            return f"done    {name}  validation {100 * score.top1:.1f}% of {score.n}  in {seconds or 0:.0f} s{lost}"
        case TrainRecord(failure=failure, trial_id=name) if failure:
            return f"{word}  {name}  {failure.kind}: {failure.message}"
        case LatencyRecord(failure=None, request=request, median_ms=ms, n=n) if ms:
            doubt = "" if record.converged else ", interval wider than 3%"
            doubt += ", disturbed by other work on this machine" if record.disturbed else ""
            how = "" if request.runtime == "keras" else f" with {request.runtime}"
            what = f"{name_of(request.variant)} {request.phase}{how}"
            return f"timed   {what}  {milliseconds(ms)} ms a step of {record.batch_size}, {n} steps{doubt}"
        case LatencyRecord(failure=failure, request=request) if failure:
            return f"{word}  timing {name_of(request.variant)} {request.phase}  {failure.kind}: {failure.message}"
        case _:
            raise ValueError(f"a record with neither result nor failure: {record!r}")
