"""Several results folders beside each other: what each has, and which of them costs less at equal accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from scaling.analysis.comparability import parts
from scaling.analysis.equal_accuracy.compare import Comparisons, compare
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError, listed
from scaling.reports.page import cells
from scaling.reports.page.page import Cell, Overview, Part, Table, TableColumn

_COSTS = ("training_ms", "macs")
"""By which folders are compared: the first that gives an answer."""

_COLUMNS = (
    TableColumn("Folder"),
    TableColumn("Question"),
    TableColumn("Trials", numeric=True),
    TableColumn("Failed", numeric=True),
    TableColumn("Best accuracy (%)", numeric=True),
    TableColumn("Device"),
)


def overview(parts_of_page: Sequence[Part], frames: Sequence[pd.DataFrame]) -> Overview:
    """Compares the folders of a page.

    Args:
        parts_of_page: one a folder.
        frames: the trials of each, as `scaling.load_results` gives them.
    """
    rows = tuple(_row(part, frame) for part, frame in zip(parts_of_page, frames, strict=True))
    known = [frame.dropna(axis=1, how="all") for frame in frames if len(frame)]
    sentences = _compared(pd.concat(known, ignore_index=True)) if len(known) > 1 else ()
    return Overview(
        Table(_COLUMNS, rows), tuple(sentences) or ("There is nothing to compare: fewer than two folders have trials.",)
    )


def _row(part: Part, frame: pd.DataFrame) -> tuple[Cell, ...]:
    devices = sorted(frame["device"].dropna().unique()) if "device" in frame else []
    best = frame["top1"].max() if "top1" in frame and len(frame) else None
    failed = int((frame["status"] == "failed").sum())
    return (
        Cell(part.folder, link=part.anchor),
        Cell(part.question),
        cells.number(len(frame)),
        cells.number(failed),
        cells.percent(best),
        Cell(", ".join(map(str, devices)) or cells.UNKNOWN.text),
    )


def _compared(frame: pd.DataFrame) -> list[str]:
    """What may be concluded by the first cost that gives an answer, else why nothing by any of them."""
    by = "folder" if frame.groupby("study")["folder"].nunique().max() > 1 else "study"
    settings = collapse_seeds(frame)
    reasons: list[str] = []
    for cost in _COSTS:
        try:
            answers = [(words, compare(part, cost, by)) for words, part in parts(settings, cost)]
        except UserError as error:
            reasons.append(str(error))
            continue
        told = [sentence for words, comparisons in answers for sentence in _sentences(words, comparisons)]
        if any(pair.overall is not None for _, comparisons in answers for pair in comparisons.pairs):
            return listed(told)
        reasons += told
    return listed(dict.fromkeys(reasons))


def _sentences(words: str, comparisons: Comparisons) -> Iterator[str]:
    where = f"{words}: " if words else ""
    for pair in comparisons.pairs:
        yield where + pair.sentence
    for note in comparisons.notes:
        yield where + note
