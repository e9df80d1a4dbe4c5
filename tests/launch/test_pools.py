"""How many workers there are, and what each has."""

from __future__ import annotations

import pytest

from scaling import machine
from scaling.errors import UserError
from scaling.generator.study import Study, check
from scaling.launch.options import RunOptions
from scaling.launch.pools import WorkerPools, operations_at_once, side_by_side, steps_of, worker_pools
from scaling.launch.workload import jobs
from scaling.runner.compute import devices
from scaling.runner.jobs import TimeJob, TrainJob


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "core_numbers", lambda: tuple(range(8)))
    monkeypatch.setattr(machine, "cores", lambda: 8)
    monkeypatch.setattr(machine, "memory_gb", lambda: 64.0)
    monkeypatch.setattr(devices, "detect", lambda: ())


def study(seeds: int = 12, resolution: int = 8, search: bool = False, width: float = 1.0) -> Study:
    file = {
        "study": "share",
        "question": "Who trains what?",
        "dataset": {"name": "synthetic", "train_examples": 512},
        "across": {"resolution": resolution, "stem": "small", "epochs": 1},
        "recipe": {"batch_size": 128},
    }
    if search:
        space = {"depth": [14], "width": [0.25, 0.5]}
        return check(file | {"search": {"trials": 5, "objectives": ["top1", "training_ms"], "space": space}})
    file["across"] |= {"seed": list(range(seeds))}
    return check(file | {"grid": [{"depth": 14, "width": width}]})


def pools(of: Study, **options: object) -> WorkerPools:
    with worker_pools(of, RunOptions(**options)) as made:
        return made


def test_trainings_share_a_processor_and_timings_have_it_all() -> None:
    made = pools(study())
    assert (made.training.workers, made.training.cores) == (8, 1)
    assert (made.timing.workers, made.timing.cores) == (1, 8)
    (timing, first), (training, later) = made.share_out(jobs(study()))
    assert timing is made.timing
    assert training.placements == made.training.placements
    assert [len(first), len(later)] == [2, 12]
    assert all(isinstance(job, TimeJob) for job in first)
    assert all(isinstance(job, TrainJob) for job in later)


def test_a_pool_without_jobs_is_not_started() -> None:
    made = pools(study())
    trainings = [job for job in jobs(study()) if isinstance(job, TrainJob)]
    assert [pool.placements for pool, _ in made.share_out(trainings)] == [made.training.placements]
    assert made.share_out([]) == []


def test_all_workers_start_for_trainings_that_are_named_later_and_after_the_timings() -> None:
    made = pools(study())
    timings = [job for job in jobs(study()) if isinstance(job, TimeJob)]
    assert made.share_out(timings, to_be_named=True) == [(made.timing, timings), (made.training, [])]
    assert made.share_out([], to_be_named=True) == [(made.training, [])]
    alone = pools(study(), workers=1)
    assert alone.share_out([], to_be_named=True) == [(alone.training, [])]


def test_the_share_of_a_training_does_not_depend_on_how_many_are_left() -> None:
    made = pools(study(seeds=4))
    last = [job for job in jobs(study(seeds=4)) if isinstance(job, TrainJob)][-1:]
    ((pool, part),) = made.share_out(last)
    assert part == last
    assert (made.training.workers, pool.workers, pool.cores) == (4, 1, 2)
    assert made.timing.cores == 8


def test_memory_bounds_what_is_trained_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    large = study(resolution=64).trials
    monkeypatch.setattr(machine, "memory_gb", lambda: 20.0)
    assert 1 <= side_by_side(large) < 8
    monkeypatch.setattr(machine, "memory_gb", lambda: 0.5)
    assert side_by_side(large) == 1


def test_steps_that_are_all_small_have_two_operations_at_once() -> None:
    """That of a search is not known before it names its networks."""
    small, large = steps_of(study(resolution=8, width=0.25)), steps_of(study(resolution=64))
    assert operations_at_once(small) == 2
    assert operations_at_once(large) == operations_at_once(small + large) == 1
    assert operations_at_once(steps_of(study(search=True))) == 1


def test_what_may_become_float32_is_given_the_memory_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory_gb", lambda: 12.0)
    many = {
        precision: side_by_side(
            [
                trial.model_copy(update={"recipe": trial.recipe.model_copy(update={"precision": precision})})
                for trial in study(resolution=64).trials
            ]
        )
        for precision in ("auto", "float32", "mixed_bfloat16")
    }
    assert many["auto"] == many["float32"] < many["mixed_bfloat16"]


def test_who_says_how_many_workers_gets_as_many() -> None:
    alone = pools(study(), workers=1)
    assert alone.training is alone.timing
    assert (alone.training.workers, alone.training.cores) == (1, 8)
    assert pools(study(), workers=3).training.cores == 2
    single = pools(study(seeds=1))
    assert single.training is single.timing


def test_a_search_times_with_the_workers_that_train() -> None:
    seeking = pools(study(search=True))
    assert seeking.training is seeking.timing
    assert (seeking.training.workers, seeking.training.cores) == (1, 8)
    assert pools(study(search=True), workers=4).timing.workers == 4


def test_an_accelerator_has_one_worker_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "detect", lambda: ("gpu:0", "gpu:1"))
    made = pools(study())
    assert made.training is made.timing
    assert (made.training.workers, made.training.cores) == (2, 4)
    assert pools(study(), devices="cpu:0,cpu:1").timing.workers == 1


def test_workers_of_one_gpu_train_together_and_a_timing_has_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "detect", lambda: ("gpu:0", "gpu:1"))
    made = pools(study(), workers=4)
    assert [(*at.devices, at.sharing) for at in made.training.placements] == [("gpu:0", 2), ("gpu:1", 2)] * 2
    assert made.training.cores == 2
    assert [(*at.devices, at.sharing) for at in made.timing.placements] == [("gpu:0", 1), ("gpu:1", 1)]
    with pytest.raises(UserError, match=r"--workers 4: .* a timing needs its device alone; at most 2 here"):
        pools(study(search=True), workers=4)
