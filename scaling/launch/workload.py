"""A study's jobs, and what each weighs."""

from __future__ import annotations

from collections.abc import Iterable

from scaling.datasets import dataset_info
from scaling.generator import initial_weights
from scaling.generator.budget import TRAINING_PASSES
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.launch.progress.speeds import Work
from scaling.runner.jobs import Job, TimeJob, TrainJob

ACTIVATION_WORK = 1000.0
"""Multiply-accumulates done in the time that one activation is moved about; only the time left rests on it.

A rough figure: with it the variants of `results/reference/depth_vs_width` and `pareto` keep one pace on a CPU, within
a fifth or so.
"""


def jobs(study: Study) -> list[Job]:
    """Everything a study asks for: its trainings, then its timings, also of the networks that these leave out."""
    seconds, dataset = study.file.latency.max_seconds, study.file.dataset.name
    left_out = (request for each in study.left_out for request in study.timings_of(each.variant))
    return [
        *(TrainJob(trial, trial.init and initial_weights.path_of(study.file, trial)) for trial in study.trials),
        *(TimeJob(request, dataset, seconds) for request in dict.fromkeys((*study.timings, *left_out))),
    ]


def longest_first(todo: Iterable[Job]) -> list[Job]:
    """Each network's longest trainings before its shorter ones, so that a run does not end on a single long one."""
    return sorted(todo, key=lambda job: -job.trial.recipe.epochs if isinstance(job, TrainJob) else 0)


def limited(todo: list[Job], limit: int | None) -> list[Job]:
    """The first `limit` trainings, and all timings but those of variants that wait for a later run."""
    if limit is None:
        return todo
    trainings = [job for job in todo if isinstance(job, TrainJob)]
    now = {job.variant for job in trainings[:limit]}
    later = {job.variant for job in trainings[limit:]} - now
    return [*trainings[:limit], *(job for job in todo if isinstance(job, TimeJob) and job.variant not in later)]


def works(todo: Iterable[Job]) -> dict[str, Work]:
    """What each training has to do, by id; what is evaluated counts a third, with both kinds of weights."""
    done = {}
    for job in todo:
        if isinstance(job, TrainJob):
            trial, dataset = job.trial, job.trial.dataset
            info = dataset_info(dataset.name)
            cost = size(job.variant, info)
            trained = dataset.train_examples or info.trainable(dataset.validation_fraction)
            kinds = 2 if trial.recipe.ema_decay else 1
            evaluated = kinds * (trial.recipe.epochs * info.validated(dataset.validation_fraction) + info.test)
            images = trial.recipe.epochs * trained + evaluated / TRAINING_PASSES
            done[job.id] = Work(images, cost.macs + ACTIVATION_WORK * cost.activations)
    return done
