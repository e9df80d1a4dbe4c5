"""A trial in the middle, on disk: its state and how far it is, as NumPy arrays and JSON, never as pickles."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scaling.errors import UserError
from scaling.schema import Compiled, Epoch

FORMAT = 3
SUFFIX = ".npz"

Arrays = Mapping[str, list[NDArray[Any]]]


class CheckpointError(UserError):
    """A checkpoint that cannot be gone on from."""


@dataclass(frozen=True)
class Checkpoint:
    """A trial between two steps.

    Attributes:
        state: of its program: weights, statistics, averages, velocities, random state.
        history: of the whole epochs.
        losses, rights: of the steps of the running epoch, in order; their number is where it goes on.
        seconds: spent on the running epoch.
        compiled, micro_batches: how its program runs, which would change the bits if it changed on the way.
    """

    state: Arrays
    history: tuple[Epoch, ...] = ()
    losses: tuple[float, ...] = ()
    rights: tuple[float, ...] = ()
    seconds: float = 0.0
    compiled: Compiled | None = None
    micro_batches: int = 1


def path_of(folder: str, trial_id: str) -> str:
    """Where a trial's checkpoint is."""
    return f"{folder.rstrip('/')}/{trial_id}{SUFFIX}"


def save(path: str, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint whole or not at all; the one before it stays until then.

    Raises:
        OSError: if it does not fit, or the folder cannot be written.
    """
    about = {
        "format": FORMAT,
        "history": [epoch.model_dump(mode="json") for epoch in checkpoint.history],
        "losses": checkpoint.losses,
        "rights": checkpoint.rights,
        "seconds": checkpoint.seconds,
        "compiled": checkpoint.compiled,
        "micro_batches": checkpoint.micro_batches,
        "sizes": {name: len(values) for name, values in checkpoint.state.items()},
    }
    arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
    arrays |= {_key(name, i): value for name, values in checkpoint.state.items() for i, value in enumerate(values)}
    with _replacing(path) as file:
        np.savez(file, **arrays)


def load(path: str) -> Checkpoint | None:
    """Reads a checkpoint; None where there is none.

    Raises:
        CheckpointError: if it is damaged, or another version's.
    """
    try:
        with _reading(path) as file, np.load(file, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["format"] != FORMAT:
                raise CheckpointError(f"{path}: of format {about['format']}, this toolkit's is {FORMAT}")
            state = {name: [arrays[_key(name, i)] for i in range(size)] for name, size in about["sizes"].items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: damaged ({error})") from None
    return Checkpoint(
        state=state,
        history=tuple(Epoch.model_validate(epoch) for epoch in about["history"]),
        losses=tuple(about["losses"]),
        rights=tuple(about["rights"]),
        seconds=about["seconds"],
        compiled=about["compiled"],
        micro_batches=about["micro_batches"],
    )


def remove(path: str) -> None:
    """Deletes a checkpoint, if there is one."""
    if _is_remote(path):
        from tensorflow.io import gfile

        if gfile.exists(path):
            gfile.remove(path)
    else:
        Path(path).unlink(missing_ok=True)


def _key(name: str, index: int) -> str:
    return f"{name}/{index}"


def _is_remote(path: str) -> bool:
    return "://" in path


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[IO[bytes]]:
    if _is_remote(path):
        from tensorflow.io import gfile

        # An object appears whole when its upload ends; `copy` gives the archive a local file that it can seek in.
        with tempfile.NamedTemporaryFile(suffix=SUFFIX) as draft:
            yield draft.file
            draft.flush()
            gfile.makedirs(path.rpartition("/")[0])
            gfile.copy(draft.name, f"{path}.part", overwrite=True)
            gfile.rename(f"{path}.part", path, overwrite=True)
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft_path = target.with_suffix(".part")
    try:
        with draft_path.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft_path.replace(target)
    except BaseException:
        draft_path.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _reading(path: str) -> Iterator[IO[bytes]]:
    if not _is_remote(path):
        with Path(path).open("rb") as file:
            yield file
        return
    from tensorflow.io import gfile

    if not gfile.exists(path):
        raise FileNotFoundError(path)
    with tempfile.NamedTemporaryFile(suffix=SUFFIX) as copy:
        gfile.copy(path, copy.name, overwrite=True)
        with Path(copy.name).open("rb") as file:
            yield file
