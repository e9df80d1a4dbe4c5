"""How the errors of a study's variants are distributed, failed ones counted as worse than all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scaling.analysis.edf import Difference, Distribution, difference, distributions, says_something
from scaling.models.names import family_named, title
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.axes import within_percent
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.wording import counted

NAME = "distribution"
TABLES = ("fig2",)
MOST = 5
_LOW = 0.01
"""Of p: what it can be at best is said where it is more."""
_BANDS = 3
"""Groups up to which bands are drawn; more would hide each other."""
_GROUPS = ("epochs", "family", "resolution")
"""What tells the groups: the first of these that takes a few values."""
_EPOCHS = (style.GREEN, style.PURPLE, style.ORANGE, style.SKY, style.INK)
"""Of numbers of epochs: none of these means depth or width in a figure beside this one."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Settings in groups, and whether these differ.

    Attributes:
        by: the column that tells the groups; empty where all are one.
        curves: one a group.
        differ: whether the best and the worst of them differ; None for one group alone.
    """

    by: str
    curves: tuple[Distribution, ...]
    differ: Difference | None = None


def distribution(curves: Sequence[Distribution], axes: Axes, by: str = "") -> Axes:
    """Draws the share of settings at or below each error; a curve with failures ends below 100%, in a cross.

    Args:
        curves: as `scaling.analysis.edf.distributions` gives it.
        axes: an empty panel.
        by: what tells the curves, for their colours.
    """
    known = [curve for curve in curves if len(curve.error)]
    worst = max((100 * curve.error[-1] for curve in known), default=100.0)
    best = min((100 * curve.error[0] for curve in known), default=0.0)
    spread = (worst - best) or 1.0
    start, edge = within_percent(best - 0.04 * spread, worst + 0.06 * spread)
    colors = _EPOCHS if by == "epochs" else style.SERIES
    for number, curve in enumerate(curves):
        color = _color(curve.name, colors[number % len(colors)])
        if curve in _banded(curves):
            _draw_band(curve, color, (start, edge), axes)
        _draw(curve, color, edge, axes)
    axes.set_xlim(start, edge)
    axes.set_ylim(0, 100)
    axes.set_xlabel("Top-1 validation error (%)")
    axes.set_ylabel("Settings at or below it (%)")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    return axes


def _banded(curves: Sequence[Distribution]) -> list[Distribution]:
    """The curves that have a band: none of many, whose bands would hide each other."""
    return [curve for curve in curves if len(curves) <= _BANDS and len(curve.error) and says_something(curve)]


def _color(name: str, color: str) -> str:
    """A family's own colour, as in all figures; else the one given."""
    family = family_named(name)
    return color if family is None else style.family_color(family)


def _draw(curve: Distribution, color: str, edge: float, axes: Axes) -> None:
    label = f"{curve.name} ({len(curve.error)} trained{f', {curve.failed} failed' if curve.failed else ''})"
    if not len(curve.error):
        axes.plot([edge], [0], "x", color=style.FAILURE, label=label, clip_on=False)
        return
    x = 100 * np.concatenate([curve.error[:1], curve.error, [edge / 100]])
    y = 100 * np.concatenate([[0.0], curve.share, curve.share[-1:]])
    # Not cut off: at 100% half of the line lies beyond the panel.
    axes.plot(x, y, drawstyle="steps-post", color=color, linewidth=1.7, label=label, clip_on=False, zorder=3)
    if curve.failed:
        axes.plot([edge], y[-1:], "x", color=style.FAILURE, markersize=7, markeredgewidth=2, clip_on=False, zorder=4)


def _draw_band(curve: Distribution, color: str, ends: tuple[float, float], axes: Axes) -> None:
    """From edge to edge: before the first setting it reaches as far above 0 as elsewhere above the curve."""
    margin = curve.high[0] - curve.share[0]
    x = np.concatenate([ends[:1], 100 * curve.error, ends[1:]])
    low = 100 * np.concatenate([[0.0], curve.low, curve.low[-1:]])
    high = 100 * np.concatenate([[margin], curve.high, curve.high[-1:]])
    axes.fill_between(x, low, high, step="post", color=color, alpha=0.15, linewidth=0, label="_band")


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, by epochs, family or resolution; published ones as one more curve."""
    settings, published = context.settings, context.published(*TABLES)
    tried = settings[settings["top1"].notna() | (settings["failed"] > 0)]
    if tried.empty:
        return Skipped(NAME, "nothing was trained yet")
    own = groups(tried)
    curves = [*own.curves, *([] if published is None else distributions(published.settings))]
    if reason := _too_few(own, curves):
        return Skipped(NAME, reason)
    return FigureSpec(
        name=NAME,
        title="How good are the variants as a whole?",
        shows="Share of settings that reach an error or less; failed settings count, so that a curve with failures "
        "ends below 100%.",
        concludes=" ".join([*(curve.sentence for curve in curves), _verdict(own.differ)]).strip(),
        panels=(lambda axes: distribution(curves, axes, own.by),),
        notes=tuple(_notes(own.differ, curves)),
        size=(7.6, 4.2),
    )


def groups(settings: pd.DataFrame) -> Groups:
    """By the first of epochs, family and resolution that takes a few values, else all as one."""
    for by in _GROUPS:
        if 2 <= settings[by].nunique() <= MOST and settings[by].notna().all():
            named = settings[by].map(lambda value, by=by: _named(by, value))
            curves = sorted(distributions(settings, named), key=lambda curve: _order(curve.name))
            return Groups(by, tuple(curves), difference(settings, by, named))
    return Groups("", distributions(settings))


def _too_few(own: Groups, curves: Sequence[Distribution]) -> str:
    """Why there is nothing to see; empty where there is."""
    if not any(len(curve.error) for curve in curves):
        return curves[0].sentence
    if own.differ is not None and not own.differ.can_decide:
        sizes = " and ".join(f"{len(curve.error) + curve.failed} of {curve.name}" for curve in own.curves)
        return f"too few settings for any difference to be decided: {sizes}"
    if own.differ is None and not any(map(says_something, own.curves)):
        total = sum(len(curve.error) + curve.failed for curve in own.curves)
        return f"{counted(total, 'setting')}: too few to say how good all such networks are"
    return ""


def _named(by: str, value: object) -> str:
    if by == "epochs":
        return regime_title(float(str(value)))
    return title(str(value)) if by == "family" else f"{value:g} px"


def _order(text: str) -> float:
    first = text.split()[0]
    return float(first) if first.replace(".", "").isdigit() else 0.0


def _verdict(differ: Difference | None) -> str:
    """Whether the best and the worst of the groups differ, and how that was tested."""
    if differ is None:
        return ""
    verdict = "yes" if differ.decided else "undecided"
    picked = f", over the {differ.pairs} pairs of groups that these two were picked from" if differ.pairs > 1 else ""
    how = f"{differ.networks} networks that both have, in pairs" if differ.networks else "two samples"
    test = "signed ranks" if differ.networks else "Kolmogorov and Smirnov"
    p_value = f"p = {differ.p_value:.2g}{picked}"
    return f"Whether {differ.better} and {differ.worse} differ as a whole: {verdict} ({p_value}; {how}, {test})."


def _notes(differ: Difference | None, curves: Sequence[Distribution]) -> list[str]:
    """What is tested, what the bands are and what the crosses."""
    notes = []
    if differ is not None:
        pairs = f", times the {differ.pairs} pairs of groups" if differ.pairs > 1 else ""
        least = f" With so few settings it cannot be below {differ.least:.2g}." if differ.least > _LOW else ""
        tested = f"Tested: {differ.better} against {differ.worse}, the lowest and the highest median"
        notes.append(f"{tested}. Decided: p of an exact test{pairs} is at most 0.1.{least}")
    if banded := _banded(curves):
        which = "Bands" if len(banded) == len(curves) else f"Band of {' and '.join(curve.name for curve in banded)}"
        notes.append(
            f"{which}: the whole curve lies in its band in 90% of studies; its settings are taken as a sample."
        )
    if any(curve.failed for curve in curves):
        notes.append("Crosses: settings that failed; they count as worse than all.")
    return notes
