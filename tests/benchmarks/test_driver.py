"""The driver's benchmark, small: what is tested is that its work grows in proportion to its trials."""

from __future__ import annotations

import cProfile

from benchmarks.driver import drive

WORKERS = 20


def calls(trials: int) -> int:
    """Functions of ours called, and generators gone on with, while a study of so many trials is planned and driven.

    Without those that draw progress: how often that is drawn depends on the time it takes.
    """
    profile = cProfile.Profile()
    profile.runcall(drive, trials, WORKERS)
    ours = (entry for entry in profile.getstats() if "/scaling/" in getattr(entry.code, "co_filename", ""))
    return sum(entry.callcount for entry in ours if "/progress/" not in entry.code.co_filename)


def test_four_times_the_trials_are_about_four_times_the_work() -> None:
    """Counted, so that a busy machine changes nothing."""
    drive(trials=50, workers=WORKERS)  # imports
    few, many = calls(250), calls(1000)
    assert many < 5 * few
