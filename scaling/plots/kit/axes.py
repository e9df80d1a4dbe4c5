"""Axes that read easily: plain numbers on a logarithmic axis, room for labels around the points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, NullLocator

from scaling.results.columns import Column

_FEWEST, _MOST = 4, 6
_EMPTY = 1.4
"""Times the widest panel's own limits that common ones may take, before panels have a span in common instead."""
_MANTISSAS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))


class RoundTicks(Locator):
    """The ticks of `log_ticks` within whatever limits the axis has when it is drawn, and those `always` wanted."""

    def __init__(self, always: Sequence[float] = ()) -> None:
        self.always = tuple(always)

    def __call__(self) -> list[float]:
        """The ticks between the limits of the axis."""
        low, high = self.axis.get_view_interval()  # type: ignore[union-attr]
        return self.tick_values(float(low), float(high))

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        """The ticks between two limits."""
        return sorted({*log_ticks(vmin, vmax), *(tick for tick in self.always if vmin <= tick <= vmax)})


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


def set_error_axis(axes: Axes) -> None:
    """Label, limits and ticks of a logarithmic vertical axis around the errors (percent) that were drawn so far."""
    low, high = axes.dataLim.intervaly
    axes.set_ylabel("Top-1 validation error (%)")
    _make_logarithmic(axes, "y", low / 1.08, min(high * 1.08, 100.0))


def _make_logarithmic(axes: Axes, which: Literal["x", "y"], low: float, high: float) -> None:
    axes.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    axis = {"x": axes.xaxis, "y": axes.yaxis}[which]
    axis.set_major_locator(RoundTicks())
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
    axes.set_ylim(within_percent(low - 1.6 * room, high + room))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))


def within_percent(low: float, high: float) -> tuple[float, float]:
    """Limits of an axis of percentages: there is nothing below 0% or above 100%."""
    return max(low, 0.0), min(high, 100.0)


def share_limits(panels: Sequence[Axes]) -> bool:
    """Gives panels that are compared the same limits, in which the points of all of them lie.

    Where that would leave most of each panel empty, as of accuracies after one epoch and after many, vertical axes have
    the same span instead, each around its own points: slopes and distances look alike, and small ones can be seen.

    Returns:
        Whether the vertical axes have the same limits.
    """
    for axes, ends in _shared(panels, "x"):
        axes.set_xlim(ends)
    shared = _shared(panels, "y")
    spanned = _spanned(shared[0][1], [axes for axes, _ in shared]) if shared else None
    for number, (axes, ends) in enumerate(shared):
        axes.set_ylim(ends if spanned is None else spanned[number])
    return spanned is None


def _shared(panels: Sequence[Axes], which: Literal["x", "y"]) -> list[tuple[Axes, tuple[float, float]]]:
    """The panels that show anything on that axis, each with limits that hold the points of all."""
    shown = [axes for axes in panels if has_points(axes, which)]
    ends = np.array([getattr(axes, f"get_{which}lim")() for axes in shown])
    return [(axes, (float(ends.min()), float(ends.max()))) for axes in shown]


def _spanned(union: tuple[float, float], panels: Sequence[Axes]) -> list[tuple[float, float]] | None:
    """Limits of one span around each panel's own; None where the union of all is hardly wider than the widest."""
    logarithmic = panels[0].get_yscale() == "log"
    ends = np.array([axes.get_ylim() for axes in panels])
    lows, highs = (np.log(ends) if logarithmic else ends).T
    span = float((highs - lows).max())
    if float(np.diff(np.log(union) if logarithmic else union)[0]) <= _EMPTY * span:
        return None
    lows = (lows + highs - span) / 2
    if not logarithmic and ends.min() >= 0 and ends.max() <= 100:
        lows = lows.clip(0, 100 - span)
    limits = np.array([lows, lows + span]).T
    return [(float(low), float(high)) for low, high in (np.exp(limits) if logarithmic else limits)]


def has_points(axes: Axes, which: str) -> bool:
    """Whether anything drawn on the panel has a place on its `x` or `y` axis."""
    return bool(np.isfinite(getattr(axes.dataLim, f"interval{which}")).all())


def frame_points(axes: Axes, cost: Column, accuracy: Column) -> None:
    """Both axes around all that was drawn so far, with room for labels; to be called again after more was drawn."""
    box = axes.dataLim
    if not np.isfinite(box.extents).all():
        return
    set_cost_axis(axes, cost, pd.Series([box.x0, box.x1]))
    set_accuracy_axis(axes, accuracy, box.y0, box.y1)
