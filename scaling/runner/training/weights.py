"""The weights that a trial begins with, and those that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scaling.models import trained
from scaling.models.checkpoints import digest
from scaling.models.weights import Weights
from scaling.runner import storage
from scaling.schema import Trial

if TYPE_CHECKING:
    from scaling.runner.compute.program import Program


def read_init(program: Program, trial: Trial, path: str | None, note: Callable[[str], None]) -> Weights:
    """The weights of `Trial.init`.

    Args:
        program: whose network they are for.
        trial: what is trained.
        path: of the file.
        note: told which weights are new.

    Raises:
        ValueError: where they are not the trial's, or not of this network.
        FileNotFoundError: where there is no such file here.
    """
    if path is None:
        raise ValueError(f"init {trial.init}: the file that holds these weights is not known")
    if (now := digest(Path(path))) != trial.init:
        raise ValueError(f"{path}: has changed since the study was read: its digest is {now}, and was {trial.init}")
    weights = program.network.read(Path(path), trial.dataset.name)
    note(f"{path}: {weights}")
    return weights


def keep(
    program: Program, trial: Trial, folder: str, limit_gb: float, stays: bool, note: Callable[[str], None]
) -> None:
    """Writes the weights of a finished trial, whole or not at all; what cannot be written is said and no more.

    Args:
        program: with the trial's last state.
        trial: what was trained.
        folder: for the file; one of its name is replaced.
        limit_gb: what may be in the folder, in 1e9 bytes.
        stays: see `scaling.models.trained.About`.
        note: told what is not kept.
    """
    content = trained.as_bytes(trial, program.weights(averaged=False), program.weights(averaged=True), stays)
    there = storage.size_of(folder, trained.SUFFIX)
    if there + len(content) > limit_gb * 1e9:
        note(
            f"its weights are not kept: {folder} has {there / 1e9:.3g} GB, and {len(content) / 1e6:.3g} MB more are "
            f"beyond --weights-gb {limit_gb:g}"
        )
        return
    try:
        with storage.replacing(trained.path_of(folder, trial.id)) as file:
            file.write(content)
    except OSError as error:
        note(f"its weights are not kept: {error}")
