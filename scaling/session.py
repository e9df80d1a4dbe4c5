"""One `scaling run`: a checked study, its results folder, workers and somebody who watches."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import get_args

from rich.console import Console

from scaling import listing, progress
from scaling.generator import study as studies
from scaling.generator.errors import StudyError, did_you_mean
from scaling.generator.study import Study
from scaling.records import ResultsFolder
from scaling.runner import environment, loop, sources
from scaling.runner.engines import LocalEngine
from scaling.runner.jobs import Job, TimeJob, TrainJob
from scaling.schema import FailureKind

ACTIVATION_WORK = 300.0
"""Multiply-accumulates done in the time that one activation is moved about; only the time left rests on it.

A rough figure: with it the small variants of `depth_vs_width` keep one pace on a CPU to within a factor of 2 or so.
"""


def run(
    study: Study, folder: Path, workers: int, limit: int | None, retry: Collection[str], console: Console
) -> loop.Tally:
    """Runs what a study is missing.

    Args:
        study: what to run.
        folder: its results folder, made where there is none.
        workers: number of processes.
        limit: of trainings in this run; None: all.
        retry: kinds of failure to try again, see `loop.missing`.
        console: to be told on.

    Raises:
        DataError: if the pictures are not on this machine.
        ResultsError: if the folder belongs to another run, or cannot be written.
        OSError: if a record cannot be written; those before it are safe.
    """
    sources.locate(study.file.dataset.name)
    results = ResultsFolder(folder)
    with results.writing():
        results.study_file.write_text(study.to_yaml(), encoding="utf-8")
        everything = jobs(study)
        todo = _limited(loop.missing(everything, results, environment.describe().place, retry), limit)
        if not todo:
            console.print(f"{study.name}: nothing left to do")
            return loop.Tally(0, 0)
        tracker = progress.Tracker(
            {job.id: job for job in todo}, _work(study, todo), len(everything) - len(todo), workers
        )
        view = (progress.LiveView if console.is_terminal else progress.PlainView)(tracker, console)
        with view, LocalEngine(workers, results.logs) as engine:
            return loop.run(todo, results, engine, view, retry)


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
        return {trial.id for trial in studies.load(str(results.study_file)).trials}
    except StudyError:
        return None


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


def _limited(todo: list[Job], limit: int | None) -> list[Job]:
    """The first `limit` trainings, and the timings of their variants."""
    if limit is None:
        return todo
    trainings = [job for job in todo if isinstance(job, TrainJob)][:limit]
    variants = {job.variant for job in trainings}
    return [*trainings, *(job for job in todo if isinstance(job, TimeJob) and job.variant in variants)]


def _work(study: Study, todo: Collection[Job]) -> dict[str, float]:
    """What each training weighs against the others, by its multiply-accumulates and its activations."""
    costs = listing.complexities(study)
    return {
        job.id: listing.train_macs(job.trial, costs[job.variant])
        * (1 + ACTIVATION_WORK * costs[job.variant].activations / costs[job.variant].macs)
        for job in todo
        if isinstance(job, TrainJob)
    }
