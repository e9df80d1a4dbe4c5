"""The driver's benchmark, small."""

from __future__ import annotations

from benchmarks.driver import drive


def test_a_thousand_made_up_trials_are_driven_to_the_end() -> None:
    assert drive(trials=1000, workers=8)["cpu_seconds"] > 0
