"""The networks that laptop studies train, against the same in plain Keras: a step, and the time to the first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.processes import Side, in_turn
from benchmarks.rows import Measurement, Row, compared

VARIANTS = ((14, 0.25), (26, 0.25), (50, 0.25), (14, 0.5))
LOSS_STEPS = 3
PARTS = 5


def measurements() -> list[Measurement]:
    """Two rows for each variant."""
    return [_measurement(depth, width) for depth, width in VARIANTS]


def _measurement(depth: int, width: float) -> Measurement:
    name = f"resnet_rs_{depth}x{width:g}@32, batch 128, against keras model.fit"
    rows = (
        Row(f"{name}: training step", "ms", ">= 1.5"),
        Row(f"{name}: until the first step is done", "s", ">= 2", note="built, compiled and run; no imports"),
    )
    return Measurement(rows, partial(_measured, depth, width))


def _measured(depth: int, width: float, step: Row, first: Row) -> Iterator[Row]:
    options, firsts = (depth, width, 32, "small", "synthetic", 128, LOSS_STEPS), []
    for _ in range(2):
        with Side("ours", *options) as ours, Side("keras_fit", *options) as keras:
            _check(ours, keras)
            firsts.append((ours.about["first_step"], keras.about["first_step"]))
            if len(firsts) == 1:
                mine, others = ([1e3 * s for s in one] for one in in_turn([ours, keras], "step", PARTS))
                yield compared(step, mine, others)
    yield compared(first, [mine for mine, _ in firsts], [other for _, other in firsts])


def _check(ours: Side, theirs: Side) -> None:
    """The same weights to begin with, and a loss that falls alike."""
    mine, other = ours.about["losses"], theirs.about["losses"]
    if ours.about["params"] != theirs.about["params"] or abs(mine[0] - other[0]) > 1e-3 * other[0]:
        raise ValueError(f"not the same work: {ours.about} {theirs.about}")
    if not (mine[-1] < mine[0] and other[-1] < other[0]):
        raise ValueError(f"the loss does not fall: {mine} {other}")
