"""Tables on a terminal, and numbers as they stand in them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "


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
        form = GAP.join(f"{{:{align}{width}}}" for align, width in zip(aligned, self._widths, strict=True))
        return [form.format(*row).rstrip() for row in rows]

    @functools.cached_property
    def _widths(self) -> list[int]:
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


@functools.cache
def engineering(value: float) -> str:
    """Three digits and a unit: 684586 as `685k`."""
    for limit, unit in ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:g}"


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
