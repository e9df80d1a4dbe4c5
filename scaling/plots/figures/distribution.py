"""How the errors of a study's variants are distributed, failed ones counted as worse than all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scaling.analysis.edf import Distribution, apart, distributions
from scaling.models.names import family_named, title
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.axes import within_percent
from scaling.plots.kit.figure_spec import FigureSpec, Skipped

NAME = "distribution"
TABLES = ("fig2",)
MOST = 5
_BANDS = 3
"""Groups up to which bands are drawn; more would hide each other."""
_GROUPS = ("epochs", "family", "resolution")
"""What tells the groups: the first of these that takes a few values."""


def distribution(curves: Sequence[Distribution], axes: Axes) -> Axes:
    """Draws the share of settings at or below each error; a curve with failures ends below 100%, in a cross.

    Args:
        curves: as `scaling.analysis.edf.distributions` gives it.
        axes: an empty panel.
    """
    known = [curve for curve in curves if len(curve.error)]
    worst = max((100 * curve.error[-1] for curve in known), default=100.0)
    best = min((100 * curve.error[0] for curve in known), default=0.0)
    spread = (worst - best) or 1.0
    start, edge = within_percent(best - 0.04 * spread, worst + 0.06 * spread)
    for number, curve in enumerate(curves):
        _draw(curve, _color(curve.name, number), edge, axes, bands=len(curves) <= _BANDS)
    axes.set_xlim(start, edge)
    axes.set_ylim(0, 100)
    axes.set_xlabel("Top-1 validation error (%)")
    axes.set_ylabel("Settings at or below it (%)")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    return axes


def _color(name: str, number: int) -> str:
    """A family's own colour, as in all figures; else that of the curve's number."""
    family = family_named(name)
    return style.SERIES[number % len(style.SERIES)] if family is None else style.family_color(family)


def _draw(curve: Distribution, color: str, edge: float, axes: Axes, bands: bool) -> None:
    label = f"{curve.name} ({len(curve.error)} trained{f', {curve.failed} failed' if curve.failed else ''})"
    if not len(curve.error):
        axes.plot([edge], [0], "x", color=style.FAILURE, label=label, clip_on=False)
        return
    x = 100 * np.concatenate([curve.error[:1], curve.error, [edge / 100]])
    y = 100 * np.concatenate([[0.0], curve.share, curve.share[-1:]])
    # Not cut off: at 100% half of the line lies beyond the panel.
    axes.plot(x, y, drawstyle="steps-post", color=color, linewidth=1.7, label=label, clip_on=False, zorder=3)
    if bands:
        low, high = (100 * np.concatenate([end[:1], end, end[-1:]]) for end in (curve.low, curve.high))
        axes.fill_between(x, low, high, step="post", color=color, alpha=0.15, linewidth=0, label="_band")
    if curve.failed:
        axes.plot([edge], y[-1:], "x", color=style.FAILURE, markersize=7, markeredgewidth=2, clip_on=False, zorder=4)


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, by epochs, family or resolution; published ones as one more curve."""
    settings, published = context.settings, context.published(*TABLES)
    tried = settings[settings["top1"].notna() | (settings["failed"] > 0)]
    if tried.empty:
        return Skipped(NAME, "nothing was trained yet")
    own = groups(tried)
    curves = [*own, *([] if published is None else distributions(published.settings))]
    if not any(len(curve.error) for curve in curves):
        return Skipped(NAME, curves[0].sentence)
    bands = (
        "Bands: the whole curve lies in its band in 90% of studies; its settings are taken as a sample."
        if len(curves) <= _BANDS
        else ""
    )
    crosses = (
        "Crosses: settings that failed; they count as worse than all." if any(curve.failed for curve in curves) else ""
    )
    return FigureSpec(
        name=NAME,
        title="How good are the variants as a whole?",
        shows="Share of settings that reach an error or less; failed settings count, so that a curve with failures "
        "ends below 100%.",
        concludes=" ".join([*(curve.sentence for curve in curves), _verdict(own)]).strip(),
        panels=(lambda axes: distribution(curves, axes),),
        notes=tuple(filter(None, (bands, crosses))),
        size=(7.6, 4.2),
    )


def groups(settings: pd.DataFrame) -> tuple[Distribution, ...]:
    """By the first of epochs, family and resolution that takes a few values, else all as one."""
    for by in _GROUPS:
        if 2 <= settings[by].nunique() <= MOST and settings[by].notna().all():
            curves = distributions(settings, settings[by].map(lambda value, by=by: _named(by, value)))
            return tuple(sorted(curves, key=lambda curve: _order(curve.name)))
    return distributions(settings)


def _named(by: str, value: object) -> str:
    if by == "epochs":
        return regime_title(float(str(value)))
    return title(str(value)) if by == "family" else f"{value:g} px"


def _order(text: str) -> float:
    first = text.split()[0]
    return float(first) if first.replace(".", "").isdigit() else 0.0


def _verdict(curves: Sequence[Distribution]) -> str:
    """Whether the bands of any two part somewhere."""
    if len(curves) < 2:
        return ""
    best, *_, worst = sorted(curves, key=lambda curve: curve.quantile(0.5))
    verdict = "yes: their 90% bands part" if apart(best, worst) else "undecided: their 90% bands overlap everywhere"
    return f"Whether {best.name} and {worst.name} differ as a whole: {verdict}."
