"""ResNet-RS-50 at 160 pixels, batches of 16, on this processor: a training step, a forward pass, memory, bfloat16."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterator, Sequence

from benchmarks.processes import GARDEN, Side, in_turn, lacks, same_work
from benchmarks.rows import Measurement, Row, compared, lacking
from scaling import machine

RESOLUTION, BATCH, LOSS_STEPS, REPEATS = 160, 16, 2, 5
NAME = f"ResNet-RS-50@{RESOLUTION}, batch {BATCH}, against"


GROWN = "growth of the process' peak by building the network and its first steps"
AGAINST_GARDEN = (
    Row(f"{NAME} the Model Garden: training step", "s", ">= 1.3"),
    Row(f"{NAME} the Model Garden: inference", "s", ">= 1.2"),
    Row(f"{NAME} the Model Garden: memory of a training step", "MB", "<= 1", note=GROWN),
)
AGAINST_TIMM = (Row(f"{NAME} timm: training step", "s", ">= 1"), Row(f"{NAME} timm: inference", "s", ">= 1"))
AGAINST_FLOAT32 = (
    Row(f"{NAME} itself in float32: step of training in mixed bfloat16", "s", ">= 1.5"),
    Row(f"{NAME} itself in float32: inference in mixed bfloat16", "s", ">= 1.5"),
)
LAYOUTS = ("channels_last", "contiguous")


def measurements() -> list[Measurement]:
    """Against the Model Garden, the better of timm's two layouts, and itself in another precision."""
    no_garden = "" if GARDEN.exists() else f"not installed: {GARDEN} is missing"
    no_timm = lacks("timm", "torch")
    no_bfloat16 = "" if machine.bfloat16_instructions() else "this processor has no instructions for bfloat16"
    return [
        lacking(AGAINST_GARDEN, no_garden) if no_garden else Measurement(AGAINST_GARDEN, _against_garden),
        lacking(AGAINST_TIMM, no_timm) if no_timm else Measurement(AGAINST_TIMM, _against_timm),
        lacking(AGAINST_FLOAT32, no_bfloat16) if no_bfloat16 else Measurement(AGAINST_FLOAT32, _against_float32),
    ]


def _ours(precision: str = "float32") -> Side:
    network = (50, 1.0, RESOLUTION, "resnet_rs", "imagenet", BATCH, LOSS_STEPS)
    return Side("ours", *network, "resnet_rs", precision, 0)


def _against_garden(step: Row, forward: Row, memory: Row) -> Iterator[Row]:
    with _ours() as ours, Side("garden", RESOLUTION, BATCH, LOSS_STEPS, python=GARDEN) as garden:
        same_work([ours, garden])
        note = f"theirs in an environment of its own with TensorFlow {garden.about['version']}, which it asks for"
        for row, what in ((step, "step"), (forward, "forward")):
            mine, others = in_turn([ours, garden], what, REPEATS)
            yield compared(row, mine, others, note)
        yield compared(memory, [ours.about["memory"]], [garden.about["memory"]])


def _against_timm(step: Row, forward: Row) -> Iterator[Row]:
    with contextlib.ExitStack() as stack:
        options = ("resnetrs50", RESOLUTION, BATCH, LOSS_STEPS)
        theirs = [stack.enter_context(Side("timm_step", *options, one)) for one in LAYOUTS]
        ours = stack.enter_context(_ours())
        same_work([ours, *theirs])
        yield _best(step, in_turn([ours, *theirs], "step", REPEATS))
        yield _best(forward, in_turn([ours, *theirs], "forward", REPEATS))


def _against_float32(step: Row, forward: Row) -> Iterator[Row]:
    note = f"the processor has {' and '.join(machine.bfloat16_instructions() or ())}"
    with _ours("mixed_bfloat16") as mixed, _ours() as whole:
        same_work([mixed, whole])
        for row, what in ((step, "step"), (forward, "forward")):
            in_bfloat16, in_float32 = in_turn([mixed, whole], what, REPEATS)
            yield compared(row, in_bfloat16, in_float32, note)


def _best(row: Row, times: Sequence[list[float]]) -> Row:
    ours, *theirs = times
    best = min(theirs, key=statistics.median)
    return compared(row, ours, best, f"theirs: {LAYOUTS[theirs.index(best)]}, the better of two")
