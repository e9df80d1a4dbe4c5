"""Each trial's history for those who watch it elsewhere, in TensorBoard or MLflow; the records do not depend on it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

from scaling.errors import UserError
from scaling.schema import Epoch, Trial

Tracker: TypeAlias = Literal["tensorboard", "mlflow"]
EpochLogger: TypeAlias = Callable[[Epoch], None]


def check(trackers: Iterable[Tracker]) -> None:
    """Makes sure, before anything is trained, that each tracker's package is there.

    Raises:
        UserError: with what to install.
    """
    for tracker in trackers:
        if importlib.util.find_spec(tracker) is None:
            raise UserError(f'--{tracker}: it is not installed; pip install "scaling-study[{tracker}]" brings it')


def epoch_logger(tracker: Tracker, trial: Trial, folder: str) -> EpochLogger:
    """What to call with each whole epoch of a trial.

    Args:
        tracker: `tensorboard` writes event files to `folder/tensorboard/<trial>`; `mlflow` starts a run of the
            trial's name where `MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_ID` say.
        trial: that is trained, from its seed or from a checkpoint.
        folder: for logs.
    """
    return _tensorboard(trial, folder) if tracker == "tensorboard" else _mlflow(trial)


def metrics(epoch: Epoch) -> Mapping[str, float]:
    """The numbers of an epoch, by name."""
    scores = {"validation_raw": epoch.validation_raw, "validation_ema": epoch.validation_ema}
    return {
        "learning_rate": epoch.learning_rate,
        "train/loss": epoch.train_loss,
        "train/top1": epoch.train_top1,
        **{f"{name}/loss": score.loss for name, score in scores.items()},
        **{f"{name}/top1": score.top1 for name, score in scores.items()},
    }


def _tensorboard(trial: Trial, folder: str) -> EpochLogger:
    from tensorboard.summary import Writer

    writer = Writer(f"{folder}/tensorboard/{trial.id}")

    def write(epoch: Epoch) -> None:
        for name, value in metrics(epoch).items():
            writer.add_scalar(name, value, epoch.epoch)
        writer.flush()

    return write


def _mlflow(trial: Trial) -> EpochLogger:
    from mlflow import MlflowClient

    client = MlflowClient()
    run = client.create_run(os.environ.get("MLFLOW_EXPERIMENT_ID", "0"), run_name=trial.id).info.run_id
    for part in (trial.variant, trial.recipe):
        for name, value in part.model_dump(mode="json", exclude_none=True).items():
            client.log_param(run, name, value)
    client.log_param(run, "seed", trial.seed)

    def write(epoch: Epoch) -> None:
        for name, value in metrics(epoch).items():
            client.log_metric(run, name, value, step=epoch.epoch)
        if epoch.epoch == trial.recipe.epochs:
            client.set_terminated(run)

    return write
