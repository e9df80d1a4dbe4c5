"""Error against multiply-accumulates on two logarithmic axes, with the laws fitted to it (the paper's Figure 2)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.laws.families import BROKEN, FLOORED, POWER
from scaling.analysis.laws.groups import Group, fit_settings, groups_on
from scaling.analysis.laws.power_law import FLOPS_PER_MAC, Fit, Laws
from scaling.analysis.uncertainty import Estimate
from scaling.models.names import title
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.axes import set_cost_axis, set_error_axis
from scaling.plots.kit.bars import BARS, draw_bars, log_noise_bars
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.results.columns import METRICS
from scaling.wording import counted

NAME = "power_law"
TABLES = ("fig2",)
MOST = 6
"""Groups drawn or fitted; more are counted."""
COST = METRICS["macs"]
LAW_COLOR = {POWER.name: style.INK, FLOORED.name: style.GREEN, BROKEN.name: style.PURPLE}
LAW_LINE = {POWER.name: ":", FLOORED.name: "--", BROKEN.name: "-."}
"""Of a law that was not chosen: the one that was is a thick line without gaps."""
_THICK, _THIN = 2.4, 1.3
_LEFT_OUT = {
    "without x or error": "its accuracy or cost is not known",
    "error not above 0 and up to 1": "an error of 0% has no place on a logarithmic axis",
}
"""What `Laws.left_out` gives as reasons, in the words of this figure."""
_CURVE = 200
_MANY, _DRAWS, _DRAWS_OF_MANY = 2000, 500, 200


@dataclass(frozen=True, eq=False)
class Fitted:
    """A group of settings and the laws of error against multiply-accumulates fitted to it."""

    group: Group
    laws: Laws
    resolutions: tuple[float, ...]
    """Of all groups, so that each has one colour in all panels."""

    @property
    def title(self) -> str:
        """Family and number of epochs."""
        first = self.group.settings.iloc[0]
        return f"{title(first['family'])}, {regime_title(first['epochs'])}"


@functools.lru_cache(maxsize=8)
def fitted(context: Context) -> tuple[list[Fitted], int]:
    """Fits the laws to each group that they can be fitted to, once; and how many groups there are beyond `MOST`."""
    settings = context.settings
    known = [group for group in groups_on(settings, COST.name) if group.settings["top1"].notna().any()]
    resolutions = tuple(sorted(settings["resolution"].unique()))
    fits = [Fitted(group, _laws(group), resolutions) for group in known[:MOST]]
    return fits, len(known[MOST:])


def _laws(group: Group) -> Laws:
    """Fewer draws for thousands of settings: their bands are narrow, and each draw takes long."""
    draws = _DRAWS if len(group.settings) <= _MANY else _DRAWS_OF_MANY
    return fit_settings(group.settings, COST.name, draws=draws)


def power_law(fitted_group: Fitted, axes: Axes, pale: bool = False) -> Axes:
    """Draws points by resolution with their bars, the best law thick with its band, the others thin, and any break.

    Args:
        fitted_group: a group and its laws.
        axes: one panel; what is on it already stays.
        pale: points alone, as a background.
    """
    _draw_points(fitted_group, axes, pale)
    if not pale and fitted_group.laws.fits:
        _draw_laws(fitted_group.laws, axes)
    _frame(axes)
    if not pale:
        axes.set_title(fitted_group.title)
    return axes


def _draw_points(fitted_group: Fitted, axes: Axes, pale: bool) -> None:
    laws = fitted_group.laws
    resolutions = fitted_group.group.settings["resolution"].to_numpy(float)[laws.rows]
    for number, resolution in enumerate(fitted_group.resolutions):
        at = resolutions == resolution
        if not at.any():
            continue
        marker = style.SERIES_MARKER[number % len(style.SERIES)]
        if pale:
            first = not any(line.get_label() == "published" for line in axes.lines)
            _draw_at(laws, at, style.PALE_GREY, marker, "published" if first else "_published", axes)
            continue
        color = style.SERIES[number % len(style.SERIES)]
        lengths = log_noise_bars(laws.error[at], laws.sd[at])
        draw_bars(axes, laws.x[at] * COST.scale, 100 * laws.error[at], lengths, color, zorder=1.9)
        _draw_at(laws, at, color, marker, f"{resolution:g} px", axes)


def _draw_at(laws: Laws, at: npt.NDArray[np.bool_], color: str, marker: str, label: str, axes: Axes) -> None:
    axes.plot(
        laws.x[at] * COST.scale,
        100 * laws.error[at],
        linestyle="none",
        marker=marker,
        color=color,
        markeredgecolor="white",
        **style.marker(int(at.sum())),
        alpha=0.85,
        label=label,
        zorder=4,
    )


def _draw_laws(laws: Laws, axes: Axes) -> None:
    x = np.geomspace(laws.x.min(), laws.x.max(), _CURVE)
    for fit in sorted(laws.fits, key=lambda fit: fit.law != laws.best):
        label = f"{fit.law}, chosen" if fit.law == laws.best and laws.is_chosen else fit.law
        _draw_law(fit, x, label, fit.law == laws.best, axes)
    for fit in laws.fits:
        if fit.law == laws.best:
            _draw_band(fit, x, axes)
    if laws.broken is not None and laws.broken.verdict == "holds" and laws.broken.told_apart:
        low, high = laws.broken.at.low * COST.scale, laws.broken.at.high * COST.scale
        axes.axvspan(low, high, color=LAW_COLOR[BROKEN.name], alpha=0.15, linewidth=0, label="break, 90%", zorder=0)


def _draw_law(fit: Fit, x: npt.NDArray[np.float64], label: str, best: bool, axes: Axes) -> None:
    """The best law thick; another one thin and over it, so that it is seen where both say the same."""
    line, width, order = ("-", _THICK, 3.0) if best else (LAW_LINE[fit.law], _THIN, 3.5)
    error = 100 * fit.predict(x).error
    axes.plot(x * COST.scale, error, line, color=LAW_COLOR[fit.law], linewidth=width, label=label, zorder=order)


def _draw_band(fit: Fit, x: npt.NDArray[np.float64], axes: Axes) -> None:
    band = fit.predict(x)
    ends = 100 * band.low, np.fmin(100 * band.high, 100)
    color = LAW_COLOR[fit.law]
    axes.fill_between(x * COST.scale, *ends, color=color, alpha=0.2, linewidth=0, label="its 90% band", zorder=1)


def _frame(axes: Axes) -> None:
    set_cost_axis(axes, COST, pd.Series(axes.dataLim.intervalx))
    set_error_axis(axes)


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a group, with published points behind."""
    published = context.published(*TABLES)
    return spec_of(*fitted(context), [] if published is None else fitted(published)[0])


def spec_of(groups: list[Fitted], others: int = 0, behind: Sequence[Fitted] = ()) -> FigureSpec | Skipped:
    """The figure of groups that were fitted already; `others` more were not."""
    shown = [group for group in groups if group.laws.fits]
    if not shown:
        return Skipped(NAME, "; ".join(dict.fromkeys(group.laws.reason for group in groups)) or "nothing trained yet")
    return FigureSpec(
        name=NAME,
        title="How does error fall with the size of the network?",
        shows="Error against multiply-accumulates, both logarithmic, points by resolution; every law fitted, the band "
        "of the one that predicts larger networks best, and where the power law breaks.",
        concludes=" ".join(said(group) for group in shown),
        panels=tuple(partial(_panel, group, behind) for group in shown),
        notes=tuple(_notes(groups, others, bool(behind))),
        size=(4.9, 4.1) if len(shown) > 1 else (7.6, 4.6),
        scales=("own",) * len(shown),
    )


def _panel(fitted_group: Fitted, behind: Sequence[Fitted], axes: Axes) -> Axes:
    for background in behind:
        power_law(background, axes, pale=True)
    return power_law(fitted_group, axes)


def said(fitted_group: Fitted) -> str:
    """What the laws of one group amount to."""
    laws = fitted_group.laws
    slope = laws[POWER.name].parameters["slope"]
    falls = (
        "error falls as MACs to the power" if slope.high < 0 else "error has no trend: it goes with MACs to the power"
    )
    first = f"{fitted_group.title}: over all {len(laws.x)} points {falls} {number(slope)}"
    chosen = f"a {laws.best} predicts the larger from the smaller best" if laws.best else "no law converged"
    if laws.best and not laws.is_chosen:
        chosen = "too few to choose between laws"
    return f"{first}; {_broken(laws)}; {chosen}."


def _broken(laws: Laws) -> str:
    if laws.broken is None:
        return "too few points to say whether that breaks"
    if laws.broken.verdict == "undecided":
        return f"whether that breaks is undecided (p = {laws.broken.p_value:.2g})"
    if laws.broken.verdict == "fails":
        return f"it does not break (p = {laws.broken.p_value:.2g})"
    parameters = laws[BROKEN.name].parameters
    place = laws.broken.at.scaled(FLOPS_PER_MAC * 1e-9)
    if not laws.broken.told_apart:
        return (
            f"it bends (p = {laws.broken.p_value:.2g}): the power is {number(parameters['slope_below'])} for small and "
            f"{number(parameters['slope_above'])} for large networks, and a break and a smooth curve are not told apart"
        )
    return (
        f"it breaks (p = {laws.broken.p_value:.2g}) at {number(place)} billion FLOPs (two a multiply-accumulate): the "
        f"power is {number(parameters['slope_below'])} below and {number(parameters['slope_above'])} above"
    )


def number(estimate: Estimate) -> str:
    """A value with its interval."""
    return f"{estimate.value:.3g} (90%: {estimate.low:.3g} to {estimate.high:.3g})"


def _notes(groups: list[Fitted], others: int, behind: bool) -> list[str]:
    unfit = [f"{group.title}: {group.laws.reason}." for group in groups if not group.laws.fits]
    left = [
        f"{group.title}: {counted(count, 'setting')} not shown: {_LEFT_OUT.get(reason, reason)}."
        for group in groups
        for reason, count in group.laws.left_out.items()
    ]
    more = [f"{others} more groups not shown."] if others else []
    back = ["Published points stand behind for their shape: measured elsewhere, not like with like."] if behind else []
    return [
        f"{BARS} The paper's FLOPs are two a multiply-accumulate.",
        *about_noise(groups),
        *_cannot_be_chosen(groups),
        *unfit,
        *left,
        *more,
        *back,
    ]


def about_noise(groups: Sequence[Fitted]) -> list[str]:
    """What has to be said of the accuracies, such as the noise between seeds that is assumed; each once."""
    settings = [group.group.settings for group in groups]
    said = about_accuracies(pd.concat(settings)) if settings else ()
    return [f"{note[0].upper()}{note[1:]}." for note in said]


def _cannot_be_chosen(groups: list[Fitted]) -> list[str]:
    """The laws whose fit is none to rely on, although their lines are drawn."""
    unsure = [
        f"{fit.law} ({group.title}: {fit.status})"
        for group in groups
        for fit in group.laws.fits
        if fit.status != "converged"
    ]
    why = "No candidates, as the fit did not converge or ended at a bound of a parameter"
    return [f"{why}: {'; '.join(unsure)}."] if unsure else []
