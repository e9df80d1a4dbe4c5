"""The jobs of a run until decided: batch after batch, the same wherever it was killed, and why there are no more."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scaling.analysis.decide.limits import limits_of
from scaling.datasets import dataset_info
from scaling.generator.sizes import size
from scaling.generator.study import Study, check
from scaling.launch.missing import Outcomes
from scaling.launch.options import Until
from scaling.launch.until import BATCH, UntilDecided
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import TrainJob
from scaling.schema import FailureKind, TrainRecord, Trial
from tests.builders import results_folder, train_record

PLACE = "test cpu"


def study(**changed: Any) -> Study:
    """Depth against width from one base: 5 networks, 6 seeds."""
    content = {
        "study": "arms",
        "question": "Which pays more?",
        "answer": {"compare": ["width", "depth"], "at_equal": "macs"},
        "dataset": {"name": "synthetic", "train_examples": 256},
        "grid": [{"depth": [14, 26, 50], "width": 0.25}, {"depth": 14, "width": [0.5, 0.75]}],
        "across": {"resolution": 16, "stem": "small", "epochs": 2, "seed": [0, 1, 2, 3, 4, 5]},
    }
    return check(content | changed)


def outcome(trial: Trial, ahead: float, failure: FailureKind | None = None) -> TrainRecord:
    """What training it gives: the same whenever it is trained; width is so much ahead of depth for all but the base."""
    chance, variant = random.Random(trial.id), trial.variant  # noqa: S311
    cost = size(variant, dataset_info(trial.dataset.name))
    top1 = 0.5 + 0.02 * math.log2(cost.macs / 1e6) + (ahead if variant.width > 0.25 else 0.0) + chance.gauss(0, 0.01)
    record = train_record(trial, top1=top1, n=10_000, failure=failure, macs=cost.macs, params=cost.params)
    return record.model_copy(update={"train_seconds": None if failure else chance.uniform(5, 500)})


class Run:
    """A run of the study that is told of outcomes by the test in place of workers."""

    def __init__(self, folder: ResultsFolder, ahead: float = 0.0, workers: int = 2, **options: Any) -> None:
        self.folder, self.ahead = folder, ahead
        self.outcomes = Outcomes.read(folder)
        asked = options.pop("study", None) or study()
        self.until = UntilDecided(asked, folder, self.outcomes, PLACE, workers, Until(**options))

    def batch(self) -> list[Trial]:
        return [job.trial for job in self.until.more(PLACE) if isinstance(job, TrainJob)]

    def record(self, trials: Sequence[Trial], failure: FailureKind | None = None) -> None:
        with self.folder.writing():
            for trial in trials:
                record = outcome(trial, self.ahead, failure)
                self.folder.training.append(record)
                self.outcomes.add(record)

    def to_the_end(self) -> list[list[str]]:
        batches = []
        while batch := self.batch():
            batches.append([trial.id for trial in batch])
            self.record(batch)
        return batches


def recorded(folder: ResultsFolder) -> list[str]:
    return [record.trial_id for record in folder.training.read()[0]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Batches of a run that nobody interrupts; its difference is small and takes several batches."""
    return Run(results_folder(tmp_path_factory.mktemp("whole") / "arms"), 0.012).to_the_end()


def test_each_batch_is_new_and_the_last_is_followed_by_a_reason(tmp_path: Path) -> None:
    run = Run(results_folder(tmp_path / "arms"), 0.012)
    assert not run.until.has_all()
    batches = run.to_the_end()
    named = [trial for batch in batches for trial in batch]
    assert len(batches) > 2
    assert all(len(batch) == BATCH for batch in batches[:-1])
    assert len({*named}) == len(named)
    assert run.until.has_all()
    assert run.until.reason
    assert {trial.id for trial in run.until.so_far().trials} == {*named}


def test_it_ends_by_the_noise_between_seeds_that_is_given(tmp_path: Path, whole: list[list[str]]) -> None:
    quiet = Run(results_folder(tmp_path / "quiet" / "arms"), 0.012, seed_noise=0.01)
    assert len(quiet.to_the_end()) < len(whole)
    assert quiet.until.reason == "the question is decided"


@pytest.mark.parametrize("done", [0, BATCH - 1])
def test_killed_in_any_batch_it_trains_the_same_trials(tmp_path: Path, whole: list[list[str]], done: int) -> None:
    """Workers end in any order, and a batch that was begun is ended before anybody asks whether there is an answer."""
    chance, folder = random.Random(done), results_folder(tmp_path / "arms")  # noqa: S311
    for expected in whole:
        begun = Run(folder, 0.012)
        batch = begun.batch()
        assert {trial.id for trial in batch} == {*expected}
        chance.shuffle(batch)
        begun.record(batch[:done])
        again = Run(folder, 0.012)
        assert again.until.has_all() is (len(batch) <= done)
        rest = again.batch()
        assert {trial.id for trial in rest} == {trial.id for trial in batch[done:]}
        again.record(rest)
    last = Run(folder, 0.012)
    assert last.until.has_all()
    assert last.batch() == []
    assert sorted(recorded(folder)) == sorted(trial for batch in whole for trial in batch)


def test_what_was_interrupted_comes_first_and_counts_as_part_of_its_batch(
    tmp_path: Path, whole: list[list[str]]
) -> None:
    folder = results_folder(tmp_path / "arms")
    begun = Run(folder, 0.012)
    batch = begun.batch()
    begun.record(batch[:1])
    begun.record(batch[1:3], "interrupted")
    again = Run(folder, 0.012)
    first = [job.trial for job in again.until.first() if isinstance(job, TrainJob)]
    again.record([trial for trial in first if trial in batch[1:3]])
    assert {trial.id for trial in first} == {trial.id for trial in batch[:3]}
    assert [trial.id for trial in again.batch()] == whole[0][3:]


def test_trials_that_fail_are_not_named_again(tmp_path: Path) -> None:
    run = Run(results_folder(tmp_path / "arms"))
    batch = run.batch()
    run.record(batch, "nan")
    assert not {trial.id for trial in batch} & {trial.id for trial in run.batch()}


def test_with_more_workers_a_batch_is_larger(tmp_path: Path) -> None:
    assert len(Run(results_folder(tmp_path / "arms"), workers=7).batch()) == 7


def test_a_large_difference_is_decided_with_a_part_of_the_trials(tmp_path: Path) -> None:
    run = Run(results_folder(tmp_path / "arms"), 0.1)
    named = [trial for batch in run.to_the_end() for trial in batch]
    assert run.until.reason == "the question is decided"
    assert len(named) <= len(study().trials) / 2


def test_of_one_seed_each_and_a_small_difference_no_decision_is_claimed(tmp_path: Path) -> None:
    """It is as large as 0.4 standard deviations of noise, which is assumed; by luck one of ten may be decided."""
    across, decided = {"resolution": 16, "stem": "small", "epochs": 1, "seed": 0}, 0
    for examples in range(256, 266):
        asked = study(across=across, dataset={"name": "synthetic", "train_examples": examples})
        run = Run(results_folder(tmp_path / str(examples)), 0.004, study=asked)
        named = [trial for batch in run.to_the_end() for trial in batch]
        assert len(named) in (4, 5)  # the widest network lies beyond what the deepest costs
        decided += run.until.reason == "the question is decided"
    assert decided <= 1


@pytest.mark.parametrize(
    ("hours", "trained"), [(0.0, 0), (1e-9, BATCH), (1e9, None)], ids=["none", "after one batch", "more than enough"]
)
def test_it_ends_when_its_hours_are_spent(tmp_path: Path, hours: float, trained: int | None) -> None:
    run = Run(results_folder(tmp_path / "arms"), 0.012, max_hours=hours)
    named = [trial for batch in run.to_the_end() for trial in batch]
    spent = "hours of training are spent" in run.until.reason
    assert spent is (trained is not None)
    assert len(named) == trained if spent else len(named) > BATCH


def test_it_ends_when_its_money_is_spent(tmp_path: Path) -> None:
    """Hours times their price, which is what one batch has cost here."""
    run = Run(results_folder(tmp_path / "arms"), 0.012, max_dollars=1e-9, dollars_per_hour=3.0)
    named = [trial for batch in run.to_the_end() for trial in batch]
    assert len(named) == BATCH
    seconds = sum(record.train_seconds or 0.0 for record in run.folder.training.read()[0])
    spent = f"the money is spent: {3 * seconds / 3600:.3g} dollars of training, of 1e-09 (--max-cost)"
    assert run.until.reason == spent
    rich = Run(results_folder(tmp_path / "rich"), 0.012, max_dollars=1e9, dollars_per_hour=3.0)
    assert len(rich.to_the_end()) > 1
    assert "money" not in rich.until.reason


def test_with_limits_the_choice_is_decided_by_what_meets_them(tmp_path: Path) -> None:
    most = outcome(study().trials[0], 0.0).macs
    limits = limits_of([f"macs={1.5 * float(most or 0)}"])
    run = Run(results_folder(tmp_path / "arms"), 0.1, limits=limits)
    run.to_the_end()
    assert run.until.reason.startswith("the choice is decided: ")
