"""Names beside points: where they may stand."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from scaling.plots.kit import drawn_pixels, labels, style
from scaling.plots.kit.files import save
from scaling.plots.kit.labels import Label


@pytest.fixture
def axes() -> Axes:
    """A panel with a line, markers and bars, as laid out in `Agg`'s pixels."""
    figure = Figure(figsize=(3, 2))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.plot([1, 10, 100], [1, 3, 2], marker="o")
    axes.errorbar([3, 30], [2, 1], yerr=0.4, fmt="none")
    axes.set_xlim(1, 60)
    return axes


def test_blank_is_where_no_drawn_pixel_lies(axes: Axes) -> None:
    room = axes.bbox
    counts, drawn = drawn_pixels.count(axes), drawn_pixels._drawn_pixels(axes) - room.min
    random = np.random.default_rng(0)
    corners = np.sort(random.uniform(0, np.array(room.size), (500, 2, 2)), axis=1)
    grid = np.round(corners / drawn_pixels._GRAIN) * drawn_pixels._GRAIN
    boxes = grid.clip(0, np.floor(np.array(room.size) / drawn_pixels._GRAIN) * drawn_pixels._GRAIN).reshape(-1, 4)
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    brute = ~((low <= drawn) & (drawn < high)).all(axis=2).any(axis=1)
    assert 0 < brute.sum() < len(brute)
    np.testing.assert_array_equal(drawn_pixels.is_blank(counts, boxes), brute)


def test_a_name_stands_clearly_nearer_to_its_own_point_than_to_any_other(axes: Axes) -> None:
    figure = axes.figure
    assert isinstance(figure, Figure)
    random = np.random.default_rng(0)
    x, y = random.uniform(1, 60, 30), random.uniform(1, 3, 30)
    axes.plot(x, y, "o")
    names = labels.name(
        axes, [Label(f"{number}", ((left, up),)) for number, (left, up) in enumerate(zip(x, y, strict=True))]
    )
    figure.savefig(BytesIO())
    renderer, places = (
        RendererAgg(*figure.bbox.size.astype(int), figure.dpi),
        axes.transData.transform(np.column_stack([x, y])),
    )
    assert names.written
    for note in names.written:
        box, own = np.array(note.get_window_extent(renderer).extents), places[int(note.get_text())]
        others = places[np.hypot(*(places - own).T) > 1]
        led = np.hypot(*note.get_position()) > labels._LED
        assert (0.75 if led else 1.2) * labels._apart(box, own[None]) < labels._apart(box, others)
        if not led:
            middle = np.tile((box[:2] + box[2:]) / 2, 2)
            assert labels._apart(middle, own[None]) < labels._apart(middle, others)
    assert [line.get_visible() for line in names.leaders] == [
        np.hypot(*note.get_position()) > labels._LED for note in names.written
    ]


def test_ends_of_error_bars_are_no_points(axes: Axes) -> None:
    before = len(drawn_pixels.markers(axes))
    axes.errorbar([2, 20], [2, 1], xerr=0.2, yerr=0.4, fmt="none", capsize=2)
    axes.plot([2, 20], [2, 2], marker="|")
    assert len(drawn_pixels.markers(axes)) == before == 3


def test_boxes_are_what_the_note_takes_up_once_it_is_moved_there(axes: Axes) -> None:
    figure = axes.figure
    assert isinstance(figure, Figure)
    renderer = RendererAgg(*figure.bbox.size.astype(int), figure.dpi)
    label = Label("depth 50", ((2.0, 2.0), (40.0, 1.5)), italic=True, directions=labels.LOWER_RIGHT)
    places = list(labels._places(label))
    note = labels._note(label, axes)
    boxes = labels._boxes(note, places, axes.transData.transform(label.anchors), renderer)
    near, above_or_below = len(labels.LOWER_RIGHT) + len(labels.AROUND), 2 + 6
    assert len(boxes) == 2 * (3 * near + 2 * above_or_below)
    for place, box in zip(places, boxes, strict=True):
        moved = labels._moved(note, label, place).get_window_extent(renderer)
        np.testing.assert_allclose(Bbox.from_extents(*box).extents, moved.padded(labels._MARGIN).extents)


def test_every_format_has_the_names_of_the_png_in_the_same_places(axes: Axes, tmp_path: Path) -> None:
    figure = axes.figure
    assert isinstance(figure, Figure)
    points = np.random.default_rng(0).uniform((1, 1), (60, 3), (200, 2))
    names = labels.name(axes, [Label(f"depth {number}", (tuple(point),)) for number, point in enumerate(points)])
    stand = []
    for formats in (("png",), ("svg",), ("pdf", "png"), ("svg", "pdf")):
        names.written = []
        with style.light():
            save(figure, tmp_path, "names", formats)
        stand.append([(note.get_text(), note.xy, note.get_position()) for note in names.written])
    assert 3 < len(stand[0]) < len(points)
    assert all(other == stand[0] for other in stand)
