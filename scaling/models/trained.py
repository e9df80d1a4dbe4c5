"""The weights of a trial as a file of our own: safetensors, raw and averaged, with the trial in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import ValidationError

from scaling.models.checkpoints import Tensors
from scaling.schema import Trial

SUFFIX = ".safetensors"
RAW, AVERAGED = "raw/", "averaged/"
"""What the names of the two kinds of weights begin with; behind that stands our own name."""

_KEY = "scaling"
FORMAT = 1


@dataclass(frozen=True)
class About:
    """What a file says of itself.

    Attributes:
        trial: whose weights these are.
        stays: whether the weights were to be kept however other networks turn out.
        averaged: whether the averaged ones are those whose accuracy is the trial's.
    """

    trial: Trial
    stays: bool

    @property
    def averaged(self) -> bool:
        return bool(self.trial.recipe.ema_decay)


def path_of(folder: str, trial_id: str) -> str:
    """Where a trial's weights are kept."""
    return f"{folder.rstrip('/')}/{trial_id}{SUFFIX}"


def as_bytes(trial: Trial, raw: Mapping[str, NDArray[Any]], averaged: Mapping[str, NDArray[Any]], stays: bool) -> bytes:
    """A file's content; averages only where the trial has some."""
    from safetensors.numpy import save

    tensors = {f"{RAW}{name}": value for name, value in raw.items()}
    if trial.recipe.ema_decay:
        tensors |= {f"{AVERAGED}{name}": value for name, value in averaged.items()}
    about = {"format": FORMAT, "trial": trial.model_dump(mode="json", exclude_defaults=True), "stays": stays}
    content: bytes = save(tensors, {_KEY: json.dumps(about)})
    return content


def about(path: Path, metadata: Mapping[str, str]) -> About | None:
    """What a file's metadata say; None where they are not ours.

    Raises:
        ValueError: where they are ours, but damaged or of a newer format.
    """
    if _KEY not in metadata:
        return None
    try:
        held = json.loads(metadata[_KEY])
        if held["format"] > FORMAT:
            raise ValueError(f"{path}: of format {held['format']}, this toolkit's is {FORMAT}: upgrade it")
        return About(Trial.model_validate(held["trial"]), held["stays"] is True)
    except (ValidationError, json.JSONDecodeError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: what it says of its trial cannot be read ({reason})") from None


def read_about(path: Path) -> About | None:
    """What a file says of itself; None where it is not ours.

    Raises:
        ValueError, FileNotFoundError: where it cannot be read.
    """
    from scaling.models.checkpoints import open_checkpoint

    if path.suffix != SUFFIX:
        return None
    with open_checkpoint(path) as tensors:
        return about(path, tensors.about)


def chosen(tensors: Tensors, averaged: bool) -> Tensors:
    """The raw or the averaged weights of a file, by our names."""
    kind = AVERAGED if averaged else RAW
    shapes = {name.removeprefix(kind): shape for name, shape in tensors.shapes.items() if name.startswith(kind)}
    return replace(tensors, shapes=shapes, read=lambda name: tensors.read(f"{kind}{name}"))
