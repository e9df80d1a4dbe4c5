"""Which job a worker does next."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

import pytest

from scaling.launch.job_queue import JobQueue
from scaling.launch.workload import longest_first
from scaling.runner.compute.program_key import ProgramKey
from scaling.runner.jobs import Job, TimeJob, TrainJob
from scaling.schema import Variant
from tests.builders import latency_record, trial

A, A2, B = trial(depth=14, stem="small"), trial(depth=14, stem="small", seed=1), trial(depth=26, stem="small")
TRAIN_A, TRAIN_A2, TRAIN_B = TrainJob(A), TrainJob(A2), TrainJob(B)


def timing(variant: Variant) -> TimeJob:
    return TimeJob(latency_record(variant).request, "synthetic", 1.0)


TIME_A, TIME_B = timing(A.variant), timing(B.variant)


def choose(waiting: Sequence[Job], last: ProgramKey | None, running: Collection[Job]) -> Job | None:
    """The rule, by its definition: the first of those that a worker may do now, in order of preference."""
    if any(isinstance(job, TimeJob) for job in running):
        return None
    taken = {job.program for job in running}
    candidates = [job for job in waiting if isinstance(job, TrainJob) or not running]
    return min(
        candidates,
        key=lambda job: (job.program != last, isinstance(job, TimeJob), job.program in taken),
        default=None,
    )


@pytest.mark.parametrize(
    ("waiting", "last", "running", "expected"),
    [
        ([TRAIN_B, TRAIN_A2], TRAIN_A.program, [], TRAIN_A2),  # what is compiled goes on
        ([TIME_A, TRAIN_A2], TRAIN_A.program, [], TRAIN_A2),  # trainings before the timing of the same variant
        ([TRAIN_B, TIME_A], TRAIN_A.program, [], TIME_A),  # then the timing, while its program is there
        ([TRAIN_B, TIME_A], TRAIN_A.program, [TRAIN_A], TRAIN_B),  # but never beside a training
        ([TRAIN_A2, TRAIN_B], None, [TRAIN_A], TRAIN_B),  # a variant that no worker has
        ([TRAIN_A2], None, [TRAIN_A], TRAIN_A2),
        ([TIME_A], None, [TRAIN_B], None),
        ([TRAIN_B], None, [TIME_A], None),  # nothing beside a timing
        ([], None, [], None),
    ],
)
def test_the_next_job(waiting: list[Job], last: ProgramKey | None, running: list[Job], expected: Job | None) -> None:
    queue = JobQueue(running)
    for job in running:
        assert queue.take(None) == job
    queue.extend(waiting)
    assert queue.take(last) == expected == choose(waiting, last, running)


def test_a_retried_job_comes_first() -> None:
    queue = JobQueue([TRAIN_A, TRAIN_B])
    assert queue.take(None) == TRAIN_A
    queue.release(TRAIN_A)
    queue.put_first(TRAIN_A)
    assert queue.take(None) == TRAIN_A


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_of_events_follows_the_rule(seed: int) -> None:
    """Workers that take, finish, fail and come back, against the rule by its definition."""
    chance = random.Random(seed)  # noqa: S311
    trials = [trial(depth=14, stem="small", width=width / 4, seed=s) for width in range(1, 5) for s in range(4)]
    waiting: list[Job] = [*map(TrainJob, trials), *(timing(variant) for variant in {t.variant: 0 for t in trials})]
    chance.shuffle(waiting)
    queue, running = JobQueue(waiting), dict[int, Job]()
    last: dict[int, ProgramKey | None] = dict.fromkeys(range(5))
    steps = 0
    while waiting or running:
        steps += 1
        worker = chance.randrange(5)
        if worker not in running:
            expected = choose(waiting, last[worker], running.values())
            assert queue.take(last[worker]) == expected
            if expected is not None:
                waiting.remove(expected)
                running[worker], last[worker] = expected, expected.program
        else:
            job = running.pop(worker)
            queue.release(job)
            if chance.random() < 0.2:
                queue.put_first(job)
                waiting.insert(0, job)
                last[worker] = None
        assert len(queue) == len(waiting)
    assert steps >= 40


def test_a_timing_between_trainings_of_another_program_recompiles_nothing() -> None:
    """Dropout is compiled in: the timing, which has none, does not come between the trainings that have it."""
    dropped = [TrainJob(trial(depth=14, stem="small", seed=s, recipe={"dropout": 0.2})) for s in (0, 1)]
    queue = JobQueue([dropped[0], TIME_A, dropped[1]])
    order: list[Job] = []
    while (job := queue.take(order[-1].program if order else None)) is not None:
        queue.release(job)
        order.append(job)
    assert order == [*dropped, TIME_A]
    assert len({job.program for job in order}) == 2


def test_timings_that_decide_on_trainings_come_before_all_of_them() -> None:
    queue = JobQueue([TRAIN_A, TRAIN_B, TIME_B, TIME_A], timings_first=True)
    assert queue.take(TRAIN_A.program) == TIME_A  # of the program that is compiled
    assert queue.take(None) is None  # alone
    queue.release(TIME_A)
    queue.put_first(TIME_A)
    assert queue.take(None) == TIME_A
    queue.release(TIME_A)
    assert queue.take(None) == TIME_B
    queue.release(TIME_B)
    assert {queue.take(None), queue.take(None)} == {TRAIN_A, TRAIN_B}


def test_a_run_does_not_end_on_one_long_training() -> None:
    """Two workers: with the short ones first, the last long training would run alone."""
    one, three = ([TrainJob(trial(stem="small", epochs=epochs, seed=s)) for s in range(3)] for epochs in (1, 3))
    queue, free, ends = JobQueue(longest_first([TIME_A, *one, *three])), [0.0, 0.0], 0.0
    while (job := queue.take(None)) is not None and isinstance(job, TrainJob):
        at = min(free)
        ends = at + job.trial.recipe.epochs
        free[free.index(at)] = ends
    assert max(free) == 6
    assert longest_first([*one, TIME_A, *three]) == [*three, *one, TIME_A]
