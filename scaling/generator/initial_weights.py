"""The weights that trainings begin with: from what a study file says to the file of each trial."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scaling.errors import did_you_mean
from scaling.generator.study_file import StudyFile
from scaling.models import checkpoints, trained, weights
from scaling.results.records import ResultsFolder, Skipped
from scaling.schema import Trial, Variant

FILES = (".safetensors", ".h5", ".hdf5", checkpoints.INDEX)
"""Endings of files of weights; anything else beside records is the id of a trial."""

FIELDS = ("name", "family", "depth", "width", "resolution")
"""Of a variant, in braces, in what a study file says: `weights/{name}.safetensors`."""


def digest_for(text: str, variant: Variant) -> str:
    """The digest of the weights that a variant begins with.

    Args:
        text: as the study file has it.
        variant: that is trained.

    Raises:
        ValueError: where there is no such file, or it is of another network; the message starts with `init`.
    """
    try:
        path = file_for(text, variant)
        _check(path, variant, _stamp(path))
        return _digest(path, _stamp(path))
    except (ValueError, OSError) as error:
        raise ValueError(f"init: {error}") from None


def path_of(file: StudyFile, trial: Trial) -> str | None:
    """The file with a trial's first weights, of all that a study file names; None where it names none such."""
    found = _found(file, trial)
    return None if found is None else str(found[1].absolute())


def text_of(file: StudyFile, trial: Trial) -> str | None:
    """How a study file names a trial's first weights; None where it names none such."""
    found = _found(file, trial)
    return None if found is None else found[0]


def _found(file: StudyFile, trial: Trial) -> tuple[str, Path] | None:
    """What a study file names that holds a trial's first weights, and the file that is meant by it."""
    for text in dict.fromkeys(_named(file)):
        try:
            path = file_for(text, trial.variant)
            if _digest(path, _stamp(path)) == trial.init:
                return text, path
        except (ValueError, OSError):
            continue
    return None


def file_for(text: str, variant: Variant) -> Path:
    """The file that is meant for a variant.

    Args:
        text: a file of weights, with `FIELDS` in braces and `*` for what is not known; `RESULTS/TRIAL`; or a results
            folder, whose most accurate network like this one is meant.
        variant: that is trained.

    Raises:
        ValueError: where nothing or several things are meant, or weights were not kept.
    """
    path = Path(_filled(text, variant))
    if "*" in path.name:
        matches = sorted(path.parent.glob(path.name))
        if len(matches) != 1:
            listed = ", ".join(match.name for match in matches[:3]) or "none"
            raise ValueError(f"{path} is to fit one file, and fits {len(matches)} ({listed})")
        return matches[0]
    if (folder := ResultsFolder(path)).exists():
        return _most_accurate(folder, variant)
    if (folder := ResultsFolder(path.parent)).exists() and path.suffix not in FILES:  # an id has points, too
        return _kept(folder, path.name)
    checkpoints.files_of(path)
    return path


def _filled(text: str, variant: Variant) -> str:
    values: Mapping[str, Any] = {field: getattr(variant, field) for field in FIELDS}

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ValueError(f"{{{match[1]}}} in {text!r} stands for nothing{did_you_mean(match[1], FIELDS)}")
        held = values[match[1]]
        return held if isinstance(held, str) else f"{held:g}"

    return re.sub(r"\{(\w*)\}", value, text)


def _kept(folder: ResultsFolder, trial_id: str) -> Path:
    kept = Path(trained.path_of(str(folder.weights), trial_id))
    if kept.is_file():
        return kept
    if trial_id in folder.done():
        raise ValueError(f"the weights of {trial_id} were not kept in {folder.weights}; train it with --keep all")
    raise ValueError(f"{folder.path} has no trial {trial_id!r}{did_you_mean(trial_id, folder.done())}")


def _most_accurate(folder: ResultsFolder, variant: Variant) -> Path:
    wanted = weights.unsized(variant)
    accuracies = {}
    for record in folder.summaries():
        if isinstance(record, Skipped) or not record.ok or not isinstance(record.trial, Trial):
            continue
        kept = Path(trained.path_of(str(folder.weights), record.trial_id))
        if weights.unsized(record.trial.variant) == wanted and kept.is_file():
            accuracies[kept] = record.validation.top1 if record.validation else 0.0
    if not accuracies:
        raise ValueError(
            f"{folder.weights} keeps no weights of {wanted.name.partition('@')[0]}; train it there with --keep all"
        )
    return max(accuracies, key=lambda kept: (accuracies[kept], kept.name))


def _named(file: StudyFile) -> Iterator[str]:
    """Everything that a study file says of first weights."""
    for block in ({"init": file.init}, file.across, *(file.grid or ())):
        held = block.get("init")
        yield from (text for text in (held if isinstance(held, list) else [held]) if isinstance(text, str))


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file does, so that none is read twice for many trials."""
    status = checkpoints.files_of(path)[-1].stat()
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=1024)
def _digest(path: Path, stamp: tuple[int, int]) -> str:
    return checkpoints.digest(path)


@functools.lru_cache(maxsize=4096)
def _check(path: Path, variant: Variant, stamp: tuple[int, int]) -> None:
    weights.check(path, variant)
