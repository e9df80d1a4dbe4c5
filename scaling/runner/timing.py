"""How long a step takes on an undisturbed machine: the protocol of a timing, and when not to believe it.

Three steps of warm-up are left out. Then blocks of steps are timed, with pauses between them, so that a disturbance of
some length meets some blocks and not others. A block is set aside where other processes took much of its cores' time,
or where its median lies clearly above that of the fastest block; what is set aside is repeated while there is time.
The estimate is the median of the steps of the blocks that agree; its interval is that of the mean of their medians, so
that it contains what differs from block to block, and not only from step to step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from scaling.machine import OthersLoad

WARMUP_STEPS = 3
BLOCKS = 4
"""Blocks that must agree before a timing is done."""
STEPS = 3
"""Of a block, at least."""
BLOCK_SECONDS = 0.1
"""Of a block, at least, so that the load of the machine can be told."""
BLOCK_SHARE = 1 / 20
"""Of the time cap, which makes the blocks of short caps shorter."""
PRECISION = 0.03
"""Half the 95% interval over the median at which timing stops."""
AGREEMENT = 1.10
"""Medians of blocks that are at most so many times the least one agree."""
BUSY = 0.25
"""Part of its cores' time that other processes may take during a block."""
MOST_SET_ASIDE = 0.25
"""Part of the blocks that may be set aside before the whole timing is called disturbed."""


@dataclass(frozen=True)
class Block:
    """Steps timed in a row.

    Attributes:
        milliseconds: of each step.
        load: part of its cores' time that other processes took meanwhile; None where that cannot be told.
        joules: that a step took, on average; None where nothing tells.
    """

    milliseconds: tuple[float, ...]
    load: float | None = None
    joules: float | None = None

    @property
    def median(self) -> float:
        return float(np.median(self.milliseconds))


@dataclass(frozen=True)
class Timing:
    """Of one step, in milliseconds; fields as in `scaling.schema.LatencyRecord`."""

    median_ms: float
    p10_ms: float
    p90_ms: float
    low_ms: float
    high_ms: float
    n: int
    converged: bool
    disturbed: bool
    load: float | None
    blocks_ms: tuple[float, ...]
    joules: float | None = None
    joules_low: float | None = None
    joules_high: float | None = None


def measure(
    run: Callable[[], None],
    max_seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
    others: Callable[[], float | None] | None = None,
    meter: Callable[[], float] | None = None,
) -> Timing:
    """Times `run` block by block until enough blocks agree and the interval is within 3%, or for `max_seconds`.

    Args:
        run: does one step and returns when it is done.
        max_seconds: after warm-up; at least `BLOCKS` blocks are timed, however long that takes.
        clock: seconds.
        sleep: pauses between blocks.
        others: gives the part of the cores' time that other processes have taken since it was last called.
        meter: gives the joules that the device has taken so far; None: nothing tells.
    """
    others = others or OthersLoad()
    for _ in range(WARMUP_STEPS):
        run()
    least = min(BLOCK_SECONDS, BLOCK_SHARE * max_seconds)
    began, blocks = clock(), list[Block]()
    others()
    while True:
        blocks.append(_block(run, least, clock, others, meter))
        if len(blocks) >= BLOCKS:
            timing = judge(blocks)
            if (timing.converged and not timing.disturbed) or clock() - began >= max_seconds:
                return timing
        sleep(least / 2)
        others()


def _block(
    run: Callable[[], None],
    least: float,
    clock: Callable[[], float],
    others: Callable[[], float | None],
    meter: Callable[[], float] | None,
) -> Block:
    times: list[float] = []
    joules = meter() if meter else 0.0
    began = clock()
    while len(times) < STEPS or clock() - began < least:
        start = clock()
        run()
        times.append((clock() - start) * 1e3)
    return Block(tuple(times), others(), (meter() - joules) / len(times) if meter else None)


def judge(blocks: Sequence[Block]) -> Timing:
    """What some blocks say of a step, and whether they can be believed.

    Args:
        blocks: two or more, in the order in which they were timed.
    """
    quiet = [block for block in blocks if block.load is None or block.load <= BUSY]
    fastest = min(block.median for block in quiet or blocks)
    agreeing = [block for block in quiet if block.median <= AGREEMENT * fastest]
    set_aside = len(blocks) - len(agreeing)
    enough = len(agreeing) >= min(BLOCKS, len(blocks))
    disturbed = not enough or set_aside > MOST_SET_ASIDE * len(blocks)
    used = agreeing if enough else blocks
    steps = np.array([step for block in used for step in block.milliseconds])
    median, half = float(np.median(steps)), _half_width([block.median for block in used])
    joules = [block.joules for block in used if block.joules is not None]
    energy, spread = (float(np.mean(joules)), _half_width(joules)) if len(joules) > 1 else (None, 0.0)
    loads = [block.load for block in blocks if block.load is not None]
    return Timing(
        median_ms=median,
        p10_ms=float(np.percentile(steps, 10)),
        p90_ms=float(np.percentile(steps, 90)),
        low_ms=max(0.0, median - half),
        high_ms=median + half,
        n=len(steps),
        converged=half <= PRECISION * median,
        disturbed=disturbed,
        load=round(float(np.mean(loads)), 3) if loads else None,
        blocks_ms=tuple(round(block.median, 4) for block in blocks),
        joules=energy,
        joules_low=None if energy is None else max(0.0, energy - spread),
        joules_high=None if energy is None else energy + spread,
    )


def _half_width(of_blocks: Sequence[float]) -> float:
    """Half the 95% interval of the mean over blocks (Student's t)."""
    count = len(of_blocks)
    return float(stats.t.ppf(0.975, count - 1) * np.std(of_blocks, ddof=1) / np.sqrt(count))
