"""Tables on a terminal, and numbers as they stand in them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def table(columns: Sequence[str], right: Collection[str]) -> Table:
    """An empty table of these columns; those in `right` hold numbers, which are never broken."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for column in columns:
        whole = column in right or column in ("trial", "study", "name")
        made.add_column(column, justify="right" if column in right else "left", no_wrap=whole, overflow="fold")
    return made


def print_whole(whole: Table, console: Console) -> None:
    """At the table's own width, whatever the terminal's: a number cut short would be another number."""
    from rich.console import Console

    Console(file=console.file, width=max(console.width, 1000)).print(whole)


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
