"""Whole studies against their bare training steps, and against a process a trial.

`depth_vs_width` is what a user runs first: planned, run, drawn and reported. `study.yaml` is a minute of it, 4 networks
x 2 regimes x 3 seeds and the run alone, short enough for a process a trial.
"""

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
SHIPPED = "depth_vs_width"
SEEDS = 3
REPEATS = 2


STEPS = "the peer: steps of all trials x the time of one on all cores, no data, evaluation or start"
PROCESSES = "the peer: `scaling run` of one trial of each variant and regime, by itself, x 3 seeds"
ROWS = (
    Row("study of 24 trials: over bare steps", "s", "<= 0.9", note=STEPS),
    Row("study of 24 trials: against one process per trial", "s", ">= 2.5", note=PROCESSES),
)
WHOLE = Row(f"make study STUDY={SHIPPED} after set-up: over bare steps", "s", "<= 0.9", note=f"timings too; {STEPS}")


def measurements() -> list[Measurement]:
    """As `scaling run` does it, unless told otherwise."""
    return [Measurement(ROWS, _measured), Measurement((WHOLE,), _measured_shipped)]


def _measured_shipped(row: Row) -> Iterator[Row]:
    study = studies.load(SHIPPED)
    whole, bare = zip(*((_made(), _bare(study)) for _ in range(REPEATS)), strict=True)
    yield compared(row, whole, bare)


def _measured(over_steps: Row, over_processes: Row) -> Iterator[Row]:
    study = studies.load(str(FILE))
    whole, bare = zip(*((_whole(), _bare(study)) for _ in range(REPEATS)), strict=True)
    yield compared(over_steps, whole, bare)
    separate = SEEDS * sum(_alone(trial) for trial in study.trials if trial.seed == 0)
    yield compared(over_processes, whole, [separate] * REPEATS)


def _whole() -> float:
    with tempfile.TemporaryDirectory() as folder:
        return seconds(scaling("run", str(FILE)), Path(folder))


def _made() -> float:
    """As `make study` does it."""
    with tempfile.TemporaryDirectory() as folder:
        commands = (
            ("plan", SHIPPED),
            ("run", SHIPPED),
            ("plot", f"results/{SHIPPED}"),
            ("report", f"results/{SHIPPED}"),
        )
        return sum(seconds(scaling(*command), Path(folder)) for command in commands)


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
        trials = [trial for trial in study.trials if trial.variant == variant]
        batch = trials[0].recipe.batch_size
        options = (variant.depth, variant.width, variant.resolution, variant.stem, "fashion_mnist", batch, 5)
        with Side("ours", *options) as side:
            step = _median([side.ask("step") for _ in range(5)])
        total += step * sum(trial.recipe.epochs * ((trial.dataset.train_examples or 0) // batch) for trial in trials)
    return total


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
