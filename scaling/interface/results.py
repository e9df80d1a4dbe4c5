"""Which results are meant: a frame that somebody has loaded, folders, or those under `results/`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from scaling import published
from scaling.errors import UserError, did_you_mean
from scaling.results import records
from scaling.results.frame import load_results
from scaling.results.records import OWN, REFERENCE, ResultsFolder
from scaling.results.shipped import shipped

Place: TypeAlias = str | os.PathLike[str]

Results: TypeAlias = pd.DataFrame | Place | Sequence[Place] | None
"""A frame as `scaling.load_results` gives it; results folders, or folders of them; None: `results/`."""


def reference(name: str) -> Path:
    """The folder of a run that ships with the toolkit, as `depth_vs_width`.

    Raises:
        UserError: if none of that name does.
    """
    place = shipped(f"{OWN}/{REFERENCE}")
    names = {folder.name for folder in records.find(place)}
    if name not in names:
        raise UserError(f"no run named {name!r} ships with the toolkit{did_you_mean(name, names)}")
    return place / name


def places_of(results: Results) -> list[Path]:
    """The folders that are meant; none where it is a frame."""
    if isinstance(results, pd.DataFrame):
        return []
    if results is None:
        return [OWN]
    return [Path(results)] if isinstance(results, str | os.PathLike) else [Path(place) for place in results]


def frame_of(results: Results = None, tables: Sequence[str] = (), device: str | None = None) -> pd.DataFrame:
    """Trials of results, and rows of published tables; those in `results/` where neither is named.

    Args:
        results: which.
        tables: names of published tables.
        device: whose times count of folders, see `scaling.load_results`.

    Raises:
        scaling.results.records.ResultsError: if there are no records.
        UserError: if there is no such table, or a frame is not one of trials.
    """
    frames = [published.load(name) for name in ([tables] if isinstance(tables, str) else tables)]
    if isinstance(results, pd.DataFrame):
        if lacking := sorted({"study", "status", "top1"} - {*results.columns}):
            raise UserError(f"a frame of trials as scaling.load_results gives it, not one without {', '.join(lacking)}")
        frames.append(results)
    elif places := places_of(results) if results is not None or not frames else []:
        frames.append(load_results(*places, device=device))
    if len(frames) == 1:
        return frames[0]
    return pd.concat([frame.dropna(axis=1, how="all") for frame in frames], ignore_index=True)


def folders_of(results: Results = None) -> list[ResultsFolder]:
    """The results folders that are meant, each once.

    Raises:
        UserError: for a frame, which has no study beside it.
        scaling.results.records.ResultsError: if there are no records.
    """
    if isinstance(results, pd.DataFrame):
        raise UserError("name results folders here: a frame does not say which study asked for its trials")
    return list({folder.path.resolve(): folder for folder in records.find(*places_of(results))}.values())


def folders_with_trainings(results: Results = None) -> Iterator[ResultsFolder]:
    """Of them those with trainings; none of a frame."""
    if isinstance(results, pd.DataFrame):
        return
    yield from (folder for folder in folders_of(results) if folder.training.path.exists())
