"""Which weights stay: those on a front, unless all were to be kept; and what is said before a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scaling.analysis.pareto.front import front
from scaling.errors import UserError
from scaling.generator.study import check
from scaling.launch.keeping import COSTS, Fronts, Keeper, announced, megabytes
from scaling.models import trained
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import TrainJob
from scaling.schema import Score, TrainRecord, Trial
from tests.builders import latency_record, train_record, trial

STUDY = {
    "study": "kept",
    "question": "?",
    "dataset": {"name": "synthetic"},
    "grid": [{"depth": 14, "width": [0.0625, 0.125, 0.25], "resolution": 8, "stem": "small"}],
    "recipe": {"epochs": 1},
}
TRIALS = check(STUDY).trials


def record(trial: Trial, correct: int, macs: int) -> TrainRecord:
    score = Score(correct=correct, n=100)
    return TrainRecord.model_validate(
        {"trial_id": trial.id, "trial": trial.model_dump(), "params": macs, "macs": macs, "activations": 1}
        | {"validation_raw": score, "validation_ema": score, "finished": "2026-01-01T00:00:00Z"}
        | {"environment": {"versions": {}, "platform": "Linux", "device": "cpu"}}
    )


def finished(results: ResultsFolder, keeper: Keeper, stays: bool, accuracies: tuple[int, int, int]) -> None:
    results.weights.mkdir(parents=True, exist_ok=True)
    for each, correct, macs in zip(TRIALS, accuracies, (1, 2, 3), strict=True):
        Path(trained.path_of(str(results.weights), each.id)).write_bytes(trained.as_bytes(each, {}, {}, stays))
        results.training.append(record(each, correct, macs))
        keeper.recorded(record(each, correct, macs))
    keeper.tidy()


def left(results: ResultsFolder) -> list[int]:
    return [
        place for place, trial in enumerate(TRIALS) if Path(trained.path_of(str(results.weights), trial.id)).exists()
    ]


def test_only_networks_on_a_front_stay(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path)
    finished(results, Keeper(results, "best", str(results.weights)), False, (50, 40, 60))
    assert left(results) == [0, 2]


def test_what_was_to_be_kept_whatever_comes_stays_and_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    for stays, expected in ((True, [0, 1, 2]), (False, [0, 2])):
        results = ResultsFolder(tmp_path / str(stays))
        finished(results, Keeper(results, "all", str(results.weights)), stays, (50, 40, 60))
        assert left(results) == [0, 1, 2]
        Keeper(results, "best", str(results.weights)).tidy()
        assert left(results) == expected


def test_files_that_are_none_of_ours_stay(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path)
    finished(results, Keeper(results, "all", str(results.weights)), True, (50, 40, 60))
    (results.weights / "mine.safetensors").write_bytes(b"something else")
    Keeper(results, "best", str(results.weights)).tidy()
    assert (results.weights / "mine.safetensors").exists()


def test_the_amount_is_said_before_and_too_much_refused(tmp_path: Path) -> None:
    todo = [TrainJob(trial) for trial in TRIALS]
    whole = sum(map(megabytes, TRIALS))
    assert f"{whole:.3g} MB for 3 trials at most" in (announced(todo, "best", str(tmp_path / "weights"), 10) or "")
    assert announced(todo, "none", str(tmp_path), 10) is None
    assert announced([], "all", str(tmp_path), 10) is None
    with pytest.raises(UserError, match=r"beyond --weights-gb 0\.001; raise it, or keep the best"):
        announced(todo, "all", str(tmp_path), 0.001)


def test_weights_of_a_run_that_was_killed_before_its_first_record_stay_for_now(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path)
    results.weights.mkdir()
    file = Path(trained.path_of(str(results.weights), TRIALS[0].id))
    file.write_bytes(trained.as_bytes(TRIALS[0], {}, {}, stays=False))
    results.latency.path.touch()
    Keeper(results, "best", str(results.weights)).tidy()
    assert file.exists()
    results.training.path.touch()
    Keeper(results, "best", str(results.weights)).tidy()  # nothing of it is recorded: it is trained again
    assert not file.exists()


def on_a_front_by_definition(results: ResultsFolder) -> set[str]:
    """Of all trials of a folder, by every cost."""
    frame = load_results(results.path)
    frame = frame[(frame["status"] == "ok") & frame["top1"].notna()]
    rows = {cost: frame[frame[cost].notna()] for cost in COSTS}
    on_one = [of.loc[front(of, "top1", cost), "trial_id"] for cost, of in rows.items() if len(of)]
    return set().union(*on_one)


def test_fronts_kept_up_record_by_record_are_those_of_all_records(tmp_path: Path) -> None:
    """Several seeds, two devices, equal accuracies, failures, and times that come early, late and twice."""
    random = np.random.default_rng(0)
    results, fronts = ResultsFolder(tmp_path), Fronts(ResultsFolder(tmp_path))
    widths, devices = (0.25, 0.5, 0.75, 1.0), ("one gpu", "another gpu")
    seen: set[frozenset[str]] = set()
    for seed in range(15):
        for place, width in enumerate(widths):
            of = trial(width=width, seed=seed)
            record = train_record(
                of, top1=int(random.integers(20, 30) + place) / 100, failure="nan" if random.random() < 0.1 else None,
                params=int(1e6 * width), macs=int(1e6 * width), device=str(random.choice(devices)),
            )  # fmt: skip
            results.training.append(record)
            fronts.add(record)
            if random.random() < 0.2:
                timing = latency_record(
                    of.variant, median_ms=float(random.integers(1, 5) + place % 2), device=str(random.choice(devices))
                )
                results.latency.append(timing)
                fronts.add(timing)
            assert fronts.ids() == Fronts.read(results).ids() == on_a_front_by_definition(results)
            seen.add(fronts.ids())
    assert len(seen) > 5, "the fronts must have changed"


def test_times_that_come_later_and_those_of_another_device_change_the_fronts(tmp_path: Path) -> None:
    results = ResultsFolder(tmp_path)
    good, poor, elsewhere = (
        train_record(trial(width=0.25), top1=0.5, device="one gpu"),
        train_record(trial(width=0.5), top1=0.4, device="one gpu"),
        train_record(trial(width=0.25, seed=1), top1=0.3, device="another gpu"),
    )
    fronts = Fronts(results, [good, poor, elsewhere])
    assert fronts.ids() == {good.trial_id}
    for of, device, milliseconds in ((good, "one gpu", 9.0), (poor, "one gpu", 5.0), (elsewhere, "another gpu", 1.0)):
        timing = latency_record(of.trial.variant, median_ms=milliseconds, device=device)
        results.latency.append(timing)
        fronts.add(timing)
    assert fronts.ids() == {good.trial_id, poor.trial_id, elsewhere.trial_id}


def test_records_are_read_once_and_files_of_others_opened_once_however_often_the_folder_is_looked_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = ResultsFolder(tmp_path)
    finished(results, Keeper(results, "all", str(results.weights)), True, (50, 40, 60))
    asked: list[str] = []
    read, opened = ResultsFolder.summaries, trained.read_about
    monkeypatch.setattr(ResultsFolder, "summaries", lambda self: asked.append("records") or read(self))
    monkeypatch.setattr(trained, "read_about", lambda path: asked.append(path.name) or opened(path))
    keeper = Keeper(results, "best", str(results.weights))
    for _ in range(3):
        keeper.tidy()
    assert sorted(asked) == sorted([f"{TRIALS[1].id}.safetensors", "records"])
    assert left(results) == [0, 1, 2]
