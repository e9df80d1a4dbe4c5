"""Axes that read easily: plain numbers on a logarithmic axis, room for labels around the points."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from scaling.results.columns import Column

_FEWEST, _MOST = 4, 6
_MANTISSAS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))


def set_cost_axis(axes: Axes, metric: Column, values: pd.Series[float]) -> None:
    """Label, scale, limits and ticks of a horizontal axis that shows `values` (in the label's unit)."""
    axes.set_xlabel(metric.label)
    known = values.dropna()
    if known.empty:
        axes.set_xticks([])
        return
    low, high = float(known.min()), float(known.max())
    if not metric.log or low <= 0:
        margin = 0.1 * (high - low) or 1.0
        axes.set_xlim(low - margin, high + margin)
        return
    margin = max((high / low) ** 0.1, 1.1)
    _make_logarithmic(axes, "x", low / margin, high * margin)


def set_log_axis(axes: Axes, which: Literal["x", "y"], label: str, values: pd.Series[float]) -> None:
    """A logarithmic axis, its limits around the values with room for names."""
    low, high = float(values.min()), float(values.max())
    room = 1.15 * (high / low) ** 0.12
    axes.set(**{f"{which}label": label})
    _make_logarithmic(axes, which, low / room, high * room)


def _make_logarithmic(axes: Axes, which: Literal["x", "y"], low: float, high: float) -> None:
    axes.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    axis = {"x": axes.xaxis, "y": axes.yaxis}[which]
    axis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers in [low, high], four to six of them where round ones will do that."""
    for mantissas in _MANTISSAS:
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        ticks = [mantissa * 10.0**power for power in powers for mantissa in mantissas]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) >= _FEWEST:
            return inside[:: -(-len(inside) // _MOST)]
    return [float(tick) for tick in MaxNLocator(nbins=4).tick_values(low, high) if low <= tick <= high]


def set_accuracy_axis(axes: Axes, metric: Column, low: float, high: float) -> None:
    """Label and limits of a vertical axis for accuracies from `low` to `high` percent, with room below for crosses."""
    axes.set_ylabel(metric.label)
    room = max(0.12 * (high - low), 0.4)
    axes.set_ylim(low - 1.6 * room, min(high + room, max(100.5, high + 0.2)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))


def frame_points(axes: Axes, cost: Column, accuracy: Column) -> None:
    """Both axes around all that was drawn so far, with room for labels; to be called again after more was drawn."""
    box = axes.dataLim
    if not np.isfinite(box.extents).all():
        return
    set_cost_axis(axes, cost, pd.Series([box.x0, box.x1]))
    set_accuracy_axis(axes, accuracy, box.y0, box.y1)
