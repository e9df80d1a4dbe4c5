"""Names beside points, put only where they cover nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from scaling.plots.kit import drawn_pixels, style
from scaling.plots.kit.drawn_pixels import Pixels

MOST_NAMES = 150
"""On one panel; each takes time to place, and more would hide the points."""

_MARGIN = 2.0
_CLEARLY = 1.4
"""A name is so many times as near to its own point as to any other, else nobody would be sure whose it is."""
_NEARLY = 0.8
"""The same of a name that a line joins to its point."""
_LED = 12.0
"""Points from a point to its name from which on a thin line joins the two."""
_STEPS = 24
"""Places along that line at which it may run through no other name."""
_LEADER = {"arrowstyle": "-", "color": style.GREY, "linewidth": 0.6, "shrinkA": 1.0, "shrinkB": 5.0}

Directions: TypeAlias = tuple[tuple[int, int], ...]
"""Right (-1, 0, 1) and up, in order of preference."""

AROUND: Directions = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
UPPER_LEFT: Directions = ((-1, 0), (-1, 1), (0, 1))
LOWER_RIGHT: Directions = ((1, 0), (1, -1), (0, -1))
_DISTANCES = (7.0, 12.0, 18.0)
_PAST_ERROR_BARS = (28.0, 40.0)
"""Above or below a point only, where nothing was free nearby."""

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
    of_line: bool = False
    """Whether it names a line through its anchors: then points that no name belongs to may be nearer."""


class Names(Artist):
    """Labels beside points that find their places anew whenever the figure is drawn in pixels, whatever its layout.

    The first ones go first; those that find no room are left out. `written` holds those of the last drawing. Where
    nothing is pixels (SVG, PDF) they stay where they were: the size of a pixel is made up there.
    """

    def __init__(self, labels: Iterable[Label]) -> None:
        super().__init__()
        self.labels = tuple(islice(labels, MOST_NAMES))
        self.written: list[Annotation] = []
        self.leaders: list[Annotation] = []
        self.set_zorder(6)
        self.set_in_layout(False)

    def draw(self, renderer: RendererBase) -> None:
        """Places and draws the labels."""
        if not isinstance(self.axes, Axes):
            return
        if isinstance(renderer, RendererAgg) or not self.written:
            self.written = []
            self.written = _placed(self.axes, self.labels, renderer)
            of_lines = {label.text for label in self.labels if label.of_line}
            self.leaders = [_leader(note, self.axes) for note in self.written if note.get_text() not in of_lines]
        for note in (*self.leaders, *self.written):
            note.draw(renderer)


def name(axes: Axes, labels: Iterable[Label]) -> Names:
    """Writes the labels beside the points of `axes` where they cover nothing, once it is drawn."""
    names = Names(labels)
    axes.add_artist(names)
    return names


def _placed(axes: Axes, labels: Sequence[Label], renderer: RendererBase) -> list[Annotation]:
    counts = drawn_pixels.count(axes)
    boxes = [box.extents for box in _written_boxes(axes, renderer)]
    anchors = [axes.transData.transform(label.anchors) for label in labels]
    markers, every = drawn_pixels.markers(axes), np.concatenate([np.empty((0, 2)), *anchors])
    written: list[Annotation] = []
    leaders = [np.empty((0, 2))]
    for label, own in zip(labels, anchors, strict=True):
        note, places = _note(label, axes), list(_places(label))
        tried = _boxes(note, places, own, renderer)
        others = _away_from(every if label.of_line else markers, own)
        for number in np.flatnonzero(_are_free(tried, axes.bbox, counts, np.reshape(boxes, (-1, 4)))):
            leader = _led(label, places[number], own, renderer)
            if _hides(np.reshape(boxes, (-1, 4)), leader) or _hides(tried[number][None], np.concatenate(leaders)):
                continue
            if _is_clear(label, places[number], tried[number], own, others):
                written.append(_moved(note, label, places[number]))
                leaders.append(leader)
                boxes.append(tried[number])
                break
    return written


def _led(label: Label, place: _Place, own: Pixels, renderer: RendererBase) -> Pixels:
    """Pixels of the line that joins a point and its name, a few apart; none where there is no such line."""
    if label.of_line or _reach(place.offset) <= _LED:
        return np.empty((0, 2))
    start = own[place.anchor]
    return np.linspace(start, start + np.array(place.offset) * renderer.points_to_pixels(1), _STEPS)[1:-1]


def _hides(boxes: Pixels, line: Pixels) -> bool:
    """Whether a line runs through any of the boxes."""
    return bool(np.all((line[:, None] >= boxes[:, :2]) & (line[:, None] <= boxes[:, 2:]), axis=2).any())


def _is_clear(label: Label, place: _Place, box: Pixels, own: Pixels, others: Pixels) -> bool:
    """Whether a reader takes the name for its own point's: edge and middle are nearest to it, or a line joins them."""
    if label.of_line or _reach(place.offset) > _LED:
        return (1.0 if label.of_line else _NEARLY) * _apart(box, own) <= _apart(box, others)
    middle = np.tile((box[:2] + box[2:]) / 2, 2)
    return _CLEARLY * _apart(box, own) <= _apart(box, others) and _apart(middle, own) <= _apart(middle, others)


def _reach(offset: tuple[float, float]) -> float:
    """Points between a point and its name."""
    return float(np.hypot(*offset))


def _leader(note: Annotation, axes: Axes) -> Annotation:
    """A thin line from the point to its name; invisible where the name stands close by."""
    line = Annotation(
        "",
        note.xy,
        xytext=note.get_position(),
        xycoords=axes.transData,
        textcoords="offset points",
        arrowprops=_LEADER,
        annotation_clip=False,
    )
    line.set_figure(axes.figure)
    line.set_visible(_reach(note.get_position()) > _LED)
    return line


def _apart(box: Pixels, points: Pixels) -> float:
    """Pixels from the box to the nearest of the points; infinitely many where there are none."""
    beyond = np.fmax(np.fmax(box[:2] - points, points - box[2:]), 0)
    return float(np.hypot(beyond[:, 0], beyond[:, 1]).min(initial=np.inf))


def _away_from(markers: Pixels, own: Pixels) -> Pixels:
    """The markers that are none of a label's own points."""
    apart = np.hypot(*(markers[:, None, :] - own).transpose(2, 0, 1)).min(axis=1, initial=np.inf)
    others: Pixels = markers[apart > 1]
    return others


def _written_boxes(axes: Axes, renderer: RendererBase) -> list[Bbox]:
    """What other text, and the labels of others on the same panel, take up."""
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_visible() and text.get_text()]
    boxes += [legend.get_window_extent(renderer)] if (legend := axes.get_legend()) else []
    others = [other for other in axes.artists if isinstance(other, Names)]
    return boxes + [note.get_window_extent(renderer).padded(_MARGIN) for other in others for note in other.written]


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


@dataclass(frozen=True)
class _Place:
    """Beside an anchor, by its number: points to the right and up, and the sides to which the text extends."""

    anchor: int
    side: tuple[int, int]
    offset: tuple[float, float]


def _places(label: Label) -> Iterator[_Place]:
    """Near the point on the sides preferred, then on any, then farther off."""
    for distances in (_DISTANCES, _PAST_ERROR_BARS):
        for directions in dict.fromkeys((label.directions, AROUND)):
            sides = directions if distances is _DISTANCES else [(right, up) for right, up in directions if up]
            for distance in distances:
                yield from _at(label, distance, sides)


def _at(label: Label, distance: float, sides: Sequence[tuple[int, int]]) -> Iterator[_Place]:
    for anchor in range(len(label.anchors)):
        for right, up in sides:
            reach = distance * (0.75 if right and up else 1.0)
            yield _Place(anchor, (right, up), (right * reach, up * reach))


def _boxes(note: Annotation, places: Sequence[_Place], anchors: Pixels, renderer: RendererBase) -> Pixels:
    """What the note would take up at each place, `(places, 4)`: it is measured once, which takes longest."""
    size = note.get_window_extent(renderer).size
    offset = np.array([place.offset for place in places]) * renderer.points_to_pixels(1)
    side = np.array([place.side for place in places])
    corner = anchors[[place.anchor for place in places]] + offset + (side - 1) / 2 * size
    return np.hstack([corner - _MARGIN, corner + size + _MARGIN])


def _moved(note: Annotation, label: Label, place: _Place) -> Annotation:
    note.xy = label.anchors[place.anchor]
    note.set_position(place.offset)
    note.set_horizontalalignment(_ALIGN_X[place.side[0]])
    note.set_verticalalignment(_ALIGN_Y[place.side[1]])
    return note


def _are_free(tried: Pixels, room: Bbox, counts: drawn_pixels.Counts, boxes: Pixels) -> drawn_pixels.Flags:
    """Which of the tried boxes lie in the room, touch no other box and cover nothing that is drawn."""
    inside = np.all((tried[:, :2] >= room.min) & (tried[:, 2:] <= room.max), axis=1)
    touching = np.all((tried[:, None, :2] <= boxes[:, 2:]) & (boxes[:, :2] <= tried[:, None, 2:]), axis=2)
    free: drawn_pixels.Flags = inside & ~np.any(touching, axis=1)
    free[free] = drawn_pixels.is_blank(counts, tried[free] - np.tile(room.min, 2))
    return free
