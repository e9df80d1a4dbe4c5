"""A figure before it is drawn: its panels, what it shows, and what one may conclude from it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from matplotlib.figure import Figure

from scaling.plots.kit import style
from scaling.plots.kit.layout import Panel, draw_panels

NOTEBOOK_DPI = 100


@dataclass(frozen=True, eq=False, repr=False)
class FigureSpec:
    """A figure and its words, all of them from what was computed.

    Attributes:
        name: of the file, without its ending.
        title: of the figure.
        shows: what there is to see.
        concludes: what one may conclude, with numbers and intervals; `undecided` where it is.
        panels: each draws on the `Axes` that it is given.
        notes: what its numbers rest on, and what is not shown and why; small print.
        size: inches of a panel, width and height.
        scales: a word for each panel; panels of one word are compared, so their axes have the same limits. Where there
            are none, each panel has its own.
    """

    name: str
    title: str
    shows: str
    concludes: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()
    size: tuple[float, float] = (4.6, 3.7)
    scales: tuple[str, ...] = ()

    def figure(self) -> Figure:
        """Draws it; to be saved within `scaling.plots.kit.style.light` as well."""
        with style.light():
            return draw_panels(self.panels, self.title, self.notes, *self.size, self.scales)

    def __repr__(self) -> str:
        """In words, for those who do not see it."""
        return f"{self.title} {self.shows}"

    def _repr_png_(self) -> bytes:
        """As notebooks show it: the same bytes whatever their backend."""
        drawn = BytesIO()
        with style.light():
            self.figure().savefig(drawn, format="png", dpi=NOTEBOOK_DPI, metadata={"Software": None})
        return drawn.getvalue()


@dataclass(frozen=True)
class Skipped:
    """A figure that these results cannot speak to, and why."""

    name: str
    reason: str
