"""Which weights stay: those on a front, unless all were to be kept; and what is said before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.errors import UserError
from scaling.generator.study import check
from scaling.launch.keeping import Keeper, announced, megabytes
from scaling.models import trained
from scaling.results.records import ResultsFolder
from scaling.runner.jobs import TrainJob
from scaling.schema import Score, TrainRecord, Trial

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
    for trial, correct, macs in zip(TRIALS, accuracies, (1, 2, 3), strict=True):
        Path(trained.path_of(str(results.weights), trial.id)).write_bytes(trained.as_bytes(trial, {}, {}, stays))
        results.training.append(record(trial, correct, macs))
        keeper.recorded(record(trial, correct, macs))
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
