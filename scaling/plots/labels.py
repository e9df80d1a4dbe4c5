"""Names beside points, put only where they cover nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from scaling.plots import style

Pixels: TypeAlias = npt.NDArray[np.float64]

MOST_NAMES = 150
"""On one panel; each takes time to place, and more would hide the points."""

_SPACING = 3.0
_GRAIN, _MOST_GRAINS = 2.0, 1 << 15
_MARGIN = 2.0
Directions: TypeAlias = tuple[tuple[int, int], ...]
"""Right (-1, 0, 1) and up, in order of preference."""

AROUND: Directions = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
UPPER_LEFT: Directions = ((-1, 0), (-1, 1), (0, 1))
LOWER_RIGHT: Directions = ((1, 0), (1, -1), (0, -1))
_DISTANCES = (7.0, 12.0, 18.0)
_ALIGN_X: dict[int, Literal["left", "center", "right"]] = {-1: "right", 0: "center", 1: "left"}
_ALIGN_Y: dict[int, Literal["top", "center", "bottom"]] = {-1: "top", 0: "center", 1: "bottom"}


@dataclass(frozen=True)
class Label:
    """A text that belongs to any one of `anchors` (data coordinates), tried in turn, on the sides preferred first."""

    text: str
    anchors: tuple[tuple[float, float], ...]
    color: str = style.INK
    italic: bool = False
    directions: Directions = AROUND


class Names(Artist):
    """Labels beside points that find their places anew whenever the figure is drawn, whatever its layout by then.

    The first ones go first; those that find no room are left out. `written` holds those of the last drawing.
    """

    def __init__(self, labels: Iterable[Label]) -> None:
        super().__init__()
        self.labels = tuple(islice(labels, MOST_NAMES))
        self.written: list[Annotation] = []
        self.set_zorder(6)
        self.set_in_layout(False)

    def draw(self, renderer: RendererBase) -> None:
        """Places and draws the labels."""
        if not isinstance(self.axes, Axes):
            return
        self.written = []
        self.written = _placed(self.axes, self.labels, renderer)
        for note in self.written:
            note.draw(renderer)


def name(axes: Axes, labels: Iterable[Label]) -> Names:
    """Writes the labels beside the points of `axes` where they cover nothing, once it is drawn."""
    names = Names(labels)
    axes.add_artist(names)
    return names


def _placed(axes: Axes, labels: Sequence[Label], renderer: RendererBase) -> list[Annotation]:
    taken = _drawn_pixels(axes)
    boxes = _written_boxes(axes, renderer)
    anchors = [axes.transData.transform(label.anchors) for label in labels]
    every = np.concatenate([np.empty((0, 2)), *anchors])
    written: list[Annotation] = []
    for label, own in zip(labels, anchors, strict=True):
        note = _note(label, axes)
        for box in _tried(note, label, renderer):
            if _is_free(box, axes.bbox, taken, boxes) and _apart(box, own) <= _apart(box, every) + _MARGIN:
                written.append(note)
                boxes.append(box)
                break
    return written


def _apart(box: Bbox, points: Pixels) -> float:
    """Pixels from the box to the nearest of the points: a name has to be nearer to its own than to any other."""
    sideways = np.fmax(np.fmax(box.x0 - points[:, 0], points[:, 0] - box.x1), 0)
    upright = np.fmax(np.fmax(box.y0 - points[:, 1], points[:, 1] - box.y1), 0)
    return float(np.hypot(sideways, upright).min())


def _written_boxes(axes: Axes, renderer: RendererBase) -> list[Bbox]:
    """What other text, and the labels of others on the same panel, take up."""
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_visible() and text.get_text()]
    boxes += [legend.get_window_extent(renderer)] if (legend := axes.get_legend()) else []
    others = [other for other in axes.artists if isinstance(other, Names)]
    return boxes + [_extent(note, renderer) for other in others for note in other.written]


def _note(label: Label, axes: Axes) -> Annotation:
    note = Annotation(
        label.text,
        label.anchors[0],
        xytext=(0, 0),
        xycoords=axes.transData,
        textcoords="offset points",
        color=label.color,
        fontsize=style.LABEL_SIZE,
        fontstyle="italic" if label.italic else "normal",
        parse_math=False,
        annotation_clip=False,
    )
    note.set_figure(axes.figure)
    return note


def _tried(note: Annotation, label: Label, renderer: RendererBase) -> Iterator[Bbox]:
    """What the note takes up at each of its places, to which it is moved."""
    for (x, y), (right, up), distance in _places(label):
        note.xy = (x, y)
        reach = distance * (0.75 if right and up else 1.0)
        note.set_position((right * reach, up * reach))
        note.set_horizontalalignment(_ALIGN_X[right])
        note.set_verticalalignment(_ALIGN_Y[up])
        yield _extent(note, renderer)


def _places(label: Label) -> Iterator[tuple[tuple[float, float], tuple[int, int], float]]:
    for directions in dict.fromkeys((label.directions, AROUND)):
        for distance in _DISTANCES:
            for anchor in label.anchors:
                for direction in directions:
                    yield anchor, direction, distance


def _extent(note: Annotation, renderer: RendererBase) -> Bbox:
    return note.get_window_extent(renderer).padded(_MARGIN)


def _is_free(box: Bbox, room: Bbox, taken: Pixels, boxes: Sequence[Bbox]) -> bool:
    inside = room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1
    if not inside or any(box.overlaps(other) for other in boxes):
        return False
    x, y = taken.T
    return not bool(((box.x0 < x) & (x < box.x1) & (box.y0 < y) & (y < box.y1)).any())


def _drawn_pixels(axes: Axes) -> Pixels:
    """Pixels that lines, error bars and markers cover, a few apart and each once: shape (pixels, 2)."""
    pieces = [np.empty((0, 2))]
    for line in axes.lines:
        pieces += _line_pixels(line, axes.figure.dpi)
    for collection in axes.collections:
        if isinstance(collection, LineCollection):
            pieces += [_along(collection.get_transform().transform(part)) for part in collection.get_segments()]
        elif isinstance(collection, PathCollection):
            corners = axes.transData.transform(np.asarray(collection.get_offsets()))
            pieces.append(_around(corners, float(np.sqrt(collection.get_sizes().max(initial=0.0))), axes.figure.dpi))
    room = axes.bbox
    coarse = (np.concatenate(pieces) - (room.x0, room.y0)) / _GRAIN
    inside = coarse[np.isfinite(coarse).all(axis=1) & (coarse >= 0).all(axis=1) & (coarse < _MOST_GRAINS).all(axis=1)]
    cells = np.unique(inside.astype(np.int64) @ (_MOST_GRAINS, 1))
    corners = np.column_stack([cells // _MOST_GRAINS, cells % _MOST_GRAINS]).astype(np.float64)
    return np.asarray((corners + 0.5) * _GRAIN + (room.x0, room.y0))


def _line_pixels(line: Line2D, dpi: float) -> list[Pixels]:
    corners = line.get_transform().transform(np.column_stack(line.get_data(orig=False)))
    if line.get_drawstyle() == "steps-post":
        corners = np.column_stack([np.repeat(corners[:, 0], 2)[1:], np.repeat(corners[:, 1], 2)[:-1]])
    pieces = [] if line.get_linestyle() == "None" else [_along(corners)]
    if line.get_marker() not in ("None", None, ""):
        pieces.append(_around(corners, line.get_markersize(), dpi))
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
