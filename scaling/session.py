"""One `scaling run`: a checked study, its results folder, workers and somebody who watches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from rich.console import Console

from scaling.datasets import facts
from scaling.errors import did_you_mean
from scaling.generator import study as studies
from scaling.generator.budget import train_macs
from scaling.generator.errors import StudyError
from scaling.generator.recorded import Recorded, recorded
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.progress.broadcast import Broadcast
from scaling.progress.tracker import Tracker
from scaling.progress.views import LiveView, PlainView
from scaling.records import ResultsFolder
from scaling.runner import environment, loop, stopping, tracking
from scaling.runner.data import sources
from scaling.runner.engines import Engine, EngineError
from scaling.runner.engines.local import LocalEngine
from scaling.runner.floor import Patience
from scaling.runner.jobs import Job, Record, Setup, TimeJob, TrainJob
from scaling.runner.missing import missing
from scaling.schema import FailureKind

ACTIVATION_WORK = 300.0
"""Multiply-accumulates done in the time that one activation is moved about; only the time left rests on it.

A rough figure: with it the small variants of `depth_vs_width` keep one pace on a CPU to within a factor of 2 or so.
"""


@dataclass(frozen=True)
class Options:
    """How a study is run; nothing of it changes what its trials ask.

    Attributes:
        workers: number of processes; None: what the engine has room for.
        engine: where they are.
        address: of a Ray cluster; None: a Ray of this run's own, on this machine.
        resources: what each worker asks of it, as `GPU=1,CPU=4`; None: see `shares.divide`.
        limit: of trainings in this run; None: all.
        patience: how failures are met.
        checkpoints: folder or URL for them; None: `checkpoints/` of the results folder.
        checkpoint_seconds: at most so much training is lost with a worker.
        trackers: that each trial's history also goes to.
    """

    workers: int | None = None
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    resources: str | None = None
    limit: int | None = None
    patience: Patience = field(default_factory=Patience)
    checkpoints: str | None = None
    checkpoint_seconds: float = 60.0
    trackers: tuple[tracking.Tracker, ...] = ()

    def setup(self, results: ResultsFolder) -> Setup:
        """What the workers need of it."""
        return Setup(
            logs=str(results.logs.absolute()),
            checkpoints=_absolute(self.checkpoints or str(results.checkpoints)),
            checkpoint_seconds=self.checkpoint_seconds,
            trackers=self.trackers,
        )


def run(study: Study, folder: Path, options: Options, console: Console) -> loop.Tally:
    """Runs what a study is missing.

    Args:
        study: what to run.
        folder: its results folder, made where there is none.
        options: how.
        console: to be told on.

    Raises:
        DataError: if the pictures are not on this machine, or no longer.
        ResultsError: if the folder cannot be written.
        DriverError: if it belongs to another run.
        EngineError: if there are no workers to be had.
        OSError: if a record cannot be written; those before it are safe.
    """
    dataset = study.file.dataset.name
    tracking.check(options.trackers)
    sources.locate(dataset)
    results, place = ResultsFolder(folder), environment.describe().place
    with stopping.listening() as stop, results.writing(), _workers(options) as (workers, start):
        results.study_file.write_text(study.to_yaml(), encoding="utf-8")
        search = _Searching(study, results, place, workers, options.limit) if study.file.search else None
        everything = jobs(search.so_far() if search else study)
        todo = _limited(missing(everything, results, place, options.patience.recorded), options.limit)
        settled = len(everything) - len(todo)
        if search and not todo:
            todo = search.more()
        if not todo:
            console.print(f"{study.name}: nothing left to do")
            return loop.Tally(0, 0)
        tracker = Tracker({job.id: job for job in todo}, _work(todo), settled, workers)
        if search:
            search.watched_by(tracker, todo)
        shown = (LiveView if console.is_terminal else PlainView)(tracker, console)
        view = Broadcast(shown, tracker, folder)
        more = search.more if search else tuple
        with shown, start(options.setup(results)) as engine:
            return loop.run(
                todo, results, engine, view, options.patience, more, stop, blame=lambda record: _blame(record, dataset)
            )


@contextlib.contextmanager
def _workers(options: Options) -> Iterator[tuple[int, Callable[[Setup], contextlib.AbstractContextManager[Engine]]]]:
    """How many workers there are to be, and what starts them."""
    if options.engine == "local":
        if options.address or options.resources:
            raise EngineError("--address and --resources are for --engine ray")
        workers = options.workers or 1
        yield workers, partial(LocalEngine, workers)
        return
    if find_spec("ray") is None:
        raise EngineError('--engine ray needs Ray: pip install "scaling-study[cluster]"')
    from scaling.runner.engines import ray, shares

    needs = shares.parse(options.resources) if options.resources else None
    with ray.connected(options.address):
        divided = shares.divide(ray.nodes(), options.workers, needs)
        yield divided.workers, partial(ray.RayEngine, divided)


def _absolute(folder: str) -> str:
    return folder if "://" in folder else str(Path(folder).absolute())


def _blame(record: Record, dataset: str) -> None:
    """Ends a run whose pictures have vanished: every trial to come would fail alike."""
    if record.failure and record.failure.kind == "data":
        sources.locate(dataset)


class _Searching:
    """What a search trains next, from its records alone.

    Begun with what recorded trials still lack: timings that an interruption or another machine left out, and failures
    to be tried again. Then as many trials as there are workers, and when they are recorded the next ones.
    """

    def __init__(self, study: Study, results: ResultsFolder, place: str, workers: int, limit: int | None) -> None:
        from scaling.generator import search

        self._search = search
        self._study, self._results, self._place, self._workers = study, results, place, workers
        self._limit = limit
        self._named: set[str] = set()
        self._tracker: Tracker | None = None

    def so_far(self) -> Study:
        """The study with its recorded trials."""
        return self._search.with_trials(self._study, self._recorded())

    def more(self) -> list[Job]:
        """Jobs of the next trials; none when the search or this run has all its trials, or the space has no more."""
        known = self._recorded()
        self._search.mirror(self._study, known)
        unrecorded = self._named - {one.trial.id for one in known}
        left = 0 if unrecorded else self._left(len(known))
        suggested = self._search.suggest(self._study, known, min(self._workers, left))
        asked = jobs(self._search.with_trials(self._study, (), suggested))
        todo = missing(asked, self._results, self._place)
        self._name(todo, left)
        return todo

    def watched_by(self, tracker: Tracker, todo: Sequence[Job]) -> None:
        """Tells a tracker of every trial as it is named; `todo` is what the run begins with."""
        self._tracker = tracker
        self._name(todo, self._left(len(self._recorded())))

    def _recorded(self) -> list[Recorded]:
        return recorded(self._study, self._results, self._place)

    def _left(self, known: int) -> int:
        left = (self._study.file.search.trials if self._study.file.search else 0) - known
        return left if self._limit is None else min(left, self._limit - len(self._named))

    def _name(self, todo: Sequence[Job], left: int) -> None:
        trainings = {job.id for job in todo if isinstance(job, TrainJob)}
        self._named |= trainings
        if self._tracker:
            self._tracker.add({job.id: job for job in todo}, _work(todo), max(0, left - len(trainings)))


def jobs(study: Study) -> list[Job]:
    """Everything a study asks for: its trainings, then its timings."""
    seconds, dataset = study.file.latency.max_seconds, study.file.dataset.name
    return [
        *(TrainJob(trial) for trial in study.trials),
        *(TimeJob(request, dataset, seconds) for request in study.timings),
    ]


def asked_for(results: ResultsFolder) -> set[str] | None:
    """Ids of the trials that the folder's own study file asks for; None where it has none that can be read."""
    try:
        study = studies.load(str(results.study_file))
    except StudyError:
        return None
    return {trial.id for trial in study.trials} | {one.trial.id for one in recorded(study, results)}


def retried_kinds(option: str | None) -> set[str]:
    """The kinds of failure that `--retry failed[:KIND]` means; none where it was not given.

    Raises:
        StudyError: if it says something else.
    """
    if option is None:
        return set()
    what, colon, kind = option.partition(":")
    if what != "failed":
        raise StudyError([f"--retry {option}: write failed, or failed:KIND"])
    if not colon:
        return {"any"}
    if kind not in get_args(FailureKind):
        raise StudyError(
            [f"--retry {option}: {kind!r} is not a kind of failure{did_you_mean(kind, get_args(FailureKind))}"]
        )
    return {kind}


def trackers(names: Sequence[str]) -> tuple[tracking.Tracker, ...]:
    """The trackers that `--track` names.

    Raises:
        StudyError: if there is no such tracker.
    """
    for name in names:
        if name not in tracking.TRACKERS:
            raise StudyError([f"--track {name}: not a tracker{did_you_mean(name, tracking.TRACKERS)}"])
    return tuple(tracker for tracker in tracking.TRACKERS if tracker in names)


def _limited(todo: list[Job], limit: int | None) -> list[Job]:
    """The first `limit` trainings, and all timings but those of variants that wait for a later run."""
    if limit is None:
        return todo
    trainings = [job for job in todo if isinstance(job, TrainJob)]
    now = {job.variant for job in trainings[:limit]}
    later = {job.variant for job in trainings[limit:]} - now
    return [*trainings[:limit], *(job for job in todo if isinstance(job, TimeJob) and job.variant not in later)]


def _work(todo: Iterable[Job]) -> dict[str, float]:
    """What each training weighs against the others, by its multiply-accumulates and its activations."""
    work = {}
    for job in todo:
        if isinstance(job, TrainJob):
            cost = size(job.variant, facts(job.trial.dataset.name))
            work[job.id] = train_macs(job.trial, cost) * (1 + ACTIVATION_WORK * cost.activations / cost.macs)
    return work
