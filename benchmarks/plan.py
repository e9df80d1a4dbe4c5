"""`scaling plan` of a cross product of 525 cells, against building the models in Keras to count them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import Side, scaling, seconds
from benchmarks.rows import Measurement, Row, compared

STUDY = """\
study: cross
question: What would the whole cross product cost?
dataset: {name: imagenet}
grid: [{depth: [26, 50, 101, 200, 300, 350, 400], width: [0.25, 0.5, 1.0, 1.5, 2.0],
        resolution: [128, 160, 224, 320, 448]}]
across: {epochs: [10, 100, 350], stem: resnet_d}
rules: [paper_regularization]
recipe: {batch_size: 4096, learning_rate: 1.6, warmup_epochs: 5, precision: mixed_bfloat16}
"""
CELLS, REPEATS = 525, 7


EXTRAPOLATED = "extrapolated from 10 networks built and counted; Keras' import left out"
ROWS = (
    Row("plan of 525 cells: against building them in Keras", "s", ">= 500", note=EXTRAPOLATED),
    Row("plan of 525 cells: whole process", "s", "<= 1", note="the peer: one second"),
)


def measurements() -> list[Measurement]:
    """Against Keras, and against a second."""
    return [Measurement(ROWS, _measured)]


def _measured(over_building: Row, over_a_second: Row) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, Side("keras_count") as keras:
        Path(folder, "cross.yaml").write_text(STUDY)
        built = CELLS / 10 * keras.ask("ten")
        times = [seconds(scaling("plan", "cross.yaml", "--json"), Path(folder)) for _ in range(REPEATS)]
    yield compared(over_building, times, [built] * REPEATS)
    yield compared(over_a_second, times, [1.0] * REPEATS)
