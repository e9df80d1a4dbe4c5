"""One front over everything, and how surely each point is on it (the paper's Figure 4)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.pareto.frontier import SURE, Frontier, frontier
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.figures.speed_accuracy import background_note
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import FAILED_LABEL, draw_disturbed, regime_title
from scaling.plots.kit.axes import frame_points
from scaling.plots.kit.bars import BARS
from scaling.plots.kit.captions import about_disturbed
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import TOP1, draw_noise, draw_points, look, xy
from scaling.plots.kit.labels import AROUND, LOWER_RIGHT, MOST_NAMES, UPPER_LEFT, Label, name
from scaling.plots.kit.point_names import model_name, telling, what_tells
from scaling.results.columns import METRICS
from scaling.wording import counted

NAME = "fronts"
TABLES = ("table7",)
MOST = 6
_SURELY, _NEVER, _UNDECIDED = "surely on the front (outlined)", "surely not on it (pale)", "undecided (ringed)"
_HINT = (
    f"Surely: with a chance of at least {SURE:.0%}; percentages: chances in between. Where settings are enough, each "
    "accuracy is first drawn towards what networks of its cost reach, as the best of many were lucky more often than "
    f"not; so a point may be sure although its bar overlaps those of others. {BARS}"
)
_LEAST_SAID = 0.5
"""Chance from which a point that is not surely on the front has it beside its name."""
_EDGE: dict[str, Any] = {**style.marker(0), "markeredgewidth": 1.3, "markeredgecolor": style.INK}
_OUTLINE: dict[str, Any] = {**_EDGE, "linestyle": "none", "markerfacecolor": "none", "zorder": 3.2}
_RING: dict[str, Any] = {"markersize": 12, "markerfacecolor": "none", "clip_on": False}


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
        draw_disturbed(front.points, front.cost, axes)
        _explain(front, axes)
        _draw_outside(front, axes)
    frame_points(axes, front.cost, TOP1)
    if not pale:
        name(axes, _names(front))
    return axes


def _draw_families(front: Frontier, axes: Axes) -> None:
    for number, (family, rows) in enumerate(front.points.groupby("family", sort=True)):
        color, marker, title = look(str(family), number)
        draw_noise(rows, front.cost, axes, color, zorder=1.4)
        never, sure = _never(rows), _surely(rows)
        kinds = ((never, style.pale(color), "_never"), (~never, color, title))
        for which, shade, label in kinds:
            draw_points(rows[which], front.cost, axes, shade, marker, label)
        if never.all():
            axes.plot([], [], linestyle="none", marker=marker, color=style.pale(color), label=title)
        ringed = xy(rows[~never & ~sure], front.cost)
        if sure.any():
            axes.plot(*xy(rows[sure], front.cost), marker, **_OUTLINE, label="_sure")
        if ringed[0].size:
            axes.plot(*ringed, "o", markeredgecolor=color, **_RING, label="_undecided")


def _never(points: pd.DataFrame) -> pd.Series[bool]:
    return points["chance"] <= 1 - SURE


def _surely(points: pd.DataFrame) -> pd.Series[bool]:
    return points["chance"] >= SURE


def _explain(front: Frontier, axes: Axes) -> None:
    """Says in the legend what outlined, pale and ringed markers mean, in no family's colour, where there are such."""
    never, surely = _never(front.points), _surely(front.points)
    full: dict[str, Any] = {"color": style.GREY, **_EDGE}
    faded: dict[str, Any] = {"color": style.pale(style.GREY), "markeredgecolor": "white", **style.marker(0)}
    ringed = {"markeredgecolor": style.GREY, **_RING}
    for which, entry, label in (
        (surely, full, _SURELY),
        (never, faded, _NEVER),
        (~never & ~surely, ringed, _UNDECIDED),
    ):
        if which.any():
            # An entry of the legend alone, without a place that the layout could reckon with.
            axes.plot([], [], "o", **entry, label=label)[0].set_in_layout(False)


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
    """The best first, then what else is on the front as measured, then all others by their chance."""
    order = ["best", "on", "chance"]
    best = front.points["top1"].eq(front.points["top1"].max())
    points = front.points.assign(best=best).sort_values(order, ascending=False, kind="stable")
    named = points if len(points) <= MOST_NAMES else points[points["on"]].head(MOST_NAMES)
    at, apart = named["resolution"].nunique() > 1, telling(front.points)
    return [
        Label(
            f"{model_name(row, at)}{what_tells(row, apart)}{_chance(row)}",
            ((float(x), float(y)),),
            look(str(row["family"]), 0)[0],
            directions=UPPER_LEFT if row["on"] else LOWER_RIGHT if points["family"].nunique() > 1 else AROUND,
        )
        for (_, row), x, y in zip(named.iterrows(), *xy(named, front.cost), strict=True)
    ]


def _chance(point: pd.Series[Any]) -> str:
    # Rounded down: what is not sure never reads as 90%.
    return f" ({int(100 * point['chance'])}%)" if _LEAST_SAID <= point["chance"] < SURE else ""


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a device and number of epochs; the published front behind."""
    cost, published = context.cost, context.published(*TABLES)
    try:
        devices = context.by_device(cost)
        panels = [
            (title, frontier(rows, cost))
            for device, timed in devices
            for title, rows in _by_epochs(device if len(devices) > 1 else "", timed)
        ]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    shown = [(title, front) for title, front in panels if not front.points.empty]
    if not shown:
        return Skipped(NAME, f"no setting has both an accuracy and its {METRICS[cost].words}")
    known = pd.concat([front.points[cost] for _, front in shown])
    if len(known) > len(shown) and known.nunique() == 1:
        return Skipped(NAME, f"all settings have the same {METRICS[cost].words}")
    behind = _behind(published, cost)
    left_out = [f"{len(shown) - MOST} more panels not shown."] if len(shown) > MOST else []
    return FigureSpec(
        name=NAME,
        title="Which networks are Pareto-optimal?",
        shows="Accuracy against cost over all families together; the Pareto front as steps, and how surely each "
        "network is on it.",
        concludes=" ".join(f"{title}: {front.sentence}" for title, front in shown),
        panels=tuple(partial(_panel, title, front, behind) for title, front in shown[:MOST]),
        notes=(
            f"{_timed_on(devices)}{_HINT}",
            *dict.fromkeys(f"{note[0].upper()}{note[1:]}." for _, front in shown for note in front.notes),
            *about_disturbed(pd.concat([front.points for _, front in shown]), METRICS[cost]),
            *_outside(shown),
            *left_out,
            *background_note(published, cost),
        ),
        size=(4.9, 4.1),
        scales=("own",) * len(shown[:MOST]),
    )


def _by_epochs(device: str, frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    groups = frame.groupby("epochs", dropna=False)
    parts = [(regime_title(rows["epochs"].iloc[0]), rows) for _, rows in groups]
    return [(f"{device}, {title}" if device else title, rows) for title, rows in parts]


def _timed_on(devices: list[tuple[str, pd.DataFrame]]) -> str:
    """The device, where all panels have the same one."""
    (device, _), *others = devices
    return f"Timed on {device}. " if device and not others else ""


def _outside(shown: list[tuple[str, Frontier]]) -> list[str]:
    failed = sum(len(front.failed) for _, front in shown)
    unmeasured = sum(len(front.unmeasured) for _, front in shown)
    crosses = f"{counted(failed, 'setting')} with a failed trial: crosses at the foot, where the cost is known."
    edge = f"{counted(unmeasured, 'setting')} without a measured cost: at the right edge, at the accuracy."
    return [*([crosses] if failed else []), *([edge] if unmeasured else [])]


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
