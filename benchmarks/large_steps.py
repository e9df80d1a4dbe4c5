"""ResNet-RS-50 at 160 pixels, batches of 16, float32, on this processor: a training step, a forward pass, memory."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from benchmarks.processes import GARDEN, Side, in_turn, lacks, same_work
from benchmarks.rows import Row, compared

RESOLUTION, BATCH, LOSS_STEPS, REPEATS = 160, 16, 2, 5
NAME = f"ResNet-RS-50@{RESOLUTION}, batch {BATCH}, against"


def rows() -> list[Row]:
    """Against the Model Garden, and against the better of timm's two layouts."""
    return [*_against_garden(), *_against_timm()]


def _ours() -> Side:
    return Side("ours", 50, 1.0, RESOLUTION, "resnet_rs", "imagenet", BATCH, LOSS_STEPS)


def _against_garden() -> list[Row]:
    named = f"{NAME} the Model Garden"
    if not GARDEN.exists():
        return [Row(f"{named}: training step", "s", ">= 1.3", note=f"not installed: {GARDEN} is missing")]
    with _ours() as ours, Side("garden", RESOLUTION, BATCH, LOSS_STEPS, python=GARDEN) as garden:
        same_work([ours, garden])
        steps, forwards = in_turn([ours, garden], "step", REPEATS), in_turn([ours, garden], "forward", REPEATS)
        memory = [[one.about["memory"]] for one in (ours, garden)]
    note = f"theirs in an environment of its own with TensorFlow {garden.about['version']}, which it asks for"
    grown = "growth of the process' peak by building the network and its first steps"
    return [
        compared(f"{named}: training step", *steps, "s", ">= 1.3", note),
        compared(f"{named}: inference", *forwards, "s", ">= 1.2", note),
        compared(f"{named}: memory of a training step", *memory, "MB", "<= 1", grown),
    ]


def _against_timm() -> list[Row]:
    named = f"{NAME} timm"
    if why := lacks("timm", "torch"):
        return [Row(f"{named}: training step", "s", ">= 1", note=why)]
    with contextlib.ExitStack() as stack:
        layouts = ("channels_last", "contiguous")
        options = ("resnetrs50", RESOLUTION, BATCH, LOSS_STEPS)
        theirs = [stack.enter_context(Side("timm_step", *options, one)) for one in layouts]
        ours = stack.enter_context(_ours())
        same_work([ours, *theirs])
        steps, forwards = (in_turn([ours, *theirs], what, REPEATS) for what in ("step", "forward"))
    return [
        _best(f"{named}: {what}", one, layouts) for what, one in (("training step", steps), ("inference", forwards))
    ]


def _best(name: str, times: list[list[float]], layouts: Sequence[str]) -> Row:
    ours, *theirs = times
    best = min(theirs, key=sorted)
    return compared(name, ours, best, "s", ">= 1", f"theirs: {layouts[theirs.index(best)]}, the better of two")
