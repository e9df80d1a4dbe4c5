"""Accuracy against a cost, one panel an epoch regime, as in the paper's Figure 3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy
from numpy.typing import NDArray

from scaling.analysis.depth_width.arms import Arm
from scaling.analysis.depth_width.tradeoff import Tradeoff
from scaling.models.names import title
from scaling.plots.kit import style
from scaling.plots.kit.axes import set_accuracy_axis, set_cost_axis
from scaling.plots.kit.bars import noise_bars
from scaling.results.columns import METRICS, Column

ACCURACY = METRICS["top1"]
FAILED_LABEL = "failed trial"
_BELOW = 8.0
"""Points from the middle of a marker down to its tilde."""
NOTHING = "No trial of this regime has both\nan accuracy and this cost."


@dataclass(frozen=True, eq=False)
class Series:
    """Points drawn alike: `rows` in the order in which a dashed line joins them, if one does."""

    label: str
    color: str
    marker: str
    rows: pd.DataFrame
    joined: bool = False


def draw_tradeoff(tradeoff: Tradeoff, axes: Axes) -> Axes:
    """Draws one regime: fronts behind, arms or families with their error bars, failed trials as crosses at the foot.

    Arms are drawn where one family was trained and has any; else each family has its colour and its own front.

    Args:
        tradeoff: as `scaling.analysis.depth_width.tradeoff.tradeoffs` gives it.
        axes: an empty panel.

    Returns:
        The same axes. Labels beside points are not on them yet: see `scaling.plots.kit.labels`.
    """
    cost = tradeoff.cost
    known = pd.concat([tradeoff.points, tradeoff.failed])
    set_cost_axis(axes, cost, known[cost.name] * cost.scale)
    axes.set_title(regime_title(tradeoff.epochs))
    if tradeoff.points.empty:
        _say(axes, NOTHING)
    else:
        accuracy, (below, above) = _values(tradeoff.points, ACCURACY), _noise(tradeoff.points)
        set_accuracy_axis(axes, ACCURACY, (accuracy - below).min(), (accuracy + above).max())
    for series in series_of(tradeoff):
        _draw_series(series, cost, axes)
    draw_disturbed(tradeoff.points, cost, axes)
    _draw_fronts(tradeoff, axes)
    _draw_failures(tradeoff, axes)
    return axes


def regime_title(epochs: float | None) -> str:
    """Of a panel; what others trained, for a number of epochs that they do not tell, stands as they published it."""
    if epochs is None or epochs != epochs:
        return "as published"
    return "1 epoch" if epochs == 1 else f"{epochs:g} epochs"


def series_of(tradeoff: Tradeoff) -> list[Series]:
    """What is drawn alike: by arm where one family has any, else by family."""
    families = sorted(set(tradeoff.points["family"]))
    if len(families) > 1 or not tradeoff.arms:
        return [_family_series(family, tradeoff.points) for family in families]
    in_arms = {row for arm in tradeoff.arms for row in arm.rows}
    others = tradeoff.points[~tradeoff.points.index.isin(in_arms)]
    series = [_arm_series(arm, tradeoff) for arm in tradeoff.arms]
    if len(others):
        series.append(Series("other variants", style.GREY, "^", others))
    several = len({(arm.base_depth, arm.base_width) for arm in tradeoff.arms}) > 1
    return [*series, *(_base_series(arm, tradeoff.points, "bases" if several else None) for arm in tradeoff.arms)]


def _family_series(family: str, points: pd.DataFrame) -> Series:
    rows = points[points["family"] == family]
    return Series(title(family), style.family_color(family), style.family_marker(family), rows)


def _arm_series(arm: Arm, tradeoff: Tradeoff) -> Series:
    rows = tradeoff.points.loc[list(arm.rows)]
    label = f"{arm.axis} scaling"
    return Series(label, style.AXIS_COLOR[arm.axis], style.AXIS_MARKER[arm.axis], rows, joined=True)


def _base_series(arm: Arm, points: pd.DataFrame, label: str | None) -> Series:
    rows = points.loc[list(arm.rows)]
    rows = rows[(rows["depth"] == arm.base_depth) & (rows["width"] == arm.base_width)]
    label = label or f"base: depth {arm.base_depth:g}, width {arm.base_width:g}"
    return Series(label, style.INK, "D", rows)


def _draw_fronts(tradeoff: Tradeoff, axes: Axes) -> None:
    several = len(tradeoff.fronts) > 1
    for family, rows in tradeoff.fronts.items():
        if len(rows) < 2:
            continue
        axes.plot(
            _values(rows, tradeoff.cost),
            _values(rows, ACCURACY),
            drawstyle="steps-post",
            color=style.family_color(family) if several else style.GREY,
            alpha=0.6,
            linewidth=1.3,
            zorder=1.5,
            label=f"{title(family)} front" if several else "Pareto front of the means",
        )


def _draw_series(series: Series, cost: Column, axes: Axes) -> None:
    rows = series.rows
    if rows.empty:
        return
    x, y = _values(rows, cost), _values(rows, ACCURACY)
    if len(rows) <= style.MANY:
        axes.errorbar(
            x,
            y,
            xerr=_interval(rows, cost),
            yerr=_noise(rows),
            fmt="none",
            ecolor=series.color,
            elinewidth=1.0,
            capsize=2.0,
            zorder=2,
        )
    axes.plot(
        x,
        y,
        linestyle="--" if series.joined else "none",
        linewidth=1.3,
        color=series.color,
        marker=series.marker,
        markeredgecolor="white",
        **style.marker(len(rows)),
        label=series.label,
        zorder=4 if series.marker == "D" else 3,
    )


def draw_disturbed(points: pd.DataFrame, cost: Column, axes: Axes) -> None:
    """Draws a tilde below each point whose time was disturbed by other work on the machine."""
    if cost.phase is None or (rows := points[points[f"{cost.phase}_disturbed"] > 0]).empty:
        return
    below = offset_copy(axes.transData, axes.get_figure(root=True), y=-_BELOW, units="points")
    axes.plot(
        _values(rows, cost),
        _values(rows, ACCURACY),
        transform=below,
        linestyle="none",
        marker=style.DISTURBED,
        markersize=9,
        markerfacecolor=style.INK,
        markeredgewidth=0,
        clip_on=False,
        label="disturbed timing",
        zorder=5,
    )


def _values(rows: pd.DataFrame, metric: Column) -> NDArray[np.float64]:
    """In the unit of the metric's label."""
    return rows[metric.name].to_numpy(float) * metric.scale


def _noise(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Lengths below and above each accuracy."""
    return noise_bars(rows["top1"].to_numpy(float), rows["top1_sd"].to_numpy(float))


def _interval(rows: pd.DataFrame, cost: Column) -> list[NDArray[np.float64]] | None:
    """Lengths below and above each time; an interval that is not known has length 0."""
    if cost.low is None or cost.high is None:
        return None
    ends = (rows[cost.name] - rows[cost.low], rows[cost.high] - rows[cost.name])
    return [end.fillna(0.0).clip(lower=0.0).to_numpy(float) * cost.scale for end in ends]


def _draw_failures(tradeoff: Tradeoff, axes: Axes) -> None:
    x = (tradeoff.failed[tradeoff.cost.name] * tradeoff.cost.scale).dropna()
    if x.empty:
        return
    axes.plot(
        x,
        [0.035] * len(x),
        transform=axes.get_xaxis_transform(),
        linestyle="none",
        marker="x",
        markersize=7,
        markeredgewidth=2,
        color=style.FAILURE,
        label=FAILED_LABEL,
        zorder=4,
    )


def _say(axes: Axes, sentence: str) -> None:
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center", color=style.PALE_INK)
