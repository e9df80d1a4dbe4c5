"""Folders made up for tests of the page."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from scaling.plots import study_figures
from scaling.results.records import ResultsFolder
from scaling.schema import Environment, Epoch, Score, TrainRecord, Trial
from tests.builders import environment, latency_record, results_folder, train_record, trial

N = 1000
STUDY = """study: made_up
question: Is deeper better?
dataset: {name: synthetic}
grid: [{depth: [14, 26, 50, 101], width: 0.25}]
across: {resolution: 32, epochs: [2], seed: [0, 1]}
"""


def only_one_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has pages built with the figure of multiply-accumulates alone: all of them take seconds to compute and draw."""
    one = partial(study_figures, figures=("accuracy_vs_macs",))
    monkeypatch.setattr("scaling.reports.page.build.study_figures", one)


def history(top1: float, epochs: int) -> tuple[Epoch, ...]:
    """Epochs that rise to `top1` in the last one."""
    scores = [Score(correct=round(top1 * N * epoch / epochs), n=N) for epoch in range(1, epochs + 1)]
    return tuple(
        Epoch(
            epoch=epoch,
            learning_rate=0.1,
            train_loss=1.0,
            train_top1=score.top1,
            validation_raw=score,
            validation_ema=score,
            seconds=1.0,
        )
        for epoch, score in enumerate(scores, start=1)
    )


def trained(of: Trial, top1: float, device: str = "test cpu") -> TrainRecord:
    """A record with the history of every epoch."""
    return train_record(of, top1=top1, n=N, history=history(top1, of.recipe.epochs), device=device)


def committed(commit: str, dirty: bool = False, backend: str = "tensorflow") -> Environment:
    """The environment of tests, of one version of the code."""
    whole = environment()
    versions = {**whole.versions, "backend": backend}
    return whole.model_copy(update={"git_commit": commit, "git_dirty": dirty, "versions": versions})


def made_in(where: Environment, record: TrainRecord) -> TrainRecord:
    """The record as another environment would have made it."""
    return record.model_copy(update={"environment": where})


def small(path: Path, device: str = "test cpu", better: float = 0.0, study: str | None = STUDY) -> ResultsFolder:
    """Three depths with two seeds each, and one depth that ran out of memory."""
    trials = [trial(depth=depth, resolution=32, epochs=2, seed=seed) for depth in (14, 26, 50) for seed in (0, 1)]
    records = [trained(of, 0.4 + of.variant.depth / 200 + of.seed / 100 + better, device) for of in trials]
    records += [
        train_record(trial(depth=101, resolution=32, epochs=2, seed=seed), failure="oom", device=device)
        for seed in (0, 1)
    ]
    timings = [
        latency_record(variant, median_ms=variant.depth / 2, device=device)
        for variant in {of.variant: None for of in trials}
    ]
    return results_folder(path, records, timings, study)


def large(path: Path, trials: int, epochs: int = 60) -> ResultsFolder:
    """A grid of depths and widths, two seeds each, every tenth trial failed half way."""
    asked = [
        trial(depth=14 + 6 * (number // 2 % 10), width=0.1 + 0.05 * (number // 20), epochs=epochs, seed=number % 2)
        for number in range(trials)
    ]
    records = [
        train_record(of, failure="nan", history=history(0.3, epochs // 2))
        if number % 10 == 9
        else trained(of, min(0.95, 0.3 + of.variant.depth / 300 + of.variant.width / 20 + of.seed / 200))
        for number, of in enumerate(asked)
    ]
    timings = [
        latency_record(variant, median_ms=variant.depth * variant.width, phase=phase)
        for variant in dict.fromkeys(of.variant for of in asked)
        for phase in ("training", "inference")
    ]
    return results_folder(path, records, timings, "question: What of many trials?\n")
