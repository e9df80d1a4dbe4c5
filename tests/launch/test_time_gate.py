"""Which trainings of a run begin, by what was timed so far."""

from __future__ import annotations

from scaling.generator.study import check
from scaling.generator.time_limits import TimeLimits
from scaling.launch.time_gate import TimeGate
from scaling.launch.workload import jobs
from scaling.runner.jobs import TimeJob, TrainJob
from tests.builders import environment, latency_record

PLACE, ELSEWHERE = environment().place, environment("other cpu").place
STUDY = check(
    {
        "study": "gate",
        "question": "Who may train?",
        "dataset": {"name": "synthetic"},
        "grid": [{"depth": [14, 26], "width": 0.25, "stem": "small", "resolution": 16}],
        "across": {"epochs": 1, "seed": [0, 1]},
        "constraints": {"max_inference_ms": 5},
        "latency": {"phases": ["inference"]},
    }
)
JOBS = jobs(STUDY)
SMALL, SMALL_TOO, LARGE, LARGE_TOO = (job for job in JOBS if isinstance(job, TrainJob))
TIMINGS = [job for job in JOBS if isinstance(job, TimeJob)]


def gate(place: str | None = PLACE, limit: int | None = None) -> TimeGate:
    return TimeGate(TimeLimits(STUDY), place, limit)


def time(of: TimeGate, small: float = 1.0, large: float = 9.0) -> None:
    of.limits.take(
        latency_record(job.variant, phase="inference", median_ms=ms)
        for job, ms in zip(TIMINGS, (small, large), strict=True)
    )


def test_only_what_was_timed_and_is_within_the_limits_begins() -> None:
    asked = gate()
    assert not asked.admits(SMALL)
    assert not asked.leaves_out(SMALL)
    time(asked)
    assert asked.admits(SMALL)
    assert not asked.admits(LARGE)
    assert asked.leaves_out(LARGE)


def test_timings_of_another_place_say_nothing() -> None:
    asked = gate()
    time(asked)
    asked.ready_at(ELSEWHERE)
    assert not asked.admits(SMALL)
    assert not asked.leaves_out(LARGE)
    asked.times_here = False  # workers that share what the timings had to themselves
    asked.ready_at(PLACE)
    assert asked.place == ELSEWHERE


def test_a_place_that_nobody_knows_yet_leaves_out_nothing() -> None:
    asked = gate(place=None)
    time(asked)
    assert asked.still_open(JOBS) == JOBS
    assert not asked.admits(SMALL)
    asked.ready_at(PLACE)
    assert asked.admits(SMALL)


def test_no_more_trainings_begin_than_the_limit_of_the_run_and_each_may_begin_again() -> None:
    asked = gate(limit=1)
    time(asked)
    assert not asked.admits(LARGE)
    assert [asked.admits(job) for job in (SMALL, SMALL_TOO, SMALL)] == [True, False, True]


def test_what_is_left_out_is_not_to_do_unless_it_is_timed_again() -> None:
    asked = gate()
    time(asked)
    trainings = [SMALL, SMALL_TOO, LARGE, LARGE_TOO]
    assert asked.still_open(trainings) == [SMALL, SMALL_TOO]
    assert asked.still_open([*trainings, TIMINGS[1]]) == [*trainings, TIMINGS[1]]
