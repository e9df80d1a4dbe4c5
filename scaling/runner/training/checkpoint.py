"""A trial in the middle, on disk: its state and how far it is, as NumPy arrays and JSON, never as pickles."""

from __future__ import annotations

import io
import itertools
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Annotated, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from scaling.errors import UserError
from scaling.runner import storage
from scaling.schema import Compiled, Epoch, Precision

FORMAT = 4
"""Of the file; one of another format is set aside. 4 added the trial's id."""
SUFFIX = ".npz"

Arrays = Mapping[str, list[NDArray[Any]]]


class CheckpointError(UserError):
    """A checkpoint that a training cannot continue from."""


@dataclass(frozen=True)
class Checkpoint:
    """A trial between two steps.

    Attributes:
        state: of its program: weights, statistics, averages, velocities, random state.
        history: of the whole epochs.
        losses, rights: of the steps of the running epoch, in order; their number is where it continues.
        seconds: spent on the running epoch.
        compiled, micro_batches, precision: how its program runs, which would change the bits if it changed on the way;
            older checkpoints have the recipe's precision, and do not say so.
    """

    state: Arrays
    history: tuple[Epoch, ...] = ()
    losses: tuple[float, ...] = ()
    rights: tuple[float, ...] = ()
    seconds: float = 0.0
    compiled: Compiled | None = None
    micro_batches: int = 1
    precision: Precision | None = None


class _About(BaseModel):
    """All of a checkpoint but its arrays, checked when it is read."""

    format: int
    trial: str
    history: tuple[Epoch, ...]
    losses: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]
    rights: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    compiled: Compiled | None
    micro_batches: Annotated[int, Field(ge=1, le=2**20)]
    precision: Precision | None = None
    sizes: dict[str, Annotated[int, Field(ge=0, le=2**20)]]


def path_of(folder: str, trial_id: str) -> str:
    """Where a trial's checkpoint is."""
    return f"{folder.rstrip('/')}/{trial_id}{SUFFIX}"


def save(path: str, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint whole or not at all; the one before it stays until then.

    Raises:
        OSError: if it does not fit, or the folder cannot be written.
    """
    about = _About(
        format=FORMAT,
        trial=_trial(path),
        history=checkpoint.history,
        losses=checkpoint.losses,
        rights=checkpoint.rights,
        seconds=checkpoint.seconds,
        compiled=checkpoint.compiled,
        micro_batches=checkpoint.micro_batches,
        precision=checkpoint.precision,
        sizes={name: len(values) for name, values in checkpoint.state.items()},
    )
    arrays: dict[str, Any] = {"about": np.array(about.model_dump_json())}
    arrays |= {_key(name, i): value for name, values in checkpoint.state.items() for i, value in enumerate(values)}
    with storage.replacing(path) as file:
        np.savez(file, **arrays)


def load(path: str) -> Checkpoint | None:
    """Reads a checkpoint; None where there is none.

    Raises:
        CheckpointError: whatever is wrong with it: damaged, of another format, or of another trial.
    """
    try:
        with storage.reading(path) as file:
            return _read(file, _trial(path))
    except FileNotFoundError:
        return None
    except Exception as error:  # nothing that stands in a file may end a training
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(f"{path}: no checkpoint of this trial ({reason[:200]})") from None


def set_aside(path: str) -> str:
    """Renames a checkpoint that cannot be used, so that it is neither read again nor lost.

    Returns:
        Its new path.

    Raises:
        OSError: if it cannot be renamed.
    """
    numbered = (f"{path}.damaged-{number}" for number in itertools.count(1))
    target = next(name for name in numbered if not storage.exists(name))
    storage.rename(path, target)
    return target


def check_fits(checkpoint: Checkpoint, expected: Arrays, epochs: int, steps: int) -> None:
    """Makes sure that a checkpoint is of this network and recipe before anything is taken from it.

    Args:
        checkpoint: that was read.
        expected: the state that the program begins with.
        epochs: of the recipe.
        steps: of an epoch.

    Raises:
        CheckpointError: if an array is missing, or of another shape or type, or there are more epochs or steps.
    """
    if _form(checkpoint.state) != _form(expected):
        raise CheckpointError("its arrays are not those of this network")
    if len(checkpoint.history) > epochs or len(checkpoint.losses) > steps:
        raise CheckpointError("it has more epochs or steps than this trial")
    if len(checkpoint.losses) != len(checkpoint.rights):
        raise CheckpointError("it has not as many losses as accuracies")


def remove(path: str) -> None:
    """Deletes a checkpoint, if there is one."""
    storage.remove(path)


def _read(file: IO[bytes], trial: str) -> Checkpoint:
    with zipfile.ZipFile(file) as archive:
        about = json.loads(str(_array(archive, "about")))
        if about["format"] != FORMAT:
            raise CheckpointError(f"of format {about['format']}, this toolkit's is {FORMAT}")
        checked = _About.model_validate(about)
        if checked.trial != trial:
            raise CheckpointError(f"of trial {checked.trial}")
        names = {name: [_key(name, i) for i in range(size)] for name, size in checked.sizes.items()}
        state = {name: [_array(archive, key) for key in keys] for name, keys in names.items()}
    fields = Checkpoint.__dataclass_fields__.keys() - {"state"}
    return Checkpoint(state=state, **{name: getattr(checked, name) for name in fields})


def _array(archive: zipfile.ZipFile, key: str) -> NDArray[Any]:
    """One array of an archive. What its header promises must be there, before memory is taken for it."""
    member = archive.getinfo(f"{key}.npy")
    if member.compress_type != zipfile.ZIP_STORED:
        raise CheckpointError(f"{key} is compressed")
    content = io.BytesIO(archive.read(member))
    npy.read_magic(content)
    shape, _, kind = npy.read_array_header_1_0(content)
    if math.prod(shape) * kind.itemsize != member.file_size - content.tell():
        raise CheckpointError(f"{key} has not the size that its header says")
    content.seek(0)
    return np.asarray(npy.read_array(content, allow_pickle=False))


def _form(state: Arrays) -> dict[str, list[tuple[tuple[int, ...], str]]]:
    """Shape and type of each array, by list; an empty list is as good as none."""
    return {name: [(tuple(v.shape), v.dtype.name) for v in values] for name, values in state.items() if values}


def _key(name: str, index: int) -> str:
    return f"{name}/{index}"


def _trial(path: str) -> str:
    return PurePosixPath(path).stem
