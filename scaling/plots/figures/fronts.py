"""One front over everything, and how surely each point is on it (the paper's Figure 4)."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.pareto.frontier import SURE, Frontier, frontier
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.figures.speed_accuracy import background_note
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import FAILED_LABEL, regime_title
from scaling.plots.kit.axes import frame_points
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import TOP1, draw_points, look, xy
from scaling.plots.kit.labels import AROUND, LOWER_RIGHT, MOST_NAMES, UPPER_LEFT, Label, name
from scaling.plots.kit.point_names import model_name
from scaling.results.columns import METRICS

NAME = "fronts"
TABLES = ("table7",)
MOST = 6
_HINT = f"Full: on the front with a chance of at least {SURE:.0%}; pale: of at most {1 - SURE:.0%}; ringed: undecided."


def fronts(front: Frontier, axes: Axes, pale: bool = False) -> Axes:
    """Draws all points, full where they are surely on the front, pale where surely not, and the front as steps.

    Args:
        front: as `scaling.analysis.pareto.frontier.frontier` gives it.
        axes: one panel; what is on it already stays.
        pale: as a background, the front alone.
    """
    on = front.points[front.points["on"]]
    if not on.empty:
        color, label = (style.PALE_GREY, "published front") if pale else (style.GREY, "front of the means")
        line = xy(on, front.cost)
        axes.plot(*line, drawstyle="steps-post", color=color, linewidth=1.4, label=label, zorder=1.5)
    if not pale:
        _draw_families(front, axes)
    frame_points(axes, front.cost, TOP1)
    if not pale:
        _draw_outside(front, axes)
        name(axes, _names(front))
    return axes


def _draw_families(front: Frontier, axes: Axes) -> None:
    for number, (family, rows) in enumerate(front.points.groupby("family", sort=True)):
        color, marker, title = look(str(family), number)
        never, sure = rows["chance"] <= 1 - SURE, rows["chance"] >= SURE
        kinds = ((never, style.pale(color), "_never"), (~never, color, title))
        for which, shade, label in kinds:
            draw_points(rows[which], front.cost, axes, shade, marker, label)
        if never.all():
            axes.plot([], [], linestyle="none", marker=marker, color=style.pale(color), label=title)
        ringed = xy(rows[~never & ~sure], front.cost)
        axes.plot(*ringed, "o", markersize=12, markerfacecolor="none", markeredgecolor=color, label="_undecided")


def _draw_outside(front: Frontier, axes: Axes) -> None:
    """Failed trials at the foot, accuracies without the cost at the right."""
    failed = front.failed[front.cost.name].dropna() * front.cost.scale
    if len(failed):
        feet = axes.get_xaxis_transform()
        axes.plot(failed, [0.03] * len(failed), "x", color=style.FAILURE, transform=feet, label=FAILED_LABEL)
    if len(front.unmeasured):
        y = 100 * front.unmeasured["top1"]
        side = axes.get_yaxis_transform()
        label = "cost not measured"
        axes.plot([0.985] * len(y), y, ">", color=style.GREY, markerfacecolor="white", transform=side, label=label)


def _names(front: Frontier) -> list[Label]:
    points = front.points.sort_values("chance", ascending=False, kind="stable")
    named = points if len(points) <= MOST_NAMES else points[points["on"]].head(MOST_NAMES)
    at = named["resolution"].nunique() > 1
    return [
        Label(
            model_name(row, at),
            ((float(x), float(y)),),
            look(str(row["family"]), 0)[0],
            directions=UPPER_LEFT if row["on"] else LOWER_RIGHT if points["family"].nunique() > 1 else AROUND,
        )
        for (_, row), x, y in zip(named.iterrows(), *xy(named, front.cost), strict=True)
    ]


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a device and number of epochs; the published front behind."""
    cost, published = context.cost, context.published(*TABLES)
    try:
        panels = [
            (title, frontier(rows, cost))
            for device, timed in context.by_device(cost)
            for title, rows in _by_epochs(device, timed)
        ]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    shown = [(title, front) for title, front in panels if not front.points.empty]
    if not shown:
        return Skipped(NAME, f"no setting has both an accuracy and its {METRICS[cost].words}")
    behind = _behind(published, cost)
    left_out = [f"{len(shown) - MOST} more panels not shown."] if len(shown) > MOST else []
    return FigureSpec(
        name=NAME,
        title="Which networks are Pareto-optimal?",
        shows="Accuracy against cost over all families together; the Pareto front as steps, and how surely each "
        "network is on it.",
        concludes=" ".join(f"{title}: {front.sentence}" for title, front in shown),
        panels=tuple(partial(_panel, title, front, behind) for title, front in shown[:MOST]),
        notes=(_HINT, *_outside(shown), *left_out, *background_note(published, cost)),
        size=(4.9, 4.1),
    )


def _by_epochs(device: str, frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    groups = frame.groupby("epochs", dropna=False)
    parts = [(regime_title(rows["epochs"].iloc[0]), rows) for _, rows in groups]
    return [(f"{device}, {title}" if device else title, rows) for title, rows in parts]


def _outside(shown: list[tuple[str, Frontier]]) -> list[str]:
    failed = sum(len(front.failed) for _, front in shown)
    unmeasured = sum(len(front.unmeasured) for _, front in shown)
    said = [f"{failed} settings with a failed trial: crosses, where their cost is known."] if failed else []
    return [*said, *([f"{unmeasured} accuracies without the cost stand at the right edge."] if unmeasured else [])]


def _behind(published: Context | None, cost: str) -> Frontier | None:
    if published is None or not published.has(cost):
        return None
    _, part = published.published_part(cost)
    return frontier(part, cost)


def _panel(title: str, front: Frontier, under: Frontier | None, axes: Axes) -> Axes:
    if under is not None:
        fronts(under, axes, pale=True)
    fronts(front, axes)
    axes.set_title(title, fontsize=style.TEXT_SIZE)
    return axes
