"""How figures look: one palette that colour-blind eyes can tell apart, one set of sizes, nothing set globally."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb

from scaling.models.families import BUILT_IN

# Okabe and Ito, "Color Universal Design", 2008.
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
INK, PALE_INK, GREY, PALE_GREY, GRID = "#222222", "#555555", "#8C8C8C", "#C4C4C4", "#E4E4E4"
FAILURE = "#B00020"

AXIS_COLOR = {"depth": BLUE, "width": VERMILLION}
AXIS_MARKER = {"depth": "o", "width": "s"}
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
SERIES_MARKER = ("o", "D", "s", "^", "v", "P")
"""Of what has no colour of its own, in order."""

_OTHERS = [(color, marker) for marker in ("P", "X", "v", "*") for color in (SKY, INK, GREY)]
"""Of all families but the first built-in ones, by a sum over the name, so that a family looks alike everywhere."""

VERDICT_COLOR = {"faster": BLUE, "slower": VERMILLION, "undecided": GREY, "depth": BLUE, "width": VERMILLION}
MANY = 2000
"""Points of one look beyond which they are drawn as a cloud, without error bars."""


class Marker(TypedDict):
    """How markers are drawn, in matplotlib's words."""

    markersize: float
    markeredgewidth: float
    rasterized: bool
    clip_on: bool


PALE = 0.35
"""How much of a colour is left where something stands behind for comparison."""

TITLE_SIZE, PANEL_SIZE, TEXT_SIZE, LABEL_SIZE, PRINT_SIZE = 12.5, 11.5, 10.0, 8.5, 8.0
LINE_SPACING = 1.3

TIMES = "\N{MULTIPLICATION SIGN}"
DISTURBED = r"$\sim$"
"""The marker below a point whose time was disturbed: it is no ring, which says that a front is undecided."""

_RC: dict[str, Any] = {
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.dpi": 160,
    "svg.hashsalt": "scaling",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "axes.titlesize": PANEL_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.color": PALE_INK,
    "ytick.color": PALE_INK,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


def marker(points: int, hollow: bool = False) -> Marker:
    """Size and edge of so many markers: thousands are small and without an edge, and stay pixels in SVG and PDF.

    None is cut at the edge of its panel, where one at 100% has its centre.
    """
    if points > MANY:
        return {"markersize": 3.0, "markeredgewidth": 0.0, "rasterized": True, "clip_on": False}
    return {"markersize": 6.5, "markeredgewidth": 1.4 if hollow else 0.7, "rasterized": False, "clip_on": False}


def pale(color: str, ground: str = "white") -> str:
    """The colour mixed with that of the ground."""
    red, green, blue = (
        behind + PALE * (part - behind) for part, behind in zip(to_rgb(color), to_rgb(ground), strict=True)
    )
    return to_hex((red, green, blue))


def family_color(family: str) -> str:
    """The colour of a family's points."""
    return _family_look(family)[0]


def family_marker(family: str) -> str:
    """The shape of a family's points."""
    return _family_look(family)[1]


def _family_look(family: str) -> tuple[str, str]:
    names = list(BUILT_IN)[: len(SERIES)]
    if family in names:
        return SERIES[names.index(family)], SERIES_MARKER[names.index(family)]
    return _OTHERS[zlib.crc32(family.encode()) % len(_OTHERS)]


@contextmanager
def light() -> Iterator[None]:
    """Draws and saves on a light ground while it lasts; a figure is to be saved within it as well.

    Everything starts from matplotlib's own defaults, so that nobody's `matplotlibrc` changes a figure.
    """
    # The backend is process-wide and not ours: a notebook's must outlive a figure drawn here.
    rc: Any = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith("backend")} | _RC
    with mpl.rc_context(rc):
        yield
