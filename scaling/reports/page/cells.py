"""Cells as tables of a page have them: numbers with as many digits as can be read, networks by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from scaling.models.names import title
from scaling.plots.kit.point_names import model_name
from scaling.reports import tables
from scaling.reports.page.page import MOST_ROWS, Cell, Table, TableColumn
from scaling.results.columns import TABLE, Column, names

UNKNOWN = Cell("–", float("-inf"))
"""What was not measured."""

_IN_NAME = ("family", "depth", "width", "resolution")
_LONGEST = 400
"""Letters of a text from records that are shown; a failure's message may be a page long."""


def table(
    columns: Sequence[TableColumn], rows: Iterable[tuple[Cell, ...]], number: int, caption: str, file: Path
) -> Table | None:
    """A table of the first `MOST_ROWS` rows; None without any.

    Args:
        columns: from left to right.
        rows: in their order; no more are made than are shown.
        number: of all rows.
        caption: what they are.
        file: that has those which are not shown; the caption says so.
    """
    if not number:
        return None
    shown = tuple(islice(rows, MOST_ROWS))
    hidden = number - len(shown)
    left_out = f" {len(shown):,} of {number:,} are shown; the other {hidden:,} are in {file}." if hidden else ""
    return Table(tuple(columns), shown, caption + left_out)


def text(value: object) -> Cell:
    """A value as text, cut where it is too long to be read."""
    if pd.isna(value):  # type: ignore[call-overload]
        return UNKNOWN
    if isinstance(value, float):
        return Cell(f"{value:g}", value)
    written = str(value)
    return Cell(written if len(written) <= _LONGEST else f"{written[:_LONGEST]} ...")


def sentence(note: str) -> str:
    """A note with the capital letter and the full stop of a sentence."""
    return note[:1].upper() + note[1:] + ("" if note.endswith((".", "!", "?")) else ".")


def number(value: float | None, scale: float = 1.0) -> Cell:
    """A number with three digits, or all those before the point."""
    if value is None or pd.isna(value):
        return UNKNOWN
    shown = value * scale
    return Cell(f"{shown:,.0f}" if abs(shown) >= 1000 else f"{shown:.3g}", shown)


def percent(value: float | None) -> Cell:
    """A fraction as a percentage with one digit after the point."""
    return UNKNOWN if value is None or pd.isna(value) else Cell(f"{100 * value:.1f}", value)


def duration(seconds: float | None) -> Cell:
    """A time with no more digits than it deserves."""
    return UNKNOWN if seconds is None or pd.isna(seconds) else Cell(tables.time(seconds / 3600), seconds)


def network(row: pd.Series[Any]) -> Cell:
    """A network by its family's title, depth, width and resolution."""
    return Cell(f"{title(str(row['family']))} {model_name(row, with_resolution=True)}")


def varied(frame: pd.DataFrame) -> list[Column]:
    """The columns that tell settings of one network from each other, beside those that are in its name.

    What was timed under one condition and what was not timed are told apart by the times themselves.
    """
    settings = [name for name in names("setting") if name not in ("study", "folder", *_IN_NAME)]
    told = [name for name in settings if frame[name].nunique(dropna=False) > 1]
    told += [name for name in names("condition") if frame[name].nunique() > 1]
    return [TABLE[name] for name in told]


def headings(columns: Sequence[Column]) -> Iterator[TableColumn]:
    """Titles of columns of results."""
    for column in columns:
        words = column.label or column.name.replace("_", " ")
        yield TableColumn(words[:1].upper() + words[1:], numeric=not column.text)
