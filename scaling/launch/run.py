"""One `scaling run`: a checked study, its results folder, workers and somebody who watches."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rich.console import Console

from scaling.datasets import DataError
from scaling.generator.study import Study
from scaling.launch import loop, stopping
from scaling.launch.missing import missing
from scaling.launch.options import Options
from scaling.launch.pools import Crews, crews_of
from scaling.launch.progress.broadcast import Broadcast
from scaling.launch.progress.tracker import Tracker
from scaling.launch.progress.views import LiveView, PlainView
from scaling.launch.search_jobs import Searching
from scaling.launch.workload import jobs, limited, weights
from scaling.records import ResultsFolder
from scaling.runner import environment, tracking
from scaling.runner.data import sources
from scaling.runner.jobs import Record, TimeJob


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
    tracking.check(options.trackers)
    if not options.timings_only:
        sources.locate(study.file.dataset.name)
    results = ResultsFolder(folder)
    with stopping.listening() as stop, results.writing(), crews_of(study, options) as crews:
        results.study_file.write_text(study.to_yaml(), encoding="utf-8")
        return _run(study, results, options, crews, stop, console)


def _run(
    study: Study, results: ResultsFolder, options: Options, crews: Crews, stop: stopping.Stop, console: Console
) -> loop.Tally:
    place = environment.describe(cores=crews.timing.cores).place
    search = Searching(study, results, place, crews.training.workers, options.limit) if study.file.search else None
    everything = jobs(search.so_far() if search else study)
    if options.timings_only:
        everything, search = [job for job in everything if isinstance(job, TimeJob)], None
    todo = limited(missing(everything, results, place, options.patience.recorded), options.limit)
    if not todo and (search is None or search.has_all()):
        console.print(f"{study.name}: nothing left to do")
        return loop.Tally()
    shifts = crews.share_out(todo)
    workers = max(crew.workers for crew, _ in shifts)
    tracker = Tracker({job.id: job for job in todo}, weights(todo), len(everything) - len(todo), workers)
    if search:
        search.watched_by(tracker, todo)
    shown = (LiveView if console.is_terminal else PlainView)(tracker, console)
    view, tally = Broadcast(shown, tracker, results.path), loop.Tally()
    more = search.more if search else lambda place: ()
    blame = partial(_blame, dataset=study.file.dataset.name, elsewhere=options.engine != "local")
    with shown:
        for crew, part in shifts:
            if not tally.stopped:
                with crew.start(options.setup(results)) as engine:
                    tally += loop.run(part, results, engine, view, options.patience, more, stop, blame)
    if not tally.finished and not tally.stopped:  # what seemed left had been timed on the workers' device
        console.print(f"{study.name}: nothing left to do")
    return tally


def _blame(record: Record, dataset: str, elsewhere: bool) -> None:
    """Ends a run whose pictures have vanished, or are not where workers are: every trial to come would fail alike."""
    if record.failure and record.failure.kind == "data":
        sources.locate(dataset)
        if elsewhere:
            raise DataError(f"{dataset} is on this machine, but on a node of the cluster: {record.failure.message}")
