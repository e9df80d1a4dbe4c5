"""The time left, on recorded runs: told to a progress as they went, by a clock that the records set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from scaling.launch.progress import estimate
from scaling.launch.progress.estimate import RunProgress
from scaling.launch.progress.speeds import FITTED_FROM, SLOPE, Speeds
from scaling.launch.workload import works
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import Job, Position, Record, TimeJob, TrainJob
from scaling.schema import TrainRecord, Trial
from tests.builders import trial

RECORDED = Path(__file__).parent / "recorded"
"""Runs on a machine that had nothing else to do: no estimate foresees that a machine will be half as fast."""

RUNS = ("depth_vs_width", "pareto")
WITHIN = 0.3
FROM, SAID_FROM = 0.1, 0.15


class Event(NamedTuple):
    """Something that happened in a run: a job began, was half way, or ended with a record."""

    seconds: float
    job: Job
    record: Record | None
    half_way: bool = False


def job_of(record: Record, cap: float) -> Job:
    if isinstance(record, TrainRecord):
        assert isinstance(record.trial, Trial)
        return TrainJob(record.trial)
    return TimeJob(record.request, "fashion_mnist", cap)


def events(name: str) -> list[Event]:
    """Of a run as it went: when each job ended is recorded, and how long a training took."""
    folder = ResultsFolder(RECORDED / name)
    trainings, timings = folder.training.read()[0], folder.latency.read()[0]
    first = {record.request.id: record for record in reversed(timings)}
    records: list[Record] = sorted([*first.values(), *trainings], key=lambda record: record.finished)
    began, happened, before = records[0].finished, [], records[0].finished

    def at(moment: datetime) -> float:
        return (moment - began).total_seconds()

    for record in records:
        job = job_of(record, cap=4.0)
        end = at(record.finished)
        if isinstance(record, TrainRecord):
            took = (record.setup_seconds or 0) + (record.train_seconds or 0)
            happened += [Event(end - took, job, None), Event(end - took / 2, job, None, half_way=True)]
        else:
            happened.append(Event(at(before), job, None))
        happened.append(Event(end, job, record))
        before = record.finished
    return sorted(happened, key=lambda event: event.seconds)


def told(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[float, float, float | None]]:
    """Each moment at which a job ended: seconds so far, seconds that were left, and what was said."""
    every = events(name)
    now = [0.0]
    monkeypatch.setattr(estimate.time, "monotonic", lambda: now[0])
    jobs = list({event.job.id: event.job for event in every}.values())
    progress = RunProgress(jobs, works(jobs), workers=2)
    places: dict[str, int] = {}
    for event in every:
        now[0] = event.seconds
        if event.half_way:
            progress.move(places[event.job.id], Position(event.job.trial.recipe.epochs / 2, None))  # type: ignore[union-attr]
        elif event.record is None:
            places[event.job.id] = min({*range(9)} - {*progress.running})
            progress.start(places[event.job.id], event.job)
        else:
            progress.finish(places[event.job.id], event.record)
            yield event.seconds, every[-1].seconds - event.seconds, progress.seconds_left()


@pytest.mark.parametrize("name", RUNS)
def test_the_time_left_of_a_recorded_run_is_true(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said at first, then within 30%, or within a fiftieth of the run at its very end."""
    moments = list(told(name, monkeypatch))
    whole = moments[-1][0]
    wrong = [
        (round(seconds), round(left), round(said))
        for seconds, left, said in moments
        if said is not None and abs(said - left) > max(WITHIN * left, 0.02 * whole)
    ]
    assert not [moment for moment in wrong if moment[0] >= FROM * whole]
    silent = [seconds for seconds, _, said in moments if said is None]
    assert silent == [seconds for seconds, _, _ in moments[: len(silent)]]
    assert 0 < silent[-1] < SAID_FROM * whole
    assert len(moments) > 20


def test_another_variant_is_compared_by_its_timing_or_by_its_work() -> None:
    small, large, other, fourth = (trial(depth=depth).variant for depth in (14, 26, 50, 101))
    one = Speeds({small: (10.0, 100.0)}, {small: 1e6})
    assert one.seconds({small: 1e6})[small] == pytest.approx(0.1)
    assert one.seconds({large: 1e7})[large] == pytest.approx(0.1 * 10**SLOPE)
    elsewhere = replace(one, timed={small: 0.05, large: 0.2})
    assert elsewhere.seconds({large: 1e7}) == one.seconds({large: 1e7})
    assert replace(elsewhere, timed_alike=True).seconds({large: 1e7})[large] == pytest.approx(0.4)
    stranger = small.model_copy(update={"family": "convnext"})
    timed = replace(one, timed={small: 0.05, stranger: 0.1})
    assert timed.seconds({stranger: 1e7})[stranger] == pytest.approx(0.2)
    known = Speeds(
        {small: (10.0, 100.0), large: (50.0, 100.0), other: (250.0, 100.0)}, {small: 1e6, large: 1e7, other: 1e8}
    )
    assert len(known.trained) == FITTED_FROM
    assert known.seconds({fourth: 1e9})[fourth] == pytest.approx(12.5, rel=1e-6)


def test_the_nearest_in_work_is_taken_of_its_own_family_first() -> None:
    """As looking at every known variant finds it."""
    random = np.random.default_rng(0)
    families = ("resnet_rs", "convnext")
    works = {
        trial(depth=14, width=width).variant.model_copy(update={"family": families[place % 2]}): float(work)
        for place, (width, work) in enumerate(
            zip(random.uniform(0.1, 2, 40), 10 ** random.uniform(5, 9, 40), strict=True)
        )
    }
    speeds = Speeds({variant: (work, 1.0) for variant, work in works.items()}, works, timed=dict.fromkeys(works, 1.0))
    for place, work in enumerate(10 ** random.uniform(4, 10, 100)):
        asked = trial(depth=26, width=3.0).variant.model_copy(update={"family": families[place % 2]})
        own = [variant for variant in works if variant.family == asked.family]
        near = min(own, key=lambda variant: abs(np.log(works[variant] / work)))
        assert replace(speeds, timed={near: 1.0, asked: 2.0}, timed_alike=True).seconds({asked: float(work)})[
            asked
        ] == pytest.approx(2 * works[near])
