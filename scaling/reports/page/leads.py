"""What stands first on a page: the answer to the study's question, and what to choose."""

from __future__ import annotations

from collections.abc import Iterator

from scaling.analysis.decide.recommend import NEAR, Choice, Recommendation
from scaling.reports.conclusion import Conclusion
from scaling.reports.page.page import Cell, Lead, Table, TableColumn
from scaling.reports.recommend import legend, marked

_MOST = 10

_COLUMNS = (
    TableColumn("setting"),
    TableColumn("accuracy (%)", numeric=True),
    TableColumn("90%"),
    TableColumn("is the best (%)", numeric=True),
    TableColumn(f"within {100 * NEAR:g} points (%)", numeric=True),
    TableColumn("points lost", numeric=True),
)


def leads(said: Conclusion) -> Iterator[Lead]:
    """The answer, and what to choose on each device; what is not known stands at the end of the page."""
    answer = said.answer
    details = tuple(filter(None, (answer.rests_on, answer.takes)))
    yield Lead("Answer", answer.sentence, details, answer.figure)
    for device, recommended in said.recommended:
        heading = f"Recommendation, {device}" if device else "Recommendation"
        yield Lead(heading, recommended.sentence, recommended.notes, table=_table(recommended))


def _table(recommended: Recommendation) -> Table | None:
    if not recommended.choices:
        return None
    left = len(recommended.choices) - _MOST
    more = f"; {left} more are left out" if left > 0 else ""
    rows = tuple(_row(choice, recommended) for choice in recommended.choices[:_MOST])
    said = (
        f"Settings by what choosing them loses{more}; {legend(recommended, _MOST)}. No limits: see `scaling recommend`."
    )
    return Table(_COLUMNS, rows, said)


def _row(choice: Choice, recommended: Recommendation) -> tuple[Cell, ...]:
    accuracy = choice.accuracy.scaled(100)
    numbers = (100 * choice.best, 100 * choice.near, 100 * choice.loss)
    return (
        Cell(marked(choice, recommended)),
        Cell(f"{accuracy.value:.1f}", accuracy.value),
        Cell(f"{accuracy.low:.1f} to {accuracy.high:.1f}", accuracy.low),
        *(Cell(f"{number:.{digits}f}", number) for number, digits in zip(numbers, (0, 0, 2), strict=True)),
    )
