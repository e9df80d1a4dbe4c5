"""Histories that also go elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.errors import UserError
from scaling.runner import tracking
from scaling.schema import Epoch, Score
from tests.builders import trial

SCORE, AVERAGED = Score(correct=1, n=4, loss=1.5), Score(correct=2, n=4, loss=0.75)
TRIAL = trial(epochs=2)


def epoch(number: int) -> Epoch:
    return Epoch(
        epoch=number,
        learning_rate=0.5,
        train_loss=2.0 / number,
        train_top1=0.125,
        validation_raw=SCORE,
        validation_ema=AVERAGED,
        seconds=1.0,
    )


def test_a_tracker_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"--mlflow: .*scaling-study\[mlflow\]"):
        tracking.check(["mlflow"])


@pytest.mark.slow
def test_tensorboard_reads_back_what_was_written(tmp_path: Path) -> None:
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    write = tracking.epoch_logger("tensorboard", TRIAL, str(tmp_path))
    for number in (1, 2):
        write(epoch(number))
    (file,) = (tmp_path / "tensorboard" / TRIAL.id).iterdir()
    read = {
        (value.tag, event.step): value.tensor.float_val[0]
        for event in loading.EventFileLoader(str(file)).Load()
        for value in event.summary.value
    }
    assert read[("train/loss", 1)] == 2.0
    assert read[("train/loss", 2)] == 1.0
    assert read[("validation_ema/top1", 2)] == 0.5
    assert len(read) == 2 * len(tracking.metrics(epoch(1)))


@pytest.mark.slow
def test_mlflow_reads_back_what_was_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    write = tracking.epoch_logger("mlflow", TRIAL, str(tmp_path))
    for number in (1, 2):
        write(epoch(number))
    (run,) = mlflow.MlflowClient().search_runs(["0"])
    assert run.info.run_name == TRIAL.id
    assert run.info.status == "FINISHED"
    assert run.data.metrics["train/loss"] == 1.0
    assert run.data.params["depth"] == "14.0"
