"""A whole study, 4 variants x 2 regimes x 3 seeds, against its bare training steps and against a process a trial."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from benchmarks.processes import Side, scaling, seconds
from benchmarks.rows import Measurement, Row, compared
from scaling.generator import study as studies
from scaling.generator.study import Study
from scaling.schema import Trial

FILE = Path(__file__).with_name("study.yaml")
SEEDS = 3
REPEATS = 2


STEPS = "the peer: steps of all trials x the time of one on all cores, no data, evaluation or start"
PROCESSES = "the peer: `scaling run` of one trial of each variant and regime, by itself, x 3 seeds"
ROWS = (
    Row("study of 24 trials: over bare steps", "s", "<= 1.15", note=STEPS),
    Row("study of 24 trials: against one process per trial", "s", ">= 2.5", note=PROCESSES),
)


def measurements() -> list[Measurement]:
    """As `scaling run` does it, unless told otherwise."""
    return [Measurement(ROWS, _measured)]


def _measured(over_steps: Row, over_processes: Row) -> Iterator[Row]:
    study = studies.load(str(FILE))
    whole, bare = zip(*((_whole(), _bare(study)) for _ in range(REPEATS)), strict=True)
    yield compared(over_steps, whole, bare)
    separate = SEEDS * sum(_alone(trial) for trial in study.trials if trial.seed == 0)
    yield compared(over_processes, whole, [separate] * REPEATS)


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
