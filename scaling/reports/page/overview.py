"""Several results folders beside each other: what each has, and which of them costs less at equal accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from scaling.analysis.comparability import parts
from scaling.analysis.equal_accuracy.compare import compare
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError, listed
from scaling.reports.page import cells
from scaling.reports.page.cells import sentence
from scaling.reports.page.page import Cell, Overview, Part, Table, TableColumn

_COSTS = ("training_ms", "macs")
"""By which folders are compared: the first that gives an answer."""

_ANSWER, _NO_ANSWER = "What one may conclude", "The folders are not compared"

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
    known = [frame.dropna(axis=1, how="all") for frame in frames if frame["top1"].notna().any()]
    if len(known) < 2:
        reason = f"Fewer than two of the {len(frames)} folders have trained trials: there is nothing to compare."
        return Overview(_NO_ANSWER, (reason,), (), Table(_COLUMNS, rows))
    heading, sentences, notes = _compared(pd.concat(known, ignore_index=True))
    return Overview(heading, tuple(map(sentence, sentences)), tuple(map(sentence, notes)), Table(_COLUMNS, rows))


def _row(part: Part, frame: pd.DataFrame) -> tuple[Cell, ...]:
    devices = sorted(frame["device"].dropna().unique())
    failed = int((frame["status"] == "failed").sum())
    return (
        Cell(part.folder, link=part.anchor),
        Cell(part.question),
        cells.number(len(frame)),
        cells.number(failed),
        cells.percent(frame["top1"].max()),
        Cell(", ".join(map(str, devices)) or cells.UNKNOWN.text),
    )


def _compared(frame: pd.DataFrame) -> tuple[str, list[str], list[str]]:
    """What may be concluded by the first cost that gives an answer, else why nothing by the last; and the notes."""
    by = "folder" if frame.groupby("study")["folder"].nunique().max() > 1 else "study"
    settings = collapse_seeds(frame)
    reasons: list[str] = []
    for cost in _COSTS:
        try:
            answers = [(words, compare(part, cost, by)) for words, part in parts(settings, cost)]
        except UserError as error:
            reasons = [str(error)]
            continue
        pairs = [(words, pair) for words, comparisons in answers for pair in comparisons.pairs]
        if any(pair.overall is not None for _, pair in pairs):
            notes = dict.fromkeys(note for _, comparisons in answers for note in comparisons.notes)
            return _ANSWER, listed(_told(words, pair.sentence) for words, pair in pairs), listed(notes)
        reasons = [_told(words, pair.sentence) for words, pair in pairs] or [_apart(words for words, _ in answers)]
    return _NO_ANSWER, listed(reasons), []


def _apart(conditions: Iterable[str]) -> str:
    """Why no two folders meet in one part."""
    return f"the folders were not measured alike ({'; '.join(conditions)}), so that their numbers do not compare"


def _told(words: str, concluded: str) -> str:
    return f"{words}: {concluded}" if words else concluded
