"""All figures in their order. A new one is a module with `NAME`, `TABLES` and `spec`, and a line in `names`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType

import pandas as pd

from scaling import published
from scaling.plots.context import Context
from scaling.plots.figures import additive
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.names import MODULES
from scaling.schema import Question

FIGURES: tuple[ModuleType, ...] = tuple(import_module(f"scaling.plots.figures.{name}") for name in MODULES)
"""Of each: `NAME`, its file's; `TABLES`, the published numbers that it shows, or `UNPUBLISHED`, why there are none;
`spec`, the figure of a `Context`."""

NAMES: tuple[str, ...] = tuple(figure.NAME for figure in FIGURES)


def context_of(frame: pd.DataFrame, with_published: bool = False, question: Question | None = None) -> Context:
    """What figures may ask of these results; with published numbers behind or beside them where they are wanted."""
    return Context(frame, _tables if with_published else None, question or Question())


def specs(context: Context, names: Collection[str] = NAMES) -> list[FigureSpec | Skipped]:
    """Every figure of these results, or why there is none; `names` are those of `NAMES` that are wanted."""
    wanted = [figure for figure in FIGURES if figure.NAME in names]
    if context.frame.empty:
        return [Skipped(figure.NAME, "nothing was trained yet") for figure in wanted]
    return [figure.spec(context) for figure in wanted]


def published_specs(names: Collection[str] = NAMES) -> list[FigureSpec | Skipped]:
    """The paper's figures, and what else its numbers can speak to; `names` are those of `NAMES` that are wanted."""
    wanted = [figure for figure in FIGURES if figure.NAME in names]
    contexts = {tables: Context(_tables(tables)) for tables in {figure.TABLES for figure in wanted if figure.TABLES}}
    return [_published(figure, contexts) for figure in wanted]


def _published(figure: ModuleType, contexts: dict[tuple[str, ...], Context]) -> FigureSpec | Skipped:
    if not figure.TABLES:
        return Skipped(figure.NAME, figure.UNPUBLISHED)
    drawn = additive.published_spec() if figure is additive else figure.spec(contexts[figure.TABLES])
    if isinstance(drawn, Skipped):
        return drawn
    return replace(drawn, notes=(*drawn.notes, " ".join(map(_trust, figure.TABLES))))


def _trust(table: str) -> str:
    """The source of a table, and which of its columns are not verified."""
    frame = published.table(table)
    source = frame["source"].iloc[0].split(" (")[0]
    doubtful = [str(name).removeprefix("trust_") for name in frame if (frame[name] == "unverified").any()]
    doubts = f" Not verified: {', '.join(doubtful)}." if doubtful else ""
    return f"Source: {source}.{doubts}"


def _tables(names: Sequence[str]) -> pd.DataFrame:
    frames = [published.load(name).dropna(axis=1, how="all") for name in names]
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
