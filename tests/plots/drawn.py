"""What a figure holds, as data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.labels import Names


def context(frame: pd.DataFrame, published: pd.DataFrame | None = None) -> Context:
    """What a figure may ask of these results, with published ones behind them."""
    return Context(frame, None if published is None else lambda tables: published)


def drawn(spec: FigureSpec | Skipped) -> Figure:
    """The figure, laid out and rendered once."""
    assert isinstance(spec, FigureSpec), spec
    figure = spec.figure()
    with style.light():
        FigureCanvasAgg(figure).draw()
    return figure


def lines(axes: Axes) -> dict[str, tuple[list[float], list[float]]]:
    """Points of each line that has a label."""
    return {
        str(line.get_label()): (np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist())
        for line in axes.lines
        if not str(line.get_label()).startswith("_")
    }


def names(axes: Axes) -> list[str]:
    """Labels written beside points."""
    return [note.get_text() for artist in axes.artists if isinstance(artist, Names) for note in artist.written]


def bars(axes: Axes) -> list[tuple[float, float]]:
    """Lowest and highest end of every vertical error bar."""
    segments = [
        segment
        for container in axes.containers
        if isinstance(container, ErrorbarContainer)
        for collection in container.lines[2]
        for segment in collection.get_segments()
    ]
    ends = [(float(segment[0, 1]), float(segment[-1, 1])) for segment in segments if segment[0, 0] == segment[-1, 0]]
    return sorted(ends)


def assert_equal_limits(panels: Sequence[Axes]) -> None:
    """Panels that are compared have equal scales."""
    assert len(panels) > 1
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in panels}) == 1


def assert_comparable_limits(panels: Sequence[Axes]) -> None:
    """Panels that are compared have equal horizontal scales, and vertical ones of the same span."""
    assert len(panels) > 1
    assert len({axes.get_xlim() for axes in panels}) == 1
    ends = np.array([axes.get_ylim() for axes in panels])
    spans = np.diff(np.log(ends) if panels[0].get_yscale() == "log" else ends)
    assert np.allclose(spans, spans[0])
    assert all(axes.yaxis.get_tick_params()["labelleft"] for axes in panels) or len(np.unique(ends, axis=0)) == 1


def assert_nothing_overlaps(figure: Figure) -> None:
    """No label covers another or leaves its panel; title, legend, panels and small print keep apart."""
    for axes in figure.axes:
        boxes = [
            note.get_window_extent() for artist in axes.artists if isinstance(artist, Names) for note in artist.written
        ]
        boxes += [text.get_window_extent() for text in axes.texts if text.get_text()]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2)), [t.get_text() for t in axes.texts]
        assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)
    parts = [axes.get_tightbbox() for axes in figure.axes if axes.axison]
    parts += [artist.get_window_extent() for artist in (*figure.texts, *figure.legends) if artist.get_visible()]
    parts = [part for part in parts if part is not None and part.width > 0]
    assert not any(a.overlaps(b) for a, b in combinations(parts, 2))
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in parts)
