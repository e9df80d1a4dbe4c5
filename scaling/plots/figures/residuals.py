"""How far the points lie from every law fitted to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.laws.power_law import Fit, Laws
from scaling.analysis.uncertainty import Z90
from scaling.plots.context import Context
from scaling.plots.figures.power_law import COST, LAW_COLOR, Fitted, about_noise, fitted
from scaling.plots.kit import style
from scaling.plots.kit.axes import set_cost_axis
from scaling.plots.kit.bars import BARS, draw_bars
from scaling.plots.kit.figure_spec import FigureSpec, Skipped

NAME = "residuals"
TABLES = ("fig2",)
MOST = 6
"""Panels; more fits are counted."""


def residuals(laws: Laws, fit: Fit, axes: Axes) -> Axes:
    """Draws measured over fitted error less one, against multiply-accumulates, over the band that its scatter gives.

    Args:
        laws: with the points.
        fit: one of `laws.fits`.
        axes: an empty panel.
    """
    off, low, high = (100 * np.expm1(fit.residuals + far * laws.sd) for far in (0, -Z90, Z90))
    x = laws.x * COST.scale
    wide = 100 * np.expm1(Z90 * np.hypot(fit.scatter.value, np.median(laws.sd)))
    axes.axhspan(
        -wide, wide, color=style.PALE_GREY, alpha=0.35, linewidth=0, label="90% of scatter and noise", zorder=0
    )
    axes.axhline(0, color=style.INK, linewidth=0.9, zorder=1)
    draw_bars(axes, x, off, np.array([off - low, high - off]), LAW_COLOR[fit.law], zorder=1.5)
    many = len(x) > style.MANY
    axes.plot(x, off, "o", markersize=4.5, color=LAW_COLOR[fit.law], alpha=0.75, rasterized=many, label="_points")
    axes.set_title(_heading(fit), fontsize=style.TEXT_SIZE)
    set_cost_axis(axes, COST, pd.Series(x))
    axes.set_ylabel("Deviation from the fitted error (%)")
    reach = 1.15 * max(*np.abs([*low, *high]), wide)
    axes.set_ylim(-reach, reach)
    return axes


def _heading(fit: Fit) -> str:
    """The law, and how its fit ended where that was not well."""
    return fit.law if fit.status == "converged" else f"{fit.law} (fit {fit.status})"


def spec(context: Context) -> FigureSpec | Skipped:
    """The residuals of every law of these results, and of the published ones in panels of their own."""
    groups, published = fitted(context)[0], context.published(*TABLES)
    return spec_of(groups, [] if published is None or not groups else fitted(published)[0])


def spec_of(own: Sequence[Fitted], published: Sequence[Fitted] = ()) -> FigureSpec | Skipped:
    """The residuals of groups that were fitted already."""
    groups = [*own, *published]
    every = [(group, fit) for group in groups for fit in group.laws.fits]
    if not every:
        return Skipped(NAME, "; ".join(dict.fromkeys(group.laws.reason for group in groups)) or "nothing trained yet")
    return FigureSpec(
        name=NAME,
        title="What do the fitted laws leave unexplained?",
        shows="Deviation from the fitted error, one panel a law: a good law leaves a band without a trend.",
        concludes=" ".join(_said(group, fit) for group, fit in every),
        panels=tuple(partial(_panel, group, fit, len(groups) > 1) for group, fit in every[:MOST]),
        notes=(BARS, *about_noise(own), *([f"{len(every) - MOST} more fits not shown."] if len(every) > MOST else [])),
        size=(3.5, 3.4),
        scales=tuple("own" if group in own else "published" for group, _ in every[:MOST]),
    )


def _panel(fitted_group: Fitted, fit: Fit, several: bool, axes: Axes) -> Axes:
    residuals(fitted_group.laws, fit, axes)
    if several:
        axes.set_title(f"{fitted_group.title}\n{_heading(fit)}", fontsize=style.TEXT_SIZE)
    return axes


def _said(fitted_group: Fitted, fit: Fit) -> str:
    off, scatter = (part.scaled(100) for part in (fit.held_out.off, fit.scatter))
    return (
        f"{fitted_group.title}, {fit.law} ({fit.status}): off by {off.value:.1f}% "
        f"(90%: {off.low:.1f}% to {off.high:.1f}%) for held-out points, {scatter.value:.1f}% "
        f"({scatter.low:.1f}% to {scatter.high:.1f}%) beyond their noise."
    )
