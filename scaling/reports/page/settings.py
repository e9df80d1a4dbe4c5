"""The table of settings: how accurate each is, over how many seeds, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scaling.reports.page import cells
from scaling.reports.page.page import Cell, Table, TableColumn
from scaling.results.columns import METRICS, Column

_ACCURACY = (
    TableColumn("Seeds", numeric=True),
    TableColumn("Accuracy, mean (%)", numeric=True),
    TableColumn("Lowest to highest seed (%)", numeric=True),
    TableColumn("Test accuracy (%)", numeric=True),
)


def settings_table(settings: pd.DataFrame, file: Path) -> Table | None:
    """One row a setting, the most accurate first.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        file: that has the rows that find no room.
    """
    varied, costs = cells.varied(settings), _costs(settings)
    columns = (TableColumn("Network"), *cells.headings(varied), *_ACCURACY, *cells.headings(costs))
    ordered = settings.sort_values("top1", ascending=False, kind="stable", na_position="last")
    rows = (_row(row, varied, costs) for _, row in ordered.iterrows())
    caption = "Trials that differ in their seed alone are one setting. Accuracy is top-1 on validation images."
    return cells.table(columns, rows, len(ordered), caption, file)


def _costs(settings: pd.DataFrame) -> list[Column]:
    """The costs that any setting has; activations tell nothing that the others do not."""
    costs = [metric for name, metric in METRICS.items() if not metric.maximize and name != "activations"]
    return [metric for metric in costs if metric.name in settings and settings[metric.name].notna().any()]


def _row(row: pd.Series[Any], varied: list[Column], costs: list[Column]) -> tuple[Cell, ...]:
    return (
        cells.network(row),
        *(cells.text(row[column.name]) for column in varied),
        _seeds(row),
        cells.percent(row["top1"]),
        _spread(row),
        cells.percent(row["test_top1"]),
        *(cells.number(row[metric.name], metric.scale) for metric in costs),
    )


def _spread(row: pd.Series[Any]) -> Cell:
    """From the lowest to the highest seed, which sorts by how far they lie apart."""
    if not row["seeds"] > 1:
        return cells.UNKNOWN
    return Cell(f"{100 * row['top1_min']:.1f} to {100 * row['top1_max']:.1f}", row["top1_max"] - row["top1_min"])


def _seeds(row: pd.Series[Any]) -> Cell:
    failed = f" + {row['failed']:g} failed" if row["failed"] else ""
    return Cell(f"{row['seeds']:g}{failed}", float(row["seeds"]))
