"""A timing is of an undisturbed machine, or says that it is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from scaling.runner.timing import AGREEMENT, BLOCKS, BUSY, STEPS, WARMUP_STEPS, Block, Timing, judge, measure


class Machine:
    """Steps that take what `duration` says of the time at which they begin, on a clock of their own."""

    def __init__(self, duration: Callable[[float], float], load: Callable[[float], float | None] = lambda now: 0.0):
        self.now, self._duration, self._load = 0.0, duration, load

    def run(self) -> None:
        self.now += self._duration(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def timed(self, max_seconds: float = 10.0) -> Timing:
        return measure(self.run, max_seconds, lambda: self.now, self.sleep, lambda: self._load(self.now))


def test_steady_steps_need_the_least_number_of_blocks_and_warm_up_is_left_out() -> None:
    warm_up: Iterator[float] = iter([9.0] * WARMUP_STEPS)
    timing = Machine(lambda now: next(warm_up, 0.2)).timed()
    assert (timing.n, len(timing.blocks_ms)) == (BLOCKS * STEPS, BLOCKS)
    assert (timing.converged, timing.disturbed, timing.load) == (True, False, 0.0)
    assert timing.median_ms == timing.p90_ms == pytest.approx(200)


def test_quick_steps_are_timed_long_enough_for_the_load_to_be_told() -> None:
    timing = Machine(lambda now: 0.001).timed()
    assert timing.n >= BLOCKS * 100
    assert timing.converged


def test_a_burst_is_set_aside_and_the_blocks_repeated() -> None:
    """A second in which steps take twice as long."""
    timing = Machine(lambda now: 0.02 if 0.2 < now < 1.2 else 0.01).timed()
    assert timing.median_ms == pytest.approx(10)
    assert timing.converged
    assert len(timing.blocks_ms) > BLOCKS


def test_a_machine_that_is_disturbed_half_of_the_time_says_so() -> None:
    timing = Machine(lambda now: 0.011 if now % 1 < 0.5 else 0.006).timed()
    assert timing.disturbed
    assert timing.low_ms <= 6.5


def test_a_slow_drift_disagrees() -> None:
    timing = Machine(lambda now: 0.01 * (1 + now)).timed()
    assert timing.disturbed or not timing.converged


def test_steps_with_a_heavy_tail_do_not_disturb() -> None:
    random = np.random.default_rng(0)
    timing = Machine(lambda now: 0.005 * (1 + (random.random() < 0.05) * random.pareto(1.0))).timed()
    assert timing.median_ms == pytest.approx(5, rel=0.02)
    assert (timing.converged, timing.disturbed) == (True, False)


def test_a_busy_machine_is_noticed_by_its_load_even_where_all_blocks_agree() -> None:
    timing = Machine(lambda now: 0.02, load=lambda now: BUSY + 0.1).timed(max_seconds=2.0)
    assert timing.disturbed
    assert timing.load == pytest.approx(BUSY + 0.1)
    assert not Machine(lambda now: 0.02, load=lambda now: None).timed().disturbed


def test_noisy_blocks_are_timed_to_the_cap_and_do_not_converge() -> None:
    random = np.random.default_rng(1)
    levels = iter(random.uniform(0.010, 0.020, 100_000))
    state = {"until": 0.0, "level": 0.01}

    def duration(now: float) -> float:
        if now >= state["until"]:
            state.update(until=now + 0.12, level=next(levels))
        return state["level"]

    timing = Machine(duration).timed(max_seconds=3.0)
    assert timing.disturbed or not timing.converged


@pytest.mark.parametrize("between", [0.0, 0.01])
def test_the_interval_holds_the_truth_and_quiet_machines_are_seldom_called_disturbed(between: float) -> None:
    """Steps scatter by 5%, blocks by 1% or not at all: of 400 timings 92% or more cover, 2% at most are disturbed."""
    random = np.random.default_rng(0)
    covered = disturbed = 0
    for _ in range(400):
        levels = 10 * np.exp(between * random.standard_normal(6))
        blocks = [Block(tuple(level * np.exp(0.05 * random.standard_normal(50)))) for level in levels]
        timing = judge(blocks)
        covered += timing.low_ms <= 10 <= timing.high_ms
        disturbed += timing.disturbed
    assert covered / 400 >= 0.92
    assert disturbed / 400 <= 0.02


def test_blocks_agree_within_the_limit() -> None:
    def blocks(*medians: float) -> list[Block]:
        return [Block((median,) * STEPS) for median in medians]

    assert judge(blocks(10, 10, 10, 10, 10 * AGREEMENT * 1.01)).median_ms == 10
    assert judge(blocks(10, 10, 12, 12)).disturbed
    assert not judge(blocks(10, 10, 10, 10, 12)).disturbed
    assert judge(blocks(10, 12)).disturbed


def test_the_load_of_real_processes_on_the_same_cores_is_noticed() -> None:
    """Two busy processes a core take half of its time at least; a timing of real steps says so."""
    cores = sorted(os.sched_getaffinity(0))
    spin = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
    rivals = [subprocess.Popen([sys.executable, "-c", spin, str(core)]) for core in cores for _ in range(2)]
    try:
        time.sleep(1.0)  # until they run

        def step() -> None:
            end = time.process_time() + 0.005
            while time.process_time() < end:
                pass

        timing = measure(step, max_seconds=1.5)
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()
    assert timing.disturbed
    assert timing.load is not None
    assert timing.load > BUSY
