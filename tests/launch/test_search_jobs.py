"""Which jobs a run begins with, and what a search adds to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.generator.recorded import asked_by
from scaling.generator.study import Study, check
from scaling.launch.missing import Outcomes, missing
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.retry import RetryPolicy
from scaling.launch.search_jobs import SearchJobs
from scaling.launch.workload import jobs as jobs_of
from scaling.launch.workload import limited, works
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import Job, TimeJob, TrainJob
from scaling.schema import LatencyRecord, TrainRecord
from tests.builders import environment, latency_record, results_folder, train_record

PLACE = environment().place


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    return results_folder(tmp_path / "seek")


@pytest.fixture
def outcomes(folder: ResultsFolder) -> Outcomes:
    return Outcomes.read(folder)


@pytest.fixture
def study() -> Study:
    return check(
        {
            "study": "seek",
            "question": "What comes next?",
            "dataset": {"name": "synthetic", "train_examples": 512},
            "search": {
                "trials": 5,
                "objectives": ["top1", "training_ms"],
                "space": {"depth": [14], "width": [0.25, 0.5], "learning_rate": {"low": 0.01, "high": 1, "log": True}},
            },
            "across": {"resolution": 8, "stem": "small", "epochs": 1},
        }
    )


def record(jobs: list[Job], folder: ResultsFolder, outcomes: Outcomes) -> None:
    for job in jobs:
        if isinstance(job, TrainJob):
            of_training = train_record(job.trial)
            folder.training.append(of_training)
            outcomes.add(of_training)
        else:
            of_timing = latency_record(job.variant, classes=job.request.classes)
            folder.latency.append(of_timing)
            outcomes.add(of_timing)


def trained(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs if isinstance(job, TrainJob)]


def test_a_search_names_as_many_trials_as_there_are_workers_until_it_has_all(
    study: Study, folder: ResultsFolder, outcomes: Outcomes
) -> None:
    search_jobs = SearchJobs(study, folder, outcomes, PLACE, workers=2, limit=None)
    named: list[int] = []
    while jobs := search_jobs.more(PLACE):
        record(jobs, folder, outcomes)
        named.append(len(trained(jobs)))
    assert named == [2, 2, 1]
    timed = [timing.request.id for timing in folder.latency.read()[0]]
    assert len(timed) == len(set(timed)) <= 2


def test_a_limit_counts_the_trials_of_this_run(study: Study, folder: ResultsFolder, outcomes: Outcomes) -> None:
    search_jobs = SearchJobs(study, folder, outcomes, PLACE, workers=2, limit=3)
    named = []
    while jobs := search_jobs.more(PLACE):
        record(jobs, folder, outcomes)
        named += trained(jobs)
    assert len(named) == 3


def test_a_search_ends_rather_than_naming_what_it_named_and_nobody_recorded(
    study: Study, folder: ResultsFolder, outcomes: Outcomes
) -> None:
    search_jobs = SearchJobs(study, folder, outcomes, PLACE, workers=1, limit=None)
    assert search_jobs.more(PLACE)
    assert search_jobs.more(PLACE) == []


def test_the_tracker_hears_of_what_is_named_and_of_what_is_to_come(
    study: Study, folder: ResultsFolder, outcomes: Outcomes
) -> None:
    search_jobs = SearchJobs(study, folder, outcomes, PLACE, workers=1, limit=None)
    jobs = search_jobs.more(PLACE)
    tracker = RunProgress(jobs, works(jobs))
    search_jobs.watched_by(tracker, jobs)
    assert tracker.to_come == 4
    record(jobs, folder, outcomes)
    more = search_jobs.more(PLACE)
    assert tracker.to_come == 3
    assert {job.id for job in more} <= set(tracker.waiting)
    assert tracker.seconds_left() is None


def test_what_recorded_trials_lack_comes_first(study: Study, folder: ResultsFolder, outcomes: Outcomes) -> None:
    search_jobs = SearchJobs(study, folder, outcomes, PLACE, workers=1, limit=None)
    record([job for job in search_jobs.more(PLACE) if isinstance(job, TrainJob)], folder, outcomes)
    again = SearchJobs(study, folder, outcomes, PLACE, workers=1, limit=None)
    lacking = [job for job in jobs_of(again.so_far()) if isinstance(job, TimeJob)]
    assert [job.request.phase for job in lacking] == ["training"]
    assert limited([*lacking], 1) == lacking


def test_a_limit_leaves_out_the_timings_of_variants_that_wait() -> None:
    grid = {
        "study": "listed",
        "question": "What comes first?",
        "dataset": {"name": "synthetic", "train_examples": 512},
        "grid": [{"depth": [14, 26], "width": 0.25}],
        "across": {"resolution": 8, "stem": "small", "epochs": [1, 2]},
    }
    jobs = jobs_of(check(grid))
    first = limited(jobs, 1)
    assert len(trained(first)) == 1
    assert {job.variant.depth for job in first} == {14}
    assert limited(jobs, None) == jobs
    finished = [job for job in jobs if not isinstance(job, TrainJob) or job.variant.depth == 26]
    assert {job.variant.depth for job in limited(finished, 1)} == {14, 26}


def test_only_recorded_trials_of_a_search_are_asked_for(
    study: Study, folder: ResultsFolder, outcomes: Outcomes
) -> None:
    jobs = SearchJobs(study, folder, outcomes, PLACE, workers=1, limit=None).more(PLACE)
    record(jobs, folder, outcomes)
    folder.training.append(train_record())
    folder.study_file.write_text(study.to_yaml())
    assert asked_by(folder)[1] == set(trained(jobs))


@pytest.fixture
def within() -> Study:
    content = {"space": {"depth": [14], "width": {"low": 0.1, "high": 0.5}}, "trials": 4}
    return check(
        {
            "study": "seek",
            "question": "What comes next within the time?",
            "dataset": {"name": "synthetic", "train_examples": 512},
            "search": content,
            "across": {"resolution": 8, "stem": "small", "epochs": 1},
            "constraints": {"max_inference_ms": 20},
        }
    )


def record_within(jobs: list[Job], folder: ResultsFolder, outcomes: Outcomes) -> None:
    """Times every network, at 100 ms for a width of 1, and trains what is within the limit."""
    for job in jobs:
        record_of: LatencyRecord | TrainRecord
        if isinstance(job, TimeJob):
            record_of = latency_record(job.variant, phase="inference", median_ms=100 * job.variant.width)
        elif job.variant.width <= 0.2:
            record_of = train_record(job.trial)
        else:
            continue
        (folder.latency if isinstance(record_of, LatencyRecord) else folder.training).append(record_of)  # type: ignore[arg-type]
        outcomes.add(record_of)


@pytest.mark.parametrize("workers", [1, 3])
def test_what_is_too_slow_is_not_counted_and_the_search_goes_on(
    within: Study, folder: ResultsFolder, outcomes: Outcomes, workers: int
) -> None:
    search_jobs = SearchJobs(within, folder, outcomes, PLACE, workers=workers, limit=None)
    while jobs := search_jobs.more(PLACE):
        record_within(jobs, folder, outcomes)
    so_far = search_jobs.so_far()
    assert len(so_far.trials) == 4
    assert so_far.left_out
    assert len(so_far.left_out) + 4 == len(folder.latency.read()[0])
    assert search_jobs.has_all()


def test_a_limit_of_the_run_counts_what_is_trained(within: Study, folder: ResultsFolder, outcomes: Outcomes) -> None:
    search_jobs = SearchJobs(within, folder, outcomes, PLACE, workers=1, limit=2)
    while jobs := search_jobs.more(PLACE):
        record_within(jobs, folder, outcomes)
    assert len(search_jobs.so_far().trials) == 2


def test_a_search_whose_timing_crashed_leaves_its_trial_to_the_next_run(
    within: Study, folder: ResultsFolder, outcomes: Outcomes
) -> None:
    search_jobs = SearchJobs(within, folder, outcomes, PLACE, workers=1, limit=None)
    (training, timing) = search_jobs.more(PLACE)
    crashed = latency_record(timing.variant, phase="inference", failure="crash")
    folder.latency.append(crashed)
    outcomes.add(crashed)
    assert search_jobs.more(PLACE) == []
    again = SearchJobs(within, folder, outcomes, PLACE, workers=1, limit=None)
    assert again.more(PLACE) == [training, timing]


def test_a_failed_timing_of_a_network_that_is_left_out_can_be_taken_again(
    within: Study, folder: ResultsFolder, outcomes: Outcomes
) -> None:
    search_jobs = SearchJobs(within, folder, outcomes, PLACE, workers=1, limit=None)
    (_, timing) = search_jobs.more(PLACE)
    failed = latency_record(timing.variant, phase="inference", failure="error")
    folder.latency.append(failed)
    outcomes.add(failed)
    asked = jobs_of(search_jobs.so_far())
    assert asked == [timing]
    assert outcomes.failed(asked, PLACE) == {"error": 1}
    assert missing(asked, outcomes, PLACE, RetryPolicy()) == []
    assert missing(asked, outcomes, PLACE, RetryPolicy(recorded=("any",))) == [timing]
    (other, _) = search_jobs.more(PLACE)
    assert other.variant != timing.variant
