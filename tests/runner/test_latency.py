"""Timing stops when the median is known, and says how well it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def fake(durations: Iterator[float]) -> tuple[Callable[[], None], Callable[[], float]]:
    now = 0.0

    def run() -> None:
        nonlocal now
        now += next(durations)

    return run, lambda: now


def endless(values: list[float]) -> Iterator[float]:
    while True:
        yield from values


def test_warm_up_is_left_out_and_steady_steps_need_the_minimum() -> None:
    from scaling.runner.latency import MIN_STEPS, WARMUP_STEPS, measure

    timing = measure(*_swap(fake(iter([9.0] * WARMUP_STEPS + [0.010] * 100)), max_seconds=60))
    assert (timing.n, timing.converged) == (MIN_STEPS, True)
    assert timing.median_ms == pytest.approx(10)
    assert timing.p90_ms == pytest.approx(10)


def test_a_noisy_device_is_timed_to_the_cap_and_says_so() -> None:
    from scaling.runner.latency import measure

    timing = measure(*_swap(fake(endless([0.05, 0.15])), max_seconds=3))
    assert not timing.converged
    assert timing.n == pytest.approx(30, abs=2)
    assert (timing.low_ms, timing.high_ms) == (pytest.approx(50), pytest.approx(150))


def test_the_interval_covers_the_median_19_times_in_20() -> None:
    from scaling.runner.latency import measure

    random = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        timing = measure(*_swap(fake(iter(random.lognormal(0, 0.5, 10_000))), max_seconds=40))
        covered += timing.low_ms <= 1000 <= timing.high_ms
    assert covered / 300 >= 0.92


def test_a_batch_that_does_not_fit_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    from scaling.runner import latency

    tried: list[int] = []

    def stepper(program: object, phase: str, batch_size: int) -> Callable[[], None]:
        def run() -> None:
            tried.append(batch_size)
            if batch_size > 32:
                raise MemoryError

        return run

    monkeypatch.setattr(latency, "_stepper", stepper)
    program = SimpleNamespace(devices=1, compiled="graph")
    batch_size, timing = latency.time_phase(program, "training", 128, max_seconds=0.01)
    assert batch_size == 32
    assert tried[:3] == [128, 64, 32]
    assert timing.n >= latency.MIN_STEPS
    assert (timing.compiled, timing.devices) == ("graph", 1)


def _swap(faked: tuple[Callable[[], None], Callable[[], float]], max_seconds: float) -> tuple[object, float, object]:
    run, clock = faked
    return run, max_seconds, clock
