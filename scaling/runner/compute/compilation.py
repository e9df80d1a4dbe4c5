"""Plain graph or XLA: which of the two makes the training that lies ahead shorter."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scaling.runner.compute.backend import Failure, Tensor, wait
from scaling.runner.compute.execution import StepTime
from scaling.runner.compute.program import Program
from scaling.schema import Compiled

TIMED_STEPS = 5

XLA_COMPILES_SLOWER = 3.0
"""Seconds that XLA takes over those of a graph: 17 to 7 for a network of 26 layers on a CPU, 5.1 to 1.6 for 14."""

WORTH_TRYING = 0.1
"""XLA is tried if compiling takes less than this part of the training ahead; it seldom gains more."""


NEVER = StepTime(math.inf, math.inf)
"""Of a way that failed: it is not tried again."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why, for people."""

    compiled: Compiled
    reason: str


def choose(
    program: Program,
    step: Callable[[], Tensor],
    steps_ahead: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Choice:
    """Decides how a program whose execution says `auto` is compiled; the state of training is left as it was.

    What has been timed is kept with the program: another trial of the same variant is decided without timing, unless it
    is so much longer that XLA has become worth trying.

    Args:
        program: whose state is held.
        step: one step of this program, as training will make it; returns a tensor to wait for.
        steps_ahead: until the training is done.
        clock: seconds.
    """
    if len(program.compilers) == 1:
        return Choice(program.compiled, f"{program.compiled}: there is no other way")
    before = program.snapshot()
    _time(program, "graph", step, clock)
    graph = program.timed["graph"]
    compiling, ahead = XLA_COMPILES_SLOWER * graph.first, steps_ahead * graph.later
    if "xla" not in program.timed and compiling > WORTH_TRYING * ahead:
        choice = Choice("graph", f"graph: {ahead:.0f} s of training are too short for XLA's {compiling:.0f} s to pay")
    else:
        choice = _tried(program, graph, step, clock)
    program.compiled = choice.compiled
    program.restore(before)
    return choice


def _tried(program: Program, graph: StepTime, step: Callable[[], Tensor], clock: Callable[[], float]) -> Choice:
    """The faster of the two; the graph where XLA cannot compile this network or lacks the memory for it."""
    try:
        _time(program, "xla", step, clock)
    except Failure as error:
        program.timed["xla"] = NEVER
        return Choice("graph", f"graph: not by XLA: {str(error).splitlines()[0]}")
    return _faster(graph, program.timed["xla"])


def _faster(graph: StepTime, xla: StepTime) -> Choice:
    if xla is NEVER:
        return Choice("graph", "graph: XLA has failed with this network")
    steps = f"{graph.later * 1e3:.1f} ms a step as a graph, {xla.later * 1e3:.1f} ms by XLA"
    return Choice("xla", f"xla: {steps}") if xla.later < graph.later else Choice("graph", f"graph: {steps}")


def _time(program: Program, compiled: Compiled, step: Callable[[], Tensor], clock: Callable[[], float]) -> None:
    if compiled in program.timed:
        return
    program.compiled = compiled
    times = [clock()]
    for _ in range(1 + TIMED_STEPS):
        wait(step())
        times.append(clock())
    first, *later = np.diff(times)
    program.timed[compiled] = StepTime(float(first), float(np.median(later)))
