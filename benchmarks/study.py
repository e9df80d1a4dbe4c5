"""A whole study, 4 variants x 2 regimes x 3 seeds, against its bare training steps and against a process a trial."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.processes import Side, scaling, seconds
from benchmarks.rows import Row, compared
from scaling.generator import study as studies
from scaling.generator.study import Study
from scaling.schema import Trial

FILE = Path(__file__).with_name("study.yaml")
SEEDS = 3


def rows() -> list[Row]:
    """As `scaling run` does it, unless told otherwise."""
    study = studies.load(str(FILE))
    whole, bare = [_whole()], [_bare(study)]
    separate = SEEDS * sum(_alone(trial) for trial in study.trials if trial.seed == 0)
    whole.append(_whole())
    bare.append(_bare(study))
    steps = "the peer: steps of all trials x the time of one on all cores, no data, evaluation or start"
    processes = "the peer: `scaling run` of one trial of each variant and regime, by itself, x 3 seeds"
    return [
        compared("study of 24 trials: over bare steps", whole, bare, "s", "<= 1.15", steps),
        compared("study of 24 trials: against one process per trial", whole, [separate] * 2, "s", ">= 2.5", processes),
    ]


def _whole() -> float:
    with tempfile.TemporaryDirectory() as folder:
        return seconds(scaling("run", str(FILE)), Path(folder))


def _alone(trial: Trial) -> float:
    """A study of this trial alone."""
    text = yaml.safe_load(FILE.read_text())
    text["grid"] = [{"depth": int(trial.variant.depth), "width": trial.variant.width}]
    text["across"] |= {"epochs": trial.recipe.epochs, "seed": [0]}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one.yaml").write_text(yaml.safe_dump(text))
        return seconds(scaling("run", "one.yaml"), Path(folder))


def _bare(study: Study) -> float:
    """Seconds of all training steps and of nothing else, each variant's step timed by itself."""
    total = 0.0
    for variant in study.variants:
        options = (int(variant.depth), variant.width, variant.resolution, variant.stem, "fashion_mnist", 128, 5)
        with Side("ours", *options) as side:
            step = _median([side.ask("step") for _ in range(5)])
        trials = [trial for trial in study.trials if trial.variant == variant]
        total += step * sum(trial.recipe.epochs * (8000 // 128) for trial in trials)
    return total


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
