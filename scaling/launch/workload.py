"""A study's jobs, and what each weighs."""

from __future__ import annotations

from collections.abc import Iterable

from scaling.datasets import dataset_info
from scaling.generator import initial_weights
from scaling.generator.budget import train_macs
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.runner.jobs import Job, TimeJob, TrainJob

ACTIVATION_WORK = 300.0
"""Multiply-accumulates done in the time that one activation is moved about; only the time left rests on it.

A rough figure: with it the small variants of `depth_vs_width` keep one pace on a CPU to within a factor of 2 or so.
"""


def jobs(study: Study) -> list[Job]:
    """Everything a study asks for: its trainings, then its timings, also of the networks that these leave out."""
    seconds, dataset = study.file.latency.max_seconds, study.file.dataset.name
    left_out = (request for each in study.left_out for request in study.timings_of(each.variant))
    return [
        *(TrainJob(trial, trial.init and initial_weights.path_of(study.file, trial)) for trial in study.trials),
        *(TimeJob(request, dataset, seconds) for request in dict.fromkeys((*study.timings, *left_out))),
    ]


def limited(todo: list[Job], limit: int | None) -> list[Job]:
    """The first `limit` trainings, and all timings but those of variants that wait for a later run."""
    if limit is None:
        return todo
    trainings = [job for job in todo if isinstance(job, TrainJob)]
    now = {job.variant for job in trainings[:limit]}
    later = {job.variant for job in trainings[limit:]} - now
    return [*trainings[:limit], *(job for job in todo if isinstance(job, TimeJob) and job.variant not in later)]


def weights(todo: Iterable[Job]) -> dict[str, float]:
    """What each training weighs against the others, by its multiply-accumulates and its activations."""
    work = {}
    for job in todo:
        if isinstance(job, TrainJob):
            cost = size(job.variant, dataset_info(job.trial.dataset.name))
            work[job.id] = train_macs(job.trial, cost) * (1 + ACTIVATION_WORK * cost.activations / cost.macs)
    return work
