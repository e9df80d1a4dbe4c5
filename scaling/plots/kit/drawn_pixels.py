"""Where on a panel something is drawn, counted so that any box is asked at once."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D

from scaling.plots.kit.style import DISTURBED

Pixels: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.intp]
Flags: TypeAlias = npt.NDArray[np.bool_]

_SPACING, _GRAIN = 3.0, 2.0
_ENDS = ("|", "_", DISTURBED)
"""Markers that end an error bar or an arrow, or stand below a point."""


def count(axes: Axes) -> Counts:
    """How many cells of `_GRAIN` pixels below and left of each corner of the panel's grid something is drawn in."""
    room = axes.bbox
    shape = np.ceil(np.array(room.size) / _GRAIN).astype(np.intp)
    cells = (_drawn_pixels(axes) - room.min) / _GRAIN
    inside = cells[((cells >= 0) & (cells < shape)).all(axis=1)].astype(np.intp)
    drawn = np.zeros(shape + 1, dtype=np.intp)
    drawn[inside[:, 0] + 1, inside[:, 1] + 1] = 1
    return drawn.cumsum(axis=0).cumsum(axis=1)


def is_blank(counts: Counts, boxes: Pixels) -> Flags:
    """Which boxes, all of them on the panel, cover nothing that is drawn.

    Args:
        counts: as `count` gives it.
        boxes: left, bottom, right and top in pixels from the panel's corner, `(boxes, 4)`.
    """
    left, bottom, right, top = np.ceil(boxes / _GRAIN - 0.5).astype(np.intp).T
    inked = counts[right, top] - counts[left, top] - counts[right, bottom] + counts[left, bottom]
    return np.asarray(inked == 0)


def markers(axes: Axes) -> Pixels:
    """Where points stand, in pixels: shape (markers, 2). The ends of error bars and arrows are none."""
    places = [_corners(line) for line in axes.lines if _has_markers(line) and line.get_marker() not in _ENDS]
    return np.concatenate([np.empty((0, 2)), *places])


def _has_markers(line: Line2D) -> bool:
    return line.get_marker() not in ("None", None, "")


def _corners(line: Line2D) -> Pixels:
    return np.asarray(line.get_transform().transform(np.column_stack(line.get_data(orig=False))), dtype=np.float64)


def _drawn_pixels(axes: Axes) -> Pixels:
    """Pixels that lines, error bars and markers cover, a few apart: shape (pixels, 2)."""
    pieces = [np.empty((0, 2))]
    for line in axes.lines:
        pieces += _line_pixels(line, axes.figure.dpi)
    for collection in axes.collections:
        if isinstance(collection, LineCollection):
            pieces += [_along(collection.get_transform().transform(part)) for part in collection.get_segments()]
        elif isinstance(collection, PathCollection):
            corners = axes.transData.transform(np.asarray(collection.get_offsets()))
            pieces.append(_around(corners, float(np.sqrt(collection.get_sizes().max(initial=0.0))), axes.figure.dpi))
    return np.concatenate(pieces)


def _line_pixels(line: Line2D, dpi: float) -> list[Pixels]:
    corners = _corners(line)
    if line.get_drawstyle() == "steps-post":
        corners = np.column_stack([np.repeat(corners[:, 0], 2)[1:], np.repeat(corners[:, 1], 2)[:-1]])
    pieces = [] if line.get_linestyle() == "None" else [_along(corners)]
    if _has_markers(line):
        pieces.append(_around(corners, line.get_markersize() + line.get_markeredgewidth(), dpi))
    return pieces


def _around(corners: Pixels, size: float, dpi: float) -> Pixels:
    """Nine pixels of each marker of `size` points."""
    around = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]) * size / 2 * dpi / 72
    return (corners[:, None, :] + around).reshape(-1, 2)


def _along(corners: Pixels) -> Pixels:
    """Points along a polyline, about `_SPACING` pixels apart."""
    pieces = [np.asarray(corners, dtype=np.float64)]
    for start, end in pairwise(corners):
        steps = max(2, int(np.hypot(*(end - start)) / _SPACING))
        pieces.append(np.linspace(start, end, steps))
    return np.concatenate(pieces)
