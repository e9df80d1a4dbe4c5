"""One `scaling run`: a checked study, its results folder, workers and somebody who watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from scaling.datasets import DataError
from scaling.errors import UserError
from scaling.generator.study import Study
from scaling.generator.time_limits import TimeLimits, told, without_left_out
from scaling.launch import loop, stopping
from scaling.launch.keeping import Keeper, announced
from scaling.launch.loop import RunSummary
from scaling.launch.missing import Outcomes, missing
from scaling.launch.options import RunOptions
from scaling.launch.pools import WorkerPools, operations_at_once, steps_of, worker_pools
from scaling.launch.progress.broadcast import Broadcast
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.progress.notebook import NotebookView
from scaling.launch.progress.views import LiveView, PlainView
from scaling.launch.search_jobs import SearchJobs
from scaling.launch.time_gate import TimeGate
from scaling.launch.until import UntilDecided, check_limits
from scaling.launch.workload import jobs, limited, works
from scaling.results.records import ResultsError, ResultsFolder
from scaling.runner import environment, tracking
from scaling.runner.data import shared, sources
from scaling.runner.deploy.runtimes import RUNTIMES
from scaling.runner.jobs import Job, Record, TimeJob, TrainJob
from scaling.schema import LatencyRecord


def run(study: Study, folder: Path, options: RunOptions, console: Console) -> RunSummary:
    """Runs what a study is missing.

    Args:
        study: what to run.
        folder: its results folder, made where there is none.
        options: how.
        console: where progress is shown.

    Raises:
        DataError: if the images are not on this machine, or no longer.
        ResultsError: if the folder cannot be written, or has vanished in the meantime.
        DriverError: if it belongs to another run.
        EngineError: if there are no workers to be had.
        OSError: if a record cannot be written; those before it are safe.
    """
    tracking.check(options.trackers)
    for runtime in study.file.latency.runtimes:
        RUNTIMES[runtime].check(writes=True)
    if not options.timings_only:
        sources.locate(study.file.dataset.name)
    results = ResultsFolder(folder)
    with (
        stopping.listening() as stop,
        results.writing() as notes,
        shared.swept(),
        worker_pools(study, options) as pools,
    ):
        for note in notes:
            console.print(f"note    {note}", style="yellow", highlight=False, markup=False, soft_wrap=True)
        # More timings of a study that was trained are asked for beside it, and change nothing of what it asks.
        if not (options.timings_only and results.training.path.exists()):
            _write(results.study_file, study.to_yaml())
        pools = pools.as_trained() if options.timed_as_trained else pools
        return _Run(study, results, options, pools, stop, console, Outcomes.read(results)).run()


def _write(file: Path, text: str) -> None:
    """Writes a file.

    Raises:
        ResultsError: if it does not fit or cannot be written; an error of a full disk does not say where it is.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{file}: cannot be written: {error.strerror}") from None


@dataclass
class _Run:
    """One run, with all that it needs in hand."""

    study: Study
    results: ResultsFolder
    options: RunOptions
    pools: WorkerPools
    stop: stopping.Stop
    console: Console
    outcomes: Outcomes

    def run(self) -> RunSummary:
        place = environment.describe(cores=self.pools.timing.cores).place
        search, gate = self._chosen_by(place), self._gate(place)
        asked = search.first() if search else jobs(self.study)
        if self.options.timings_only:
            asked = [job for job in asked if isinstance(job, TimeJob)]
        left = missing(asked, self.outcomes, place, self.options.policy)
        # Only its gate knows which of the trainings of a study with limits on times count for --limit.
        todo = gate.still_open(left) if gate else limited(left, self.options.limit)
        keeper = Keeper(self.results, self.options.keep, self.options.weights(self.results))
        trainings = [job for job in todo if isinstance(job, TrainJob)]
        folder, limit = self.options.weights(self.results), self.options.weights_gb
        if line := announced(trainings, self.options.keep, folder, limit):
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)
        if todo or (search and not search.has_all()):
            summary = self._work(todo, len(asked) - len(left), search, keeper, gate)
            keeper.tidy()
        else:
            summary = RunSummary()
        if not (summary.ended or summary.stopped):
            self.console.print(f"{self.study.name}: nothing left to do")
        so_far = self._so_far(search, gate)
        for line in told(so_far):
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)
        final = [job for job in jobs(so_far) if isinstance(job, TimeJob) or not self.options.timings_only]
        reason = search.reason if isinstance(search, UntilDecided) else ""
        return replace(summary.with_failures(self.outcomes.failed(final, place)), reason=reason)

    def _so_far(self, search: SearchJobs | UntilDecided | None, gate: TimeGate | None) -> Study:
        """The study with what a search has recorded, and without the trainings that limits on times leave out."""
        if search:
            return search.so_far()
        return without_left_out(self.study, gate.limits, self.results.done(), gate.place) if gate else self.study

    def _gate(self, place: str) -> TimeGate | None:
        """Who leaves out what is beyond a limit on a time; None where nothing is limited so."""
        limits = TimeLimits.read(self.study, self.results)
        if not limits or self.options.timings_only:
            return None
        known = place if self.pools.timing.is_processor else None
        return TimeGate(limits, known, None if self.study.file.search else self.options.limit)

    def _chosen_by(self, place: str) -> SearchJobs | UntilDecided | None:
        """What names the trainings one after another; None where all are known from the start."""
        until, workers = self.options.until, self.pools.training.workers
        if self.options.timings_only or (until is None and self.study.file.search is None):
            return None
        if until is None:
            return SearchJobs(self.study, self.results, self.outcomes, place, workers, self.options.limit)
        if self.study.file.search is not None:
            raise UserError(f"--until decided: {self.study.name} is a search, which decides by itself what it trains")
        check_limits(until, self.study, self.results)
        return UntilDecided(self.study, self.results, self.outcomes, place, workers, until)

    def _work(
        self,
        todo: Sequence[Job],
        done_before: int,
        search: SearchJobs | UntilDecided | None,
        keeper: Keeper,
        gate: TimeGate | None,
    ) -> RunSummary:
        """Starts each pool of workers in turn, and has it do its part of the jobs."""
        parts = self.pools.share_out(todo, to_be_named=search is not None)
        place = environment.describe(cores=self.pools.timing.cores).place
        timings = [
            record for record in self.results.latency.read()[0] if record.ok and record.environment.place == place
        ]
        workers = max(pool.workers for pool, _ in parts)
        alike = self.pools.timing is self.pools.training
        progress = RunProgress(todo, works(todo), done_before, workers, timings=timings, timed_alike=alike)
        if search:
            search.watched_by(progress, todo)
        views = NotebookView if self.console.is_jupyter else LiveView if self.console.is_terminal else PlainView
        shown = views(progress, self.console)
        view, summary = Broadcast(shown, progress, self.results.path), RunSummary()
        with shown:
            for pool, part in parts:
                names = search if pool is self.pools.training else None
                if summary.stopped or not (part or (names and not names.has_all())):
                    break
                if gate:
                    gate.times_here = pool is self.pools.timing
                config = self.options.worker_config(
                    self.results, pool.workers, operations_at_once(steps_of(self.study))
                )
                with pool.start(config) as engine:
                    summary += loop.run(
                        part,
                        self.results,
                        self.outcomes,
                        engine,
                        view,
                        self.options.policy,
                        more=names.more if names else lambda place: (),
                        stop=self.stop,
                        on_record=lambda record: self._recorded(record, keeper, gate),
                        gate=gate,
                    )
        return summary

    def _recorded(self, record: Record, keeper: Keeper, gate: TimeGate | None) -> None:
        keeper.recorded(record)
        if gate and isinstance(record, LatencyRecord):
            gate.limits.take([record])
        end_where_data_is_gone(record, self.study.file.dataset.name, elsewhere=not self.pools.training.placements)


def end_where_data_is_gone(record: Record, dataset: str, elsewhere: bool) -> None:
    """Ends a run whose images have vanished, or are not where its workers are: every other trial would fail alike.

    Raises:
        DataError: in that case, with what is missing.
    """
    if record.failure and record.failure.kind == "data":
        sources.locate(dataset)
        if elsewhere:
            raise DataError(f"{dataset} is on this machine, but on a node of the cluster: {record.failure.message}")
