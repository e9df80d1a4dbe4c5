"""The tables of trials: those that failed, with why, and those that were trained, with their learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scaling.reports.page import cells
from scaling.reports.page.logs import Points
from scaling.reports.page.page import Cell, Curve, Table, TableColumn
from scaling.results.columns import Column

_CURVE = TableColumn("Validation accuracy by epoch")
_TRIAL = TableColumn("Trial")


class Curves:
    """The learning curves of a folder, all from the lowest to the highest accuracy that any of them has."""

    def __init__(self, points: Mapping[str, Points]) -> None:
        accuracies = [accuracy for curve in points.values() for _, accuracy in curve]
        self.low, self.high = min(accuracies, default=0.0), max(accuracies, default=1.0)
        self._points = points

    def cell(self, trial_id: str) -> Cell:
        """The curve of a trial, which sorts by its best accuracy."""
        points = self._points.get(trial_id, ())
        if not points:
            return cells.UNKNOWN
        (first, begun), (last, ended) = points[0], points[-1]
        best_epoch, best = max(points, key=lambda point: point[1])
        words = f"{begun:.1%} after epoch {first}, {ended:.1%} after epoch {last}, best {best:.1%} after {best_epoch}"
        return Cell(words, best, curve=Curve(points, self.low, self.high))

    @property
    def words(self) -> str:
        """What their height means; nothing where there is none."""
        if not any(self._points.values()):
            return ""
        return f"Each curve is drawn from {self.low:.1%} at its foot to {self.high:.1%} at its top."


def failed_table(frame: pd.DataFrame, curves: Curves, file: Path) -> Table | None:
    """One row a trial that failed: kind and message, and how far it came."""
    shown, varied = frame[frame["status"] == "failed"], cells.varied(frame)
    columns = (*_first(varied), TableColumn("Failure"), TableColumn("Message"), _CURVE, _TRIAL)
    rows = (
        (
            *_which(row, varied),
            cells.text(row["failure_kind"]),
            cells.text(row["failure_message"]),
            curves.cell(row["trial_id"]),
            cells.text(row["trial_id"]),
        )
        for _, row in shown.iterrows()
    )
    return cells.table(columns, rows, len(shown), "Trials that ended without a result.", file)


def trained_table(frame: pd.DataFrame, curves: Curves, file: Path) -> Table | None:
    """One row a trial that was trained, the most accurate first."""
    varied = cells.varied(frame)
    shown = frame[frame["status"] == "ok"].sort_values("top1", ascending=False, kind="stable", na_position="last")
    numbers = ("Accuracy (%)", "Test accuracy (%)", "Training time")
    columns = (*_first(varied), _CURVE, *(TableColumn(title, numeric=True) for title in numbers), _TRIAL)
    rows = (
        (
            *_which(row, varied),
            curves.cell(row["trial_id"]),
            cells.percent(row["top1"]),
            cells.percent(row["test_top1"]),
            cells.duration(row["train_seconds"]),
            cells.text(row["trial_id"]),
        )
        for _, row in shown.iterrows()
    )
    return cells.table(
        columns, rows, len(shown), f"Accuracy is top-1 on validation images. {curves.words}".rstrip(), file
    )


def _first(varied: Sequence[Column]) -> tuple[TableColumn, ...]:
    return TableColumn("Network"), *cells.headings(varied), TableColumn("Seed", numeric=True)


def _which(row: pd.Series[Any], varied: Sequence[Column]) -> tuple[Cell, ...]:
    return cells.network(row), *(cells.text(row[column.name]) for column in varied), cells.text(row["seed"])
