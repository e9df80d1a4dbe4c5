"""What recorded times say of a study's limits: who is left out, who waits, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from scaling.generator.study import Study, check
from scaling.generator.time_limits import TimeLimits, told, without_left_out
from scaling.schema import FailureKind, LatencyRecord
from tests.builders import environment, latency_record

PLACE = environment().place
STUDY: dict[str, Any] = {
    "study": "limited",
    "question": "Which are fast enough?",
    "dataset": {"name": "synthetic"},
    "grid": [{"depth": [14, 26], "width": 0.25, "stem": "small", "resolution": 16}],
    "across": {"epochs": 1, "seed": [0, 1]},
    "constraints": {"max_inference_ms": 5},
}


def study(**constraints: float) -> Study:
    return check(STUDY | ({"constraints": constraints} if constraints else {}))


SMALL, LARGE = study().variants


def timing(of: Any = LARGE, ms: float = 7.3, **changes: Any) -> LatencyRecord:
    fields = {name: changes.pop(name) for name in ("disturbed", "batch_size") if name in changes}
    return latency_record(of, median_ms=ms, **{"phase": "inference"} | changes).model_copy(update=fields)


def parted(records: list[LatencyRecord], done: tuple[str, ...] = (), of: Study | None = None, **where: str) -> Study:
    limits = TimeLimits(of or study())
    limits.take(records)
    return without_left_out(limits.study, limits, done, **where)


def depths(of: Study) -> list[float]:
    return [trial.variant.depth for trial in of.trials]


def test_a_network_beyond_the_limit_is_left_out_and_named() -> None:
    found = parted([timing(), timing(SMALL, 5.0)])
    assert depths(found) == [14, 14]
    assert told(found) == [
        "resnet_rs_26x0.25@16 (2 trials) left out by constraints.max_inference_ms: 7.3 ms is more than 5 ms"
    ]
    assert found.left_out[0].violations == {"max_inference_ms": pytest.approx(0.46)}
    assert found.left_out[0].place == PLACE


def test_what_is_not_timed_or_not_limited_stays() -> None:
    assert depths(parted([])) == [14, 14, 26, 26]
    assert depths(parted([timing(phase="training", ms=1e3)])) == [14, 14, 26, 26]
    assert depths(parted([timing()], of=study(max_macs=1e12))) == [14, 14, 26, 26]


def test_what_was_trained_stays() -> None:
    done = study().trials[2].id
    found = parted([timing()], done=(done,))
    assert [trial.id for trial in found.trials] == [*(trial.id for trial in study().trials[:2]), done]
    assert found.left_out[0].trials == 1


def test_each_place_decides_for_itself() -> None:
    records = [timing(device="slow"), timing(device="fast", ms=1.0)]
    slow, fast = (environment(device).place for device in ("slow", "fast"))
    assert depths(parted(records)) == depths(parted(records, place=fast)) == [14, 14, 26, 26]
    assert depths(parted(records, place=slow)) == [14, 14]


def test_a_batch_that_did_not_fit_counts_as_a_whole_one() -> None:
    assert depths(parted([timing(ms=3.0, batch_size=64)])) == [14, 14]
    assert depths(parted([timing(ms=2.4, batch_size=64)])) == [14, 14, 26, 26]


def test_the_latest_good_timing_decides_disturbed_or_not() -> None:
    disturbed = timing(disturbed=True)
    (line,) = told(parted([disturbed]))
    assert line.endswith("7.3 ms is more than 5 ms (a disturbed timing; --retry disturbed takes it again)")
    assert depths(parted([disturbed, timing(ms=4.9)])) == [14, 14, 26, 26]
    assert depths(parted([timing(ms=4.9), timing(failure="oom")])) == [14, 14, 26, 26]


@pytest.mark.parametrize("kind", ["oom", "nan", "error"])
def test_a_timing_that_failed_for_good_leaves_its_network_out(kind: FailureKind) -> None:
    found = parted([timing(failure=kind)])
    assert depths(found) == [14, 14]
    assert told(found) == [
        f"resnet_rs_26x0.25@16 (2 trials) left out by constraints.max_inference_ms: its timing failed ({kind}: "
        f"made up: {kind}); --retry failed takes it again"
    ]


@pytest.mark.parametrize("kind", ["crash", "timeout", "preempted", "interrupted"])
def test_a_timing_that_the_next_run_takes_again_leaves_nothing_out(kind: FailureKind) -> None:
    found = parted([timing(failure=kind)])
    assert depths(found) == [14, 14, 26, 26]
    limits = TimeLimits(study())
    limits.take([timing(failure=kind)])
    assert not limits.verdict(LARGE).is_within
    assert not limits.verdict(LARGE).is_left_out


def test_of_several_limits_each_that_is_broken_is_named() -> None:
    of = study(max_inference_ms=5, max_training_ms=20)
    limits = TimeLimits(of)
    limits.take([timing(SMALL, 4.0)])
    assert not limits.verdict(SMALL).is_within
    limits.take([timing(SMALL, 20.0, phase="training")])
    assert limits.verdict(SMALL).is_within
    (line,) = told(parted([timing(), timing(ms=30.0, phase="training")], of=of))
    assert "constraints.max_training_ms: 30 ms is more than 20 ms" in line
    assert "constraints.max_inference_ms: 7.3 ms is more than 5 ms" in line


def test_a_limit_that_leaves_nothing_names_the_nearest() -> None:
    assert told(parted([timing(), timing(SMALL, 5.2)]))[-1] == (
        f"constraints leave no trial on {PLACE}: the nearest, resnet_rs_14x0.25@16, is 4.00% beyond "
        "constraints.max_inference_ms"
    )
    assert told(parted([timing(failure="oom"), timing(SMALL, failure="oom")]))[-1] == (
        f"constraints leave no trial on {PLACE}: no network could be timed there"
    )


def test_numbers_differ_as_they_are_written() -> None:
    (line,) = told(parted([timing(ms=5.0001)]))
    assert "5.0001 ms is more than 5 ms" in line
