"""Timing one step of a variant: warm-up left out, each step waited for, repeated until the median is known."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from scaling.runner.compute.backend import is_out_of_memory, peak_memory_gb, wait
from scaling.runner.compute.program import Program
from scaling.runner.compute.rates import Rates
from scaling.schema import Compiled, Phase

WARMUP_STEPS = 3
MIN_STEPS = 10
PRECISION = 0.03
"""Half the 95% interval over the median at which timing stops."""


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
    compiled: Compiled | None = None
    devices: int | None = None
    peak_memory_gb: float | None = None


def time_phase(program: Program, phase: Phase, batch_size: int, max_seconds: float) -> tuple[int, Timing]:
    """Times a phase, at half the batch as often as it takes to fit.

    Args:
        program: compiled for the variant; its state is started over.
        phase: an optimiser step, or a forward pass.
        batch_size: pictures a step to begin with.
        max_seconds: cap on the measuring.

    Returns:
        The batch size that fitted, and its timing.
    """
    while True:
        try:
            timing = measure(_stepper(program, phase, batch_size), max_seconds)
            return batch_size, dataclasses.replace(
                timing, compiled=program.compiled, devices=program.devices, peak_memory_gb=peak_memory_gb()
            )
        except Exception as error:
            if not is_out_of_memory(error) or batch_size // 2 < program.devices:
                raise
            batch_size //= 2


def measure(run: Callable[[], None], max_seconds: float, clock: Callable[[], float] = time.perf_counter) -> Timing:
    """Repeats `run` until the 95% interval of the median is within 3% of it, or for `max_seconds`, ten times at least.

    Args:
        run: does one step and returns when it is done.
        max_seconds: after warm-up.
        clock: seconds.
    """
    for _ in range(WARMUP_STEPS):
        run()
    began = clock()
    times: list[float] = []
    while True:
        start = clock()
        run()
        end = clock()
        times.append(end - start)
        if len(times) >= MIN_STEPS:
            timing = _summary(times)
            if timing.converged or end - began >= max_seconds:
                return timing


def _summary(times: Sequence[float]) -> Timing:
    milliseconds = np.sort(np.asarray(times)) * 1e3
    count = len(milliseconds)
    # Order statistics: the median lies between the k-th smallest and the k-th largest with at least 95%.
    k = max(1, int(stats.binom.ppf(0.025, count, 0.5)))
    median, low, high = float(np.median(milliseconds)), float(milliseconds[k - 1]), float(milliseconds[count - k])
    return Timing(
        median_ms=median,
        p10_ms=float(np.percentile(milliseconds, 10)),
        p90_ms=float(np.percentile(milliseconds, 90)),
        low_ms=low,
        high_ms=high,
        n=count,
        converged=max(high - median, median - low) <= PRECISION * median,
    )


def _stepper(program: Program, phase: Phase, batch_size: int) -> Callable[[], None]:
    info, resolution = program.key.dataset_info, program.key.variant.resolution
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch_size, resolution, resolution, info.channels), dtype=np.uint8)
    labels = random.integers(0, info.classes, batch_size, dtype=np.int32)
    program.reset(seed=0)
    if phase == "inference":
        return lambda: wait(program.forward(images))
    # A small rate: the weights move as in training, and random labels cannot blow them up.
    rates = Rates(1e-6, momentum=0.9, weight_decay=4e-5, label_smoothing=0.1, ema_decay=0.9999)
    return lambda: wait(program.step(images, labels, rates)[0])
