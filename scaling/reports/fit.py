"""Laws of error, on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.console import Console

from scaling.analysis.laws.cross_validation import Held
from scaling.analysis.laws.families import LAWS, POWER
from scaling.analysis.laws.fits import Fits
from scaling.analysis.laws.joint import Joint
from scaling.analysis.laws.marginal_returns import Ranking
from scaling.analysis.laws.power_law import FLOPS_PER_MAC, Fit, Laws
from scaling.analysis.uncertainty import LEVEL, Estimate
from scaling.errors import UserError
from scaling.models.names import parse
from scaling.reports import tables
from scaling.results.columns import LAW_UNITS, METRICS
from scaling.wording import engineering


def range_of(text: str | None) -> tuple[float, float]:
    """`1e9:5e10` as two numbers; an end left out is open.

    Raises:
        UserError: if it is no such range.
    """
    low, colon, high = (text or ":").partition(":")
    try:
        ends = float(low or 0), float(high or "inf")
    except ValueError:
        ends = (1.0, 0.0)
    if not colon or not ends[0] < ends[1]:
        raise UserError(f"{text!r} is no range LOW:HIGH, as 1e9:5e10")
    return ends


def place_of(text: str | None, on: str) -> tuple[dict[str, float] | None, float | None]:
    """What `--at` means: a model's depth, width and resolution, or a value of `on`, written `macs=4e9`.

    Raises:
        UserError: if it is neither.
    """
    name, equals, value = (text or "").partition("=")
    if not equals:
        return point_of(text), None
    if name != on:
        other = f", or --on {name}" if name in METRICS else ""
        raise UserError(f"--at {text}: the laws are of {on}; write {on}={value or 'VALUE'}{other}")
    try:
        at = float(value)
    except ValueError:
        at = np.nan
    if not (np.isfinite(at) and at > 0):
        raise UserError(f"--at {text}: {value!r} is no number above 0, as 4e9")
    return None, at


def point_of(name: str | None) -> dict[str, float] | None:
    """Depth, width and resolution of a model's name.

    Raises:
        UserError: if the name means no network.
    """
    if name is None:
        return None
    try:
        variant = parse(name)
    except ValueError as error:
        raise UserError(str(error)) from None
    return variant.model_dump(include={"depth", "width", "resolution"})


def as_json(fits: Fits, at: float | None = None) -> dict[str, Any]:
    """`on`, `unit`, `level`; `groups`, one a law's settings; `joint`, one a joint law's; `notes`; numbers with ends.

    Args:
        fits: of all groups.
        at: a value of `on` at which the error of each group is told: its `at`.
    """
    document = {
        "on": fits.on,
        "unit": LAW_UNITS[fits.on],
        "level": LEVEL,
        "groups": [
            {"name": group.name, "told_by": group.told_by, **_laws(fits.on, laws, at)} for group, laws in fits.laws
        ],
        "joint": [
            {
                "name": group.name,
                "told_by": group.told_by,
                **_joint(joint),
                "rankings": [asdict(ranking) for ranking in ranks],
            }
            for group, joint, ranks in fits.joints
        ],
        "not_fitted": fits.not_fitted,
        "notes": list(fits.notes),
    }
    cleaned: dict[str, Any] = _finite(document)
    return cleaned


def _laws(on: str, laws: Laws, at: float | None) -> dict[str, Any]:
    broken = None if laws.broken is None else asdict(laws.broken)
    if broken is not None and on == "macs":
        broken["at_flops"] = {name: FLOPS_PER_MAC * value for name, value in broken["at"].items()}
    return {
        "points": len(laws.x),
        "left_out": laws.left_out,
        "range": [float(laws.x[0]), float(laws.x[-1])] if len(laws.x) else None,
        "reason": laws.reason or None,
        "best": laws.best,
        "laws": [_fit(fit) for fit in laws.fits],
        "break": broken,
        "at": None if at is None else _at(laws, at),
    }


def _at(laws: Laws, x: float) -> dict[str, Any] | None:
    forecast = laws.at(x)
    return None if forecast is None else asdict(forecast) | {"times_beyond": laws.beyond(x)}


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "law": fit.law,
        "formula": fit.formula,
        "status": fit.status,
        "parameters": {name: asdict(value) for name, value in fit.parameters.items()},
        "scatter": asdict(fit.scatter),
        "together": fit.together,
        "held_out": _held(fit.held_out),
        "extrapolation": None if fit.extrapolation is None else asdict(fit.extrapolation),
    }


def _held(held: Held) -> dict[str, Any]:
    return {"off": asdict(held.off), "folds": held.folds}


def _joint(joint: Joint) -> dict[str, Any]:
    error = joint.error
    return {
        "points": len(joint.rows),
        "left_out": joint.left_out,
        "factors": list(joint.factors),
        "reason": joint.reason or None,
        "center": error and error.center,
        "parameters": {name: asdict(value) for name, value in joint.parameters.items()},
        "status": error and error.fitted.status,
        "together": error and error.fitted.shared.correlation,
        "together_by": (error and error.fitted.shared.by) or None,
        "held_out": error and _held(error.held_out),
    }


def _finite(value: Any) -> Any:
    """Numbers that JSON has no word for become null."""
    match value:
        case float():
            return value if np.isfinite(value) else None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value


def show(fits: Fits, console: Console, at: float | None = None) -> None:
    """For each group the error at a value of `on`, where one was asked for, its laws, which factor pays most; notes."""
    for group, laws in fits.laws:
        console.print(
            f"[bold]{group.name}[/bold]  error as a law of {fits.on} ({LAW_UNITS[fits.on]})",
            highlight=False,
            soft_wrap=True,
        )
        if at is not None:
            console.print(f"  {said_at(fits.on, laws, at)}", highlight=False, soft_wrap=True)
        if laws.fits:
            _show_laws(laws, console)
        for sentence in sentences(fits.on, laws):
            console.print(f"  {sentence}", highlight=False, soft_wrap=True)
    for group, joint, rankings in fits.joints:
        console.print(f"[bold]{group.name}[/bold]  joint law", highlight=False, soft_wrap=True)
        _show_joint(joint, rankings, console)
    if fits.not_fitted:
        console.print(f"{fits.not_fitted} more groups not fitted: name fewer folders", highlight=False, soft_wrap=True)
    for note in fits.notes:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def _show_laws(laws: Laws, console: Console) -> None:
    """Each law with its parameters, a line each, and by how much it was off where it was not fitted."""
    table = tables.table(("law", "value", "90%"), right=("value", "90%"))
    for fit in laws.fits:
        table.add_row(f"{fit.law}{' *' if fit.law == laws.best else ''}, {fit.status}", "", "")
        for name, parameter in fit.parameters.items():
            table.add_row(f"  {name}", *_cells(parameter))
        off = fit.held_out.off
        table.add_row("  error held out", f"{off.value:.1%}", f"{off.low:.1%} to {off.high:.1%}")
    tables.print_narrow(table, console, short=("law",))


def said_at(on: str, laws: Laws, x: float) -> str:
    """Error at `x`, by which laws, and whether anything was measured there."""
    forecast = laws.at(x)
    if forecast is None:
        return f"at {on} {engineering(x)}: no law to read{f' ({laws.reason})' if laws.reason else ''}"
    times = laws.beyond(x)
    side = "largest" if x > laws.x[-1] else "smallest"
    where = "within what was measured" if times <= 1 else f"{times:.3g} times beyond the {side} that was measured"
    *most, last = (f"a {name}" for name in forecast.laws)
    by = f"by {last}" if not most else f"by the mean of {', '.join(most)} and {last}"
    return (
        f"at {on} {engineering(x)}: error {forecast.error:.1%} (90% for a new network: {forecast.low:.1%} to "
        f"{forecast.high:.1%}), {by}; {where}"
    )


def sentences(on: str, laws: Laws) -> list[str]:
    """What a group's laws amount to, and what is missing from them."""
    if laws.reason:
        return [f"no fit: {laws.reason}"]
    said = []
    slope = laws[POWER.name].parameters["slope"]
    if not slope.high < 0:
        rises = slope.low > 0
        of_slope = f"the interval of the power law's slope, {_number(slope)}, {'lies above' if rises else 'holds'} 0"
        said.append(f"{'error rises' if rises else 'no trend'}: {of_slope}")
    if laws.best:
        said.append(
            f"* simplest that, fitted to the smaller of {len(laws.x)} settings, predicts the larger as well as any"
            if laws.is_chosen
            else f"* the simplest: {len(laws.x)} settings are too few to tell which law predicts the larger of them"
        )
    if laws.best and (together := laws[laws.best].together):
        said.append(f"neighbours scatter alike (correlation {together:.2f}), which the intervals of this law hold")
    if missing := [law.name for law in LAWS[len(laws.fits) :]]:
        said.append(f"{len(laws.x)} settings are too few for a {' or a '.join(missing)}")
    if laws.best and (beyond := laws[laws.best].extrapolation):
        said.append(
            f"fitted up to {engineering(beyond.beyond)}, it is off by {_percent(beyond.off)} for the "
            f"{beyond.predicted} larger ones; {beyond.inside:.0%} of them lie in their 90% interval"
        )
    if (broken := laws.broken) is not None:
        flops = ""
        if on == "macs":
            flops = f" MACs (paper's FLOPs: {_number(_times(FLOPS_PER_MAC, broken.at))})"
        bends = "bends: a break and a smooth curve cannot be told apart"
        breaks = f"breaks at {_number(broken.at)}{flops}" if broken.told_apart else bends
        where = {"holds": breaks, "fails": "does not break", "undecided": "may break"}[broken.verdict]
        said.append(f"the power law {where} (p = {broken.p_value:.2g}, chance {broken.chance:.0%})")
    said += [f"left out: {count} {reason}" for reason, count in laws.left_out.items()]
    return said


def _show_joint(joint: Joint, rankings: Sequence[Ranking], console: Console) -> None:
    if joint.error is None:
        console.print(f"  no fit: {joint.reason}", highlight=False, soft_wrap=True)
        return
    powers = ", ".join(f"{name} {_number(value)}" for name, value in joint.parameters.items())
    console.print(f"  {powers}; held out {_percent(joint.error.held_out.off)}", highlight=False, soft_wrap=True)
    if (shared := joint.error.fitted.shared).by:
        level = "the same number of epochs" if shared.by == "epochs" else f"one {shared.by}"
        alike = f"settings of {level} scatter alike (correlation {shared.correlation:.2f})"
        console.print(f"  {alike}, which the intervals of this law hold", highlight=False, soft_wrap=True)
    for ranking in rankings:
        point = ", ".join(f"{name} {value:.3g}" for name, value in ranking.at.items())
        console.print(f"  1% more {ranking.cost}, at {point}:", highlight=False, soft_wrap=True)
        for payoff in ranking.payoffs:
            console.print(
                f"    {payoff.factor:<10} error {_number(payoff.per_percent)}%", highlight=False, soft_wrap=True
            )
        verdict = ranking.reason or f"{ranking.best} pays most: {ranking.verdict}"
        console.print(f"    {verdict}", highlight=False, soft_wrap=True)


def _times(factor: float, estimate: Estimate) -> Estimate:
    return Estimate(factor * estimate.value, factor * estimate.low, factor * estimate.high)


def _number(estimate: Estimate) -> str:
    value, interval = _cells(estimate)
    return f"{value} ({interval})"


def _cells(estimate: Estimate) -> tuple[str, str]:
    """The value, and the ends of its interval."""
    ends = (estimate.value, estimate.low, estimate.high)
    value, low, high = (engineering(end) if abs(end) >= 1000 else f"{end:.3g}" for end in ends)
    return value, f"{low} to {high}"


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
