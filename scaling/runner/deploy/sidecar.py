"""What an exported network does not say itself, as JSON beside it: classes, how images are prepared, what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scaling.errors import UserError
from scaling.schema import Noun, Trial

FORMAT = 1


class Sidecar(Noun):
    """What has to be known to use an exported network.

    Attributes:
        model: the network's name.
        trial: what was trained, by its id and whole.
        resolution, channels: of the images that it takes, as floats in [0, 255].
        labels: names of the classes, in the order of the probabilities.
        crop: the part of the shorter side that evaluation looks at; 1: images are resized whole.
        top1, top1_n: accuracy, and the number of images that it was measured on.
    """

    format: int = FORMAT
    model: str
    trial_id: str
    trial: Trial
    resolution: int
    channels: int
    labels: tuple[str, ...]
    crop: float
    top1: float | None = None
    top1_n: int | None = None


def path_of(exported: Path) -> Path:
    """Where what belongs to an exported network stands."""
    return exported.with_name(f"{exported.name}.json")


def write(exported: Path, sidecar: Sidecar) -> None:
    """Writes it beside the network."""
    path_of(exported).write_text(sidecar.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read(exported: Path) -> Sidecar:
    """Reads it.

    Raises:
        UserError: where it is missing or damaged.
    """
    path = path_of(exported)
    if not path.is_file():
        raise UserError(f"{path}: missing; scaling export writes it beside the network, and both belong together")
    try:
        held: Any = json.loads(path.read_text(encoding="utf-8"))
        return Sidecar.model_validate_json(json.dumps(held))
    except (ValueError, ValidationError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: damaged ({reason})") from None
