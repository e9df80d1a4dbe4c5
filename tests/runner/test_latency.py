"""A batch that does not fit is halved."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.slow


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
    assert timing.n >= 12
