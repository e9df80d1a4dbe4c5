"""A few training steps of a study's networks, timed as trainings will run, and kept for plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from scaling.datasets import dataset_info
from scaling.errors import UserError
from scaling.generator import calibration
from scaling.generator.sizes import size
from scaling.generator.study import KERAS, Study
from scaling.launch.options import RunOptions
from scaling.launch.run import run
from scaling.results.records import ResultsFolder
from scaling.schema import LatencyRecord, Variant

MOST = 6
"""Networks that are timed, from the smallest to the largest; the others are reckoned by the nearest."""

SECONDS = 1.0
"""That each is timed at most, besides being built and compiled."""


def calibrate(study: Study, console: Console) -> list[LatencyRecord]:
    """Times steps of some of a study's networks, on the cores or the accelerator that a training has.

    Args:
        study: whose networks, batch size and precision are timed; float32, which takes longest, where the recipe leaves
            the precision to the device.
        console: where progress is shown.

    Returns:
        The timings, which are kept on this machine; those that failed are left out.

    Raises:
        UserError: for a search that has not begun, and where no network could be timed.
        KeyboardInterrupt: if it is interrupted; what was timed until then is kept.
    """
    if not study.trials:
        raise UserError(
            f"{study.name} is a search, which has no networks before it begins: calibrate with another study"
        )
    first = study.trials[0].recipe
    steps = study.file.latency.model_copy(
        update={
            "phases": ("training",),
            "runtimes": KERAS,
            "batch_size": first.batch_size,
            "precision": "float32" if first.precision == "auto" else first.precision,
            "max_seconds": SECONDS,
        }
    )
    chosen = _spread(study)
    trials = tuple({trial.variant: trial for trial in study.trials if trial.variant in chosen}.values())
    asked = replace(study, file=study.file.model_copy(update={"latency": steps}), trials=trials)
    with TemporaryDirectory(prefix="scaling-") as folder:
        summary = run(asked, Path(folder), RunOptions(timings_only=True, timed_as_trained=True), console)
        timings = [record for record in ResultsFolder(Path(folder)).latency.read()[0] if record.ok]
    calibration.keep(timings)
    if summary.stopped:
        raise KeyboardInterrupt
    if not timings:
        raise UserError(f"none of {len(trials)} networks of {study.name} could be timed; `scaling doctor` may say why")
    return timings


def _spread(study: Study) -> Sequence[Variant]:
    """Networks of the study from the smallest to the largest, `MOST` at most."""
    info = dataset_info(study.file.dataset.name)
    by_size = sorted(study.variants, key=lambda variant: size(variant, info).macs)
    last = len(by_size) - 1
    return [by_size[round(place * last / (MOST - 1))] for place in range(MOST)] if last >= MOST else by_size
