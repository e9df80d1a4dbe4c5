"""Tables on a terminal, and numbers as they stand in them."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scaling.wording import engineering

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "

WIDTH = 80
"""Characters that a table may take, whatever the terminal: what is printed does not depend on where it is read."""

LEAST = 12
"""Characters that are left of a text that is cut short."""


@dataclass
class Table:
    """Rows of text under headings, each column as wide as its widest cell.

    Rich's own tables measure and wrap every cell, which takes half a minute for ten thousand rows.

    Attributes:
        columns: headings; one may have several lines.
        right: those of the columns that hold numbers, aligned to the right.
    """

    columns: Sequence[str]
    right: Collection[str] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Adds a row, one cell a column."""
        self.rows.append(cells)

    def headings(self) -> list[str]:
        """The lines of the headings."""
        split = [column.split("\n") for column in self.columns]
        height = max(map(len, split))
        return self._lines([[lines[i] if i < len(lines) else "" for lines in split] for i in range(height)])

    def body(self) -> list[str]:
        """A line a row."""
        return self._lines(self.rows)

    def _lines(self, rows: Sequence[Sequence[str]]) -> list[str]:
        aligned = [">" if column in self.right else "<" for column in self.columns]
        form = GAP.join(f"{{:{align}{width}}}" for align, width in zip(aligned, self.widths, strict=True))
        return [form.format(*row).rstrip() for row in rows]

    @functools.cached_property
    def widths(self) -> list[int]:
        """Characters of each column."""
        headings = [max(map(len, column.split("\n"))) for column in self.columns]
        cells = [max(map(len, column), default=0) for column in zip(*self.rows, strict=True)] or [0] * len(headings)
        return [max(pair) for pair in zip(headings, cells, strict=True)]


def table(columns: Sequence[str], right: Collection[str] = ()) -> Table:
    """An empty table of these columns; those in `right` hold numbers."""
    return Table(columns, right)


def print_whole(whole: Table, console: Console) -> None:
    """At the table's own width, whatever the terminal's: a number cut short would be another number."""
    for line in whole.headings():
        console.print(line, style="bold", highlight=False, markup=False, soft_wrap=True)
    if whole.rows:
        console.out("\n".join(whole.body()), highlight=False)


def print_narrow(
    whole: Table, console: Console, spare: Sequence[str] = (), short: Sequence[str] = (), wrapped: str | None = None
) -> None:
    """In `WIDTH` characters, and which columns are left out for that.

    Args:
        whole: the table with all its columns.
        console: to print on.
        spare: columns that may be left out, the first of them first.
        short: columns of text that may be cut short where leaving out is not enough; an ellipsis stands for the rest.
        wrapped: the last column, if its text may continue on further lines.
    """
    narrow = whole
    left_out = []
    for column in spare:
        if _excess(narrow, wrapped) <= 0:
            break
        narrow = without(narrow, column)
        left_out.append(" ".join(column.split("\n")))
    for column in short:
        narrow = _cut(narrow, column, _excess(narrow, wrapped))
    print_whole(narrow if wrapped is None else _wrapped(narrow), console)
    if left_out:
        console.print(f"left out for lack of space: {', '.join(left_out)}; --wide shows all columns", soft_wrap=True)


def without(whole: Table, *columns: str) -> Table:
    """The table without some of its columns."""
    kept = [place for place, column in enumerate(whole.columns) if column not in columns]
    rows = [tuple(row[place] for place in kept) for row in whole.rows]
    return replace(whole, columns=[whole.columns[place] for place in kept], rows=rows)


def _excess(table: Table, wrapped: str | None) -> int:
    """Characters beyond `WIDTH`; a column that wraps needs no more than it takes to write a few words a line."""
    widths = list(table.widths)
    if wrapped is not None:
        widths[-1] = min(widths[-1], 2 * LEAST)
    return sum(widths) + len(GAP) * (len(widths) - 1) - WIDTH


def _cut(table: Table, column: str, excess: int) -> Table:
    """The table with a column of text that is narrower by `excess`, as far as `LEAST` allows."""
    if excess <= 0 or column not in table.columns:
        return table
    place = list(table.columns).index(column)
    width = max(LEAST, table.widths[place] - excess)
    rows = [(*row[:place], shortened(row[place], width), *row[place + 1 :]) for row in table.rows]
    return replace(table, rows=rows)


def shortened(text: str, width: int) -> str:
    """The text in at most `width` characters, an ellipsis in its middle where it is longer."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"


def _wrapped(table: Table) -> Table:
    """The table with the text of its last column continued on lines of its own."""
    width = WIDTH - sum(table.widths[:-1]) - len(GAP) * (len(table.widths) - 1)
    rows: list[tuple[str, ...]] = []
    for *cells, text in table.rows:
        first, *more = textwrap.wrap(text, max(width, LEAST), break_long_words=False, break_on_hyphens=False) or [""]
        rows.append((*cells, first))
        rows += [(*("" for _ in cells), line) for line in more]
    return replace(table, rows=rows)


@functools.cache
def time(hours: float) -> str:
    """No more digits than an estimate deserves: `45s`, `12m`, `3.4h`, `820h`, `12.3kh`."""
    if hours < 1.5:
        return f"{hours * 3600:.2g}s" if hours < 90 / 3600 else f"{hours * 60:.0f}m"
    return f"{hours:.1f}h" if hours < 10 else f"{hours:.0f}h" if hours < 1000 else f"{engineering(hours)}h"


def gigabytes(value: float) -> str:
    """In 1e9 bytes: `0.069`, `9.2`, `850`."""
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def money(dollars: float) -> str:
    """`0.42`, `63.61`, `9,018`."""
    return f"{dollars:.2f}" if dollars < 100 else f"{dollars:,.0f}"
