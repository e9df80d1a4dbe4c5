"""All figures that results, published numbers or both can speak to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import pandas as pd

from scaling import published
from scaling.plots import (
    additive,
    distribution,
    fronts,
    power_law,
    regimes,
    rescaled,
    residuals,
    seed_spread,
    speed_accuracy,
    speedup,
)
from scaling.plots.picture import Picture, Skipped

_FITTED = "fig2"
_PICTURES: dict[str, tuple[Callable[[pd.DataFrame, pd.DataFrame | None], Picture | Skipped], tuple[str, ...]]] = {
    speed_accuracy.NAME: (speed_accuracy.picture, ("table7",)),
    speedup.NAME: (speedup.picture, ("table7",)),
    regimes.NAME: (regimes.picture, ("fig3",)),
    fronts.NAME: (fronts.picture, ("table7",)),
    rescaled.NAME: (rescaled.picture, ("table7", "fig5")),
    additive.NAME: (additive.picture, ("table1",)),
    distribution.NAME: (distribution.picture, ("fig2",)),
    seed_spread.NAME: (seed_spread.picture, ()),
}
"""What makes each picture, and the published tables that it shows."""

NAMES = (speed_accuracy.NAME, power_law.NAME, residuals.NAME, *[*_PICTURES][1:])
"""Of the figures of any results, in their order."""

PUBLISHED_NAMES = NAMES
"""Of the paper's figures."""


def gallery(
    frame: pd.DataFrame, with_published: bool = False, names: Collection[str] = NAMES
) -> list[Picture | Skipped]:
    """Every figure of these results, or why there is none.

    Args:
        frame: as `scaling.load_results` gives it.
        with_published: published numbers stand behind these results, or in panels beside them.
        names: those of `NAMES` that are wanted.
    """
    if frame.empty:
        return [Skipped(name, "nothing was trained yet") for name in NAMES if name in names]
    pictures = {
        name: picture(frame, _tables(tables) if with_published and tables else None)
        for name, (picture, tables) in _PICTURES.items()
        if name in names
    }
    if {power_law.NAME, residuals.NAME}.intersection(names):
        pictures |= _laws(frame, with_published)
    return [pictures[name] for name in NAMES if name in names]


def _laws(frame: pd.DataFrame, with_published: bool) -> dict[str, Picture | Skipped]:
    """The two figures that one fit gives."""
    found, others = power_law.fitted(frame)
    behind = power_law.fitted(published.load(_FITTED))[0] if with_published else []
    return {
        power_law.NAME: power_law.picture_of(found, others, behind),
        residuals.NAME: residuals.picture_of([*found, *behind] if found else []),
    }


def published_gallery() -> list[Picture | Skipped]:
    """The paper's figures, and what else its numbers can speak to."""
    found, others = power_law.fitted(published.load(_FITTED))
    laws = [_with_trust(one, (_FITTED,)) for one in (power_law.picture_of(found, others), residuals.picture_of(found))]
    pictures = [
        _with_trust(additive.published_picture() if name == additive.NAME else picture(_tables(tables), None), tables)
        for name, (picture, tables) in _PICTURES.items()
        if tables
    ]
    one_seed = Skipped(seed_spread.NAME, "one number was published for each model, of one seed or a mean")
    return [*pictures[:1], *laws, *pictures[1:], one_seed]


def _with_trust(picture: Picture | Skipped, tables: tuple[str, ...]) -> Picture | Skipped:
    """The picture with a note on its sources, and on what is worse than a printed number."""
    if isinstance(picture, Skipped):
        return picture
    return replace(picture, notes=(*picture.notes, " ".join(map(_trust, tables))))


def _trust(table: str) -> str:
    frame = published.table(table)
    source = frame["source"].iloc[0].split(" (")[0]
    doubtful = [str(name).removeprefix("trust_") for name in frame if (frame[name] == "unverified").any()]
    doubts = f" Not verified: {', '.join(doubtful)}." if doubtful else ""
    return f"Source: {source}.{doubts}"


def _tables(names: tuple[str, ...]) -> pd.DataFrame:
    frames = [published.load(name).dropna(axis=1, how="all") for name in names]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
