"""What a results folder still lacks of a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.launch.missing import Outcomes, missing
from scaling.launch.retry import RetryPolicy
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import TimeJob, TrainJob
from scaling.schema import FailureKind
from tests.builders import environment, latency_record, results_folder, train_record, trial

A, A2, B = trial(depth=14, stem="small"), trial(depth=14, stem="small", seed=1), trial(depth=26, stem="small")
TRAIN_A, TRAIN_A2, TRAIN_B = TrainJob(A), TrainJob(A2), TrainJob(B)
TIME_A = TimeJob(latency_record(A.variant).request, "synthetic", 1.0)
PLACE = environment().place


def ids(folder: ResultsFolder, *retry: str) -> list[str]:
    policy = RetryPolicy(recorded=retry)
    return [job.id for job in missing([TRAIN_A, TRAIN_A2, TRAIN_B], Outcomes.read(folder), PLACE, policy)]


@pytest.mark.parametrize(
    ("retry", "expected"),
    [((), []), (("any",), [TRAIN_A2.id, TRAIN_B.id]), (("oom",), [TRAIN_B.id])],
)
def test_failures_of_the_trial_itself_are_left_alone_unless_named(
    tmp_path: Path, retry: tuple[FailureKind, ...], expected: list[str]
) -> None:
    folder = results_folder(
        tmp_path,
        [train_record(A), train_record(TRAIN_A2.trial, failure="nan"), train_record(B, failure="oom")],
    )
    assert ids(folder, *retry) == expected


@pytest.mark.parametrize("kind", ["crash", "timeout", "preempted", "interrupted"])
@pytest.mark.parametrize("before", ["crash", "nan", "interrupted"])
def test_the_latest_record_decides(tmp_path: Path, kind: FailureKind, before: FailureKind) -> None:
    """A trial that crashed and was then interrupted in its retry is gone on with, and so is one that only crashed."""
    records = [train_record(A), train_record(B), train_record(A2, failure=before), train_record(A2, failure=kind)]
    assert ids(results_folder(tmp_path, records)) == [TRAIN_A2.id]


@pytest.mark.parametrize("order", [(None, "crash"), ("crash", None), ("crash", None, "nan")])
def test_a_success_wins(tmp_path: Path, order: tuple[FailureKind | None, ...]) -> None:
    folder = results_folder(tmp_path, [train_record(A2, failure=kind) for kind in order])
    assert TRAIN_A2.id not in ids(folder, "any")
    assert Outcomes.read(folder).failed([TRAIN_A2], PLACE) == {}


def test_what_has_failed_is_counted_by_its_latest_kind(tmp_path: Path) -> None:
    records = [
        train_record(A, failure="crash"),
        train_record(A, failure="nan"),
        train_record(A2, failure="crash"),
        train_record(B, failure="interrupted"),
    ]
    outcomes = Outcomes.read(results_folder(tmp_path, records))
    assert outcomes.failed([TRAIN_A, TRAIN_A2, TRAIN_B, TIME_A], PLACE) == {"nan": 1, "crash": 1}


def test_a_timing_counts_only_on_its_device(tmp_path: Path) -> None:
    outcomes = Outcomes.read(results_folder(tmp_path, [], [latency_record(A.variant, device="this")]))
    assert missing([TIME_A], outcomes, environment("this").place, RetryPolicy()) == []
    assert missing([TIME_A], outcomes, environment("another").place, RetryPolicy()) == [TIME_A]
