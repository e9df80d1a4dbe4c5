"""Names beside points, put only where they cover nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from scaling.plots import style

Pixels: TypeAlias = npt.NDArray[np.float64]

_SPACING = 3.0
_MARGIN = 2.0
_DIRECTIONS: tuple[tuple[int, int], ...] = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
_DISTANCES = (7.0, 12.0)
_ALIGN_X: dict[int, Literal["left", "center", "right"]] = {-1: "right", 0: "center", 1: "left"}
_ALIGN_Y: dict[int, Literal["top", "center", "bottom"]] = {-1: "top", 0: "center", 1: "bottom"}


@dataclass(frozen=True)
class Label:
    """A text that belongs to any one of `anchors` (data coordinates), tried in turn."""

    text: str
    anchors: tuple[tuple[float, float], ...]
    color: str = style.INK
    italic: bool = False


def place(axes: Axes, labels: Iterable[Label]) -> list[Annotation]:
    """Writes the labels that find room, the first ones first; the others are left out.

    The figure's layout has to be settled: what is written here takes no part in it.

    Args:
        axes: with all else already drawn.
        labels: in order of importance.

    Returns:
        The annotations written.
    """
    taken = _drawn_pixels(axes)
    boxes: list[Bbox] = []
    written: list[Annotation] = []
    for label in labels:
        note = _write(axes, label, taken, boxes)
        if note is not None:
            written.append(note)
            boxes.append(_extent(note))
    return written


def _write(axes: Axes, label: Label, taken: Pixels, boxes: Sequence[Bbox]) -> Annotation | None:
    note = axes.annotate(
        label.text,
        label.anchors[0],
        xytext=(0, 0),
        textcoords="offset points",
        color=label.color,
        fontsize=style.LABEL_SIZE,
        fontstyle="italic" if label.italic else "normal",
        zorder=5,
    )
    note.set_in_layout(False)
    for (x, y), (right, up), distance in _places(label):
        note.xy = (x, y)
        reach = distance * (0.75 if right and up else 1.0)
        note.set_position((right * reach, up * reach))
        note.set_horizontalalignment(_ALIGN_X[right])
        note.set_verticalalignment(_ALIGN_Y[up])
        if _is_free(_extent(note), axes.bbox, taken, boxes):
            return note
    note.remove()
    return None


def _places(label: Label) -> Iterator[tuple[tuple[float, float], tuple[int, int], float]]:
    for distance in _DISTANCES:
        for anchor in label.anchors:
            for direction in _DIRECTIONS:
                yield anchor, direction, distance


def _extent(note: Annotation) -> Bbox:
    return note.get_window_extent().padded(_MARGIN)


def _is_free(box: Bbox, room: Bbox, taken: Pixels, boxes: Sequence[Bbox]) -> bool:
    inside = room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1
    if not inside or any(box.overlaps(other) for other in boxes):
        return False
    x, y = taken.T
    return not bool(((box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1)).any())


def _drawn_pixels(axes: Axes) -> Pixels:
    """Pixels that lines, error bars and markers cover, a few apart: shape (pixels, 2)."""
    pieces = [np.empty((0, 2))]
    for line in axes.lines:
        pieces += _line_pixels(line, axes.figure.dpi)
    for collection in axes.collections:
        if isinstance(collection, LineCollection):
            pieces += [_along(axes.transData.transform(segment)) for segment in collection.get_segments()]
    return np.concatenate(pieces)


def _line_pixels(line: Line2D, dpi: float) -> list[Pixels]:
    corners = line.get_transform().transform(np.column_stack(line.get_data(orig=False)))
    if line.get_drawstyle() == "steps-post":
        corners = np.column_stack([np.repeat(corners[:, 0], 2)[1:], np.repeat(corners[:, 1], 2)[:-1]])
    pieces = [] if line.get_linestyle() == "None" else [_along(corners)]
    if line.get_marker() not in ("None", None, ""):
        reach = line.get_markersize() / 2 * dpi / 72
        around = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]) * reach
        pieces.append((corners[:, None, :] + around).reshape(-1, 2))
    return pieces


def _along(corners: Pixels) -> Pixels:
    """Points along a polyline, about `_SPACING` pixels apart."""
    pieces = [np.asarray(corners, dtype=np.float64)]
    for start, end in pairwise(corners):
        steps = max(2, int(np.hypot(*(end - start)) / _SPACING))
        pieces.append(np.linspace(start, end, steps))
    return np.concatenate(pieces)
