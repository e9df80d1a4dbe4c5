"""What stands on a page: text, tables, curves and drawn figures, and nothing of how they look."""

from __future__ import annotations

from dataclasses import dataclass

MOST_ROWS = 400
"""Rows of a table on the page; a few thousand would make it slow to open, and nobody reads so many."""


@dataclass(frozen=True)
class Curve:
    """A small learning curve.

    Attributes:
        points: epoch and accuracy (fraction), in order.
        low, high: accuracies at its foot and its top, so that curves of one table compare.
    """

    points: tuple[tuple[int, float], ...]
    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: as it is read.
        sort: what it sorts by; None: its text.
        curve: drawn instead of the text, which then stands for it in words.
        link: anchor on the page that the text leads to.
    """

    text: str
    sort: float | None = None
    curve: Curve | None = None
    link: str | None = None


@dataclass(frozen=True)
class TableColumn:
    """A column: its title, and whether it holds numbers, which are aligned to the right."""

    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under titled columns.

    Attributes:
        columns: from left to right.
        rows: a cell a column.
        caption: what the rows are, and what was left out.
    """

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Lead:
    """What a reader should know first: the answer to the study's question, or what to do about it.

    Attributes:
        heading: a few words.
        sentence: the answer, with its numbers and intervals.
        details: what it rests on, a sentence each.
        figure: name of the figure that shows it.
        table: its numbers.
    """

    heading: str
    sentence: str
    details: tuple[str, ...] = ()
    figure: str | None = None
    table: Table | None = None


@dataclass(frozen=True)
class Drawing:
    """A figure as it stands on the page.

    Attributes:
        name: of the figure, as `scaling plot --figure` takes it.
        title: above it.
        svg: the picture, safe to stand in HTML, its colours those of the page.
        width: that it needs to be read, in pixels of the screen.
        shows, concludes, notes: as of `scaling.plots.kit.figure_spec.FigureSpec`.
    """

    name: str
    title: str
    svg: str
    width: int
    shows: str
    concludes: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class NotDrawn:
    """Figures that the results cannot speak to, and why; `names` as `scaling plot --figure` takes them."""

    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Repeat:
    """How to run a study again.

    Attributes:
        commands: to be pasted, one a line.
        study: text of the study file; None where there is none.
        file: its path.
    """

    commands: tuple[str, ...]
    study: str | None
    file: str


@dataclass(frozen=True)
class Part:
    """What is known of one results folder.

    Attributes:
        anchor: that anchors of its sections begin with.
        name: of the folder.
        folder: its path.
        question: of the study; the folder's name where it has none.
        facts: what it is about at a glance, title and value.
        leads: see `Lead`.
        drawings, not_drawn: figures, and those that there are none of.
        settings, failed, trained, environments: tables; None where there is nothing to list.
        repeat: see `Repeat`.
        unknown: a sentence for each thing that is not known.
    """

    anchor: str
    name: str
    folder: str
    question: str
    facts: tuple[tuple[str, str], ...]
    leads: tuple[Lead, ...]
    drawings: tuple[Drawing, ...]
    not_drawn: tuple[NotDrawn, ...]
    settings: Table | None
    failed: Table | None
    trained: Table | None
    environments: Table | None
    repeat: Repeat
    unknown: tuple[str, ...]

    @property
    def conclusions(self) -> tuple[Drawing, ...]:
        """The figures that conclude something, each conclusion once."""
        return tuple({drawing.concludes: drawing for drawing in self.drawings[::-1] if drawing.concludes}.values())[
            ::-1
        ]

    def place(self, figure: str | None) -> str | None:
        """Anchor of a figure; None where it is not on the page."""
        drawn = {drawing.name for drawing in self.drawings}
        return f"{self.anchor}-{figure}" if figure in drawn else None


@dataclass(frozen=True)
class Overview:
    """Several results folders beside each other.

    Attributes:
        heading: whether there is an answer.
        sentences: what one may conclude, or why nothing.
        notes: what the sentences rest on.
        table: what each folder has.
    """

    heading: str
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class Page:
    """The whole page; `overview` is None where there is one part only."""

    title: str
    parts: tuple[Part, ...]
    overview: Overview | None = None
