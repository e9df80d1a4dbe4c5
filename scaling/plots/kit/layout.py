"""The whole sheet around the panels: title, legend, small print, each with a strip of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, TypeAlias

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend

from scaling.analysis.depth_width.tradeoff import Tradeoff
from scaling.plots.kit import labels, style
from scaling.plots.kit.accuracy import FAILED_LABEL, draw_tradeoff
from scaling.plots.kit.axes import has_points, share_limits
from scaling.plots.kit.point_names import names_of

_PANEL_WIDTH, _PANEL_HEIGHT, _NARROWEST, _WIDEST, _IN_A_ROW = 4.6, 3.5, 7.2, 9.8, 3
"""Inches, the widest as wide as a notebook shows at its own size; and panels."""

_EDGE, _GAP = 0.12, 0.06
_SHIFTED = "Vertical axes have the same scale, so that slopes compare, but each begins at its own value."
_FEWEST_LETTERS = 20

Panel: TypeAlias = Callable[[Axes], Axes]
"""Draws on the axes that it is given."""


def tradeoff_panels(regimes: Sequence[Tradeoff]) -> tuple[Panel, ...]:
    """A panel a regime, to be drawn with the same limits, so that a variant stands at the same place in each."""

    def panel(regime: Tradeoff, axes: Axes) -> Axes:
        draw_tradeoff(regime, axes)
        labels.name(axes, names_of(regime))
        return axes

    return tuple(partial(panel, regime) for regime in regimes)


def draw_panels(
    panels: Sequence[Panel],
    title: str,
    notes: Sequence[str],
    width: float = _PANEL_WIDTH,
    height: float = _PANEL_HEIGHT,
    scales: Sequence[str] = (),
) -> Figure:
    """Draws panels, three in a row (four: two and two), under one title and legend and over the small print.

    Args:
        panels: each draws on the `Axes` that it is given.
        title: of the figure; wrapped.
        notes: paragraphs of small print; wrapped.
        width, height: of a panel, in inches.
        scales: a word for each panel; those of one word have the same limits.
    """
    columns = 2 if len(panels) == 4 else min(len(panels), _IN_A_ROW)
    rows = -(-len(panels) // columns)
    figure = _blank(min(max(_NARROWEST, width * columns), _WIDEST), rows, height)
    places = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for draw, axes in zip(panels, places, strict=False):
        draw(axes)
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    shifted = _share_scales(places, scales, columns)
    _surround(figure, title, _legend(figure, places), [*notes, *([_SHIFTED] if shifted else [])])
    return figure


def _blank(width: float, rows: int, height: float = _PANEL_HEIGHT) -> Figure:
    figure = Figure(figsize=(width, rows * height))
    FigureCanvasAgg(figure)
    return figure


def _share_scales(places: Sequence[Axes], scales: Sequence[str], columns: int) -> bool:
    """Gives panels of one word limits that compare; in a row only the first of equal ones has numbers on its left.

    Returns:
        Whether panels of one word begin at different heights.
    """
    words = dict.fromkeys(scales)
    same = {
        word: share_limits([axes for axes, own in zip(places, scales, strict=False) if own == word]) for word in words
    }
    numbered: set[tuple[int, str]] = set()
    for number, (axes, word) in enumerate(zip(places, scales, strict=False)):
        row = (number // columns, word)
        if row in numbered:
            axes.set_ylabel("")
            axes.tick_params(axis="y", labelleft=not same[word])
        elif has_points(axes, "y"):
            numbered.add(row)
    return not all(same.values())


def _legend(figure: Figure, panels: Sequence[Axes]) -> Legend | None:
    """One legend for all panels, in as many columns as the figure's width allows."""
    entries: dict[str, Artist] = {}
    for axes in panels:
        handles, names = axes.get_legend_handles_labels()
        entries |= {name: handle for name, handle in zip(names, handles, strict=True) if name not in entries}
    entries = dict(sorted(entries.items(), key=lambda entry: entry[0] == FAILED_LABEL))
    # As many columns as it takes for rows of one length.
    for columns in dict.fromkeys(-(-len(entries) // rows) for rows in range(1, len(entries) + 1)):
        legend = figure.legend(
            list(entries.values()), list(entries), ncols=columns, columnspacing=1.6, borderaxespad=0, borderpad=0.2
        )
        if columns == 1 or legend.get_window_extent().width <= _room(figure):
            return legend
        legend.remove()
    return None


def _surround(figure: Figure, title: str, legend: Legend | None, notes: Sequence[str]) -> None:
    """Makes the figure higher by what title and legend (above) and small print (below) need, and puts them there."""
    head = _wrapped(figure, title, style.TITLE_SIZE)
    foot = [line for note in notes for line in _wrapped(figure, note, style.PRINT_SIZE)]
    key = legend.get_window_extent().height / figure.dpi if legend else 0.0
    heading = _EDGE + len(head) * _line_height(style.TITLE_SIZE) + _GAP
    below = _EDGE + len(foot) * _line_height(style.PRINT_SIZE) + _GAP
    width, height = figure.get_figwidth(), figure.get_figheight() + heading + key + below
    figure.set_size_inches(width, height)
    _paragraph(figure, head, 1 - _EDGE / height, "top", style.TITLE_SIZE, style.INK)
    _paragraph(figure, foot, _EDGE / height, "bottom", style.PRINT_SIZE, style.PALE_INK)
    if legend:
        legend.set_in_layout(False)
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor((_EDGE / width, 1 - heading / height), transform=figure.transFigure)
    room = (0.0, below / height, 1.0, 1 - (heading + key + below) / height)
    figure.set_layout_engine(ConstrainedLayoutEngine(rect=room, w_pad=0.08, h_pad=0.06, wspace=0.04))


def _paragraph(
    figure: Figure, lines: list[str], y: float, side: Literal["top", "bottom"], size: float, color: str
) -> None:
    # matplotlib takes a line to be 1.2 times the size of its letters, and multiplies that.
    spacing = style.LINE_SPACING / 1.2
    x = _EDGE / figure.get_figwidth()
    text = figure.text(x, y, "\n".join(lines), verticalalignment=side, size=size, color=color, linespacing=spacing)
    text.set_parse_math(False)
    text.set_in_layout(False)


def _line_height(size: float) -> float:
    """Inches from line to line of letters of `size` points."""
    return size * style.LINE_SPACING / 72


def _wrapped(figure: Figure, text: str, size: float) -> list[str]:
    """The text in lines that fit into the figure: as many letters as have room on average, or as fewer as it takes."""
    if not text:
        return []
    room = _room(figure)
    letters = int(0.92 * room / _drawn_width(figure, text, size) * len(text))
    while True:
        lines = textwrap.wrap(text, max(_FEWEST_LETTERS, letters), break_on_hyphens=False)
        if letters <= _FEWEST_LETTERS or max(_drawn_width(figure, line, size) for line in lines) <= room:
            return lines
        letters -= 1


def _room(figure: Figure) -> float:
    """Pixels from edge to edge."""
    return float((figure.get_figwidth() - 2 * _EDGE) * figure.dpi)


def _drawn_width(figure: Figure, text: str, size: float) -> float:
    """Pixels."""
    draft = figure.text(0, 0, text, size=size, parse_math=False)
    width = float(draft.get_window_extent().width)
    draft.remove()
    return width
