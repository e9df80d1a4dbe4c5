"""The networks that laptop studies train, against the same in plain Keras: a step, and the time to the first."""

from __future__ import annotations

from benchmarks.processes import Side, in_turn
from benchmarks.rows import Row, compared

VARIANTS = ((14, 0.25), (26, 0.25), (50, 0.25), (14, 0.5))
LOSS_STEPS = 3
PARTS = 5


def rows() -> list[Row]:
    """Two rows for each variant."""
    return [row for depth, width in VARIANTS for row in _rows(depth, width)]


def _rows(depth: int, width: float) -> list[Row]:
    options = (depth, width, 32, "small", "synthetic", 128, LOSS_STEPS)
    name, firsts = f"resnet_rs_{depth}x{width:g}@32, batch 128, against keras model.fit", []
    for _ in range(2):
        with Side("ours", *options) as ours, Side("keras_fit", *options) as keras:
            _check(ours, keras)
            firsts.append((ours.about["first_step"], keras.about["first_step"]))
            if len(firsts) == 1:
                steps = in_turn([ours, keras], "step", PARTS)
    first = [list(one) for one in zip(*firsts, strict=True)]
    return [
        compared(f"{name}: training step", *[[1e3 * s for s in one] for one in steps], "ms", ">= 1.5"),
        compared(f"{name}: until the first step is done", *first, "s", ">= 2", "built, compiled and run; no imports"),
    ]


def _check(ours: Side, theirs: Side) -> None:
    """The same weights to begin with, and a loss that falls alike."""
    mine, other = ours.about["losses"], theirs.about["losses"]
    if ours.about["params"] != theirs.about["params"] or abs(mine[0] - other[0]) > 1e-3 * other[0]:
        raise ValueError(f"not the same work: {ours.about} {theirs.about}")
    if not (mine[-1] < mine[0] and other[-1] < other[0]):
        raise ValueError(f"the loss does not fall: {mine} {other}")
