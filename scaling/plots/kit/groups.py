"""Groups that are compared, as points and fronts of accuracy against a cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.equal_accuracy.compare import Comparison, Comparisons, Side
from scaling.models.names import family_named, title
from scaling.plots.kit import style
from scaling.plots.kit.axes import frame_points
from scaling.plots.kit.bars import draw_bars, noise_bars
from scaling.plots.kit.labels import LOWER_RIGHT, MOST_NAMES, UPPER_LEFT, Directions, Label
from scaling.plots.kit.point_names import model_name
from scaling.results.columns import METRICS, Column

TOP1 = METRICS["top1"]
PUBLISHED = "published: "


def sides(comparisons: Comparisons) -> list[Side]:
    """Each group of a comparison once, the dearest at equal accuracy first."""
    every = {side.name: side for pair in comparisons.pairs for side in (pair.over, pair.of)}
    ahead = Counter(_dearer(pair) for pair in comparisons.pairs)
    return [every[name] for name in sorted(every, key=lambda name: (-ahead[name], name))]


def _dearer(pair: Comparison) -> str | None:
    if pair.overall is None:
        return None
    return pair.over.name if pair.overall.speedup > 1 else pair.of.name


def draw_side(side: Side, number: int, cost: Column, axes: Axes, pale: bool = False) -> list[Label]:
    """Draws a group's points, its front as a dashed line; bars are 90% of each accuracy's noise.

    Args:
        side: of a comparison.
        number: of the group among those drawn, the dearest first: for the side that its names stand on, and for its
            colour where its name has none.
        cost: on the horizontal axis.
        axes: limits are set around all that was drawn.
        pale: as a background, without names.

    Returns:
        The names of the points, those of the front first; see `scaling.plots.kit.labels.name`.
    """
    color, marker, title = look(side.name, number)
    shade = style.pale(color) if pale else color
    if not pale:
        draw_noise(side.points, cost, axes, color)
    axes.plot(*xy(side.front, cost), linestyle="--", linewidth=1.3, color=shade, zorder=1.8)
    draw_points(side.points, cost, axes, shade, marker, f"{PUBLISHED if pale else ''}{title}")
    frame_points(axes, cost, TOP1)
    return [] if pale else list(_names(side, cost, color, UPPER_LEFT if number else LOWER_RIGHT))


def draw_noise(points: pd.DataFrame, cost: Column, axes: Axes, color: str, zorder: float = 2) -> None:
    """Draws the bars of accuracies; see `noise_bars`."""
    lengths = noise_bars(points["top1"].to_numpy(float), points["top1_sd"].to_numpy(float))
    draw_bars(axes, *xy(points, cost), lengths, color, zorder)


def look(name: str, number: int) -> tuple[str, str, str]:
    """Colour, marker and title of a group: a family's own, else by its number."""
    if (family := family_named(name)) is not None:
        return style.family_color(family), style.family_marker(family), title(family)
    place = 2 + (number - 1) % (len(style.SERIES) - 2)
    return style.SERIES[place], style.SERIES_MARKER[place], name


def draw_points(points: pd.DataFrame, cost: Column, axes: Axes, color: str, marker: str, label: str) -> None:
    """Draws markers; hollow ones where a published number is not verified."""
    doubtful = points["trust"].eq("unverified").fillna(False).astype(bool).to_numpy()
    for hollow, rows in ((False, points[~doubtful]), (True, points[doubtful])):
        if rows.empty:
            continue
        axes.plot(
            *xy(rows, cost),
            linestyle="none",
            marker=marker,
            color=color,
            markerfacecolor="white" if hollow else color,
            markeredgecolor=color if hollow else "white",
            **style.marker(len(rows), hollow),
            label=f"{label}, not verified" if hollow else label,
            zorder=3,
        )


def xy(points: pd.DataFrame, cost: Column) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of points in the units of the axes' labels."""
    return points[cost.name].to_numpy(float) * cost.scale, points["top1"].to_numpy(float) * TOP1.scale


def _names(side: Side, cost: Column, color: str, directions: Directions) -> Iterator[Label]:
    others = side.points.loc[side.points.index.difference(side.front.index)]
    named = pd.concat([side.front, others]) if len(side.points) <= MOST_NAMES else side.front.tail(MOST_NAMES)
    at = named["resolution"].nunique() > 1
    for (_, point), x, y in zip(named.iterrows(), *xy(named, cost), strict=True):
        yield Label(model_name(point, at), ((float(x), float(y)),), color, directions=directions)
