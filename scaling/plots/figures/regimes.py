"""Depth against width, one panel a number of epochs (the paper's Figure 3)."""

from __future__ import annotations

from functools import partial

from matplotlib.axes import Axes

from scaling.analysis.depth_width.arms import Arm
from scaling.analysis.depth_width.regimes import Cell, Regime, Regimes
from scaling.analysis.depth_width.regimes import regimes as compared
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.axes import frame_points
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import TOP1, Z90, draw_points, xy
from scaling.plots.kit.labels import LOWER_RIGHT, Label, name
from scaling.results.columns import Column

NAME = "regimes"
TABLES = ("fig3",)
MOST = 6
"""Panels; more regimes are counted."""
_LAST = 4
_HINT = (
    "Labels: resolution, the arm that is surely ahead, and by how many points on average; all verdicts hold together "
    "in 90% of studies. Bars: 90% of the noise of one point."
)


def regimes(all_regimes: Regimes, regime: Regime, axes: Axes) -> Axes:
    """Draws the arms of one regime at every resolution; thick where both arms reach the cost, verdicts at their ends.

    Args:
        all_regimes: as `scaling.analysis.depth_width.regimes.regimes` gives it.
        regime: one of its own.
        axes: an empty panel.
    """
    for cell in regime.cells:
        for arm in (cell.over, cell.of):
            _draw_arm(all_regimes, arm, cell, axes)
    frame_points(axes, all_regimes.cost, TOP1)
    verdict = {"undecided": "undecided"}.get(regime.verdict, f"{regime.verdict} ahead")
    axes.set_title(f"{regime_title(regime.epochs)}: {verdict}")
    name(axes, [_label(all_regimes, cell) for cell in regime.cells[::-1]])
    return axes


def _draw_arm(all_regimes: Regimes, arm: Arm, cell: Cell, axes: Axes) -> None:
    color = style.AXIS_COLOR[arm.axis]
    points = all_regimes.settings.iloc[list(arm.rows)].dropna(subset=["top1", all_regimes.cost.name])
    axes.plot(*xy(points, all_regimes.cost), linestyle="--", linewidth=0.9, color=color, zorder=2)
    bars = 100 * Z90 * points["top1_sd"].to_numpy(float)
    axes.errorbar(
        *xy(points, all_regimes.cost), yerr=bars, fmt="none", ecolor=style.pale(color), elinewidth=1.2, zorder=1.9
    )
    line = cell.curve[all_regimes.cost.name] * all_regimes.cost.scale, 100 * cell.curve[arm.axis]
    axes.plot(*line, linewidth=2.2, color=color, zorder=2, solid_capstyle="butt")
    first = not any(artist.get_label() == f"{arm.axis} scaling" for artist in axes.lines)
    label = f"{arm.axis} scaling" if first else "_again"
    draw_points(points, all_regimes.cost, axes, color, style.AXIS_MARKER[arm.axis], label)


def _label(all_regimes: Regimes, cell: Cell) -> Label:
    """Beside one of the last points of the arms."""
    ends = [
        xy(
            all_regimes.settings.iloc[list(arm.rows[::-1])].dropna(subset=["top1", all_regimes.cost.name]),
            all_regimes.cost,
        )
        for arm in (cell.of, cell.over)
    ]
    anchors = sorted(((float(x), float(y)) for xs, ys in ends for x, y in zip(xs, ys, strict=True)), reverse=True)[
        :_LAST
    ]
    if cell.shared is None:
        return Label(f"{cell.place}: no shared range", tuple(anchors), style.GREY)
    lead = "undecided" if cell.verdict == "undecided" else f"{cell.verdict} +{abs(100 * cell.advantage.value):.1f}"
    color = style.INK if cell.verdict == "undecided" else style.VERDICT_COLOR[cell.verdict]
    return Label(f"{cell.place}: {lead}", tuple(anchors), color, True, LOWER_RIGHT)


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a number of epochs; published ones in panels of their own."""
    cost, published = context.cost, context.published(*TABLES)
    try:
        device_regimes = [(device, compared(part, cost)) for device, part in context.by_device(cost)]
        device_regimes += [] if published is None else [("published", compared(published.settings, published.cost))]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    own = [all_regimes for device, all_regimes in device_regimes if device != "published" and _answers(all_regimes)]
    if not own:
        return Skipped(
            NAME, "; ".join(dict.fromkeys(note for _, all_regimes in device_regimes for note in all_regimes.notes))
        )
    places = [
        (device, all_regimes, regime)
        for device, all_regimes in device_regimes
        if _answers(all_regimes)
        for regime in all_regimes.regimes
    ]
    several = len({device for device, *_ in places}) > 1
    left_out = [f"{len(places) - MOST} more panels not shown."] if len(places) > MOST else []
    return FigureSpec(
        name=NAME,
        title=f"For the same {_bare(own[0].cost)}, does depth or width pay more, and does longer training change that?",
        shows="Depth scaling against width scaling from a common base, one panel a number of epochs, at every "
        "resolution; thick lines where both arms reach the same cost, each with its verdict.",
        concludes=" ".join(_said(all_regimes) for all_regimes in own),
        panels=tuple(
            partial(_panel, device if several else "", all_regimes, regime)
            for device, all_regimes, regime in places[:MOST]
        ),
        notes=(
            _HINT,
            *(f"{note[:1].upper()}{note[1:]}." for all_regimes in own for note in all_regimes.notes),
            *left_out,
        ),
        size=(3.6, 3.9),
    )


def _bare(cost: Column) -> str:
    """Its label without the unit."""
    return cost.label.split(" (")[0].lower()


def _answers(all_regimes: Regimes) -> bool:
    """Whether there is a range of cost that any two arms share."""
    return any(cell.shared for regime in all_regimes.regimes for cell in regime.cells)


def _said(all_regimes: Regimes) -> str:
    change = all_regimes.shift.scaled(100)
    towards = {"undecided": "whether longer training shifts this is undecided"}.get(
        all_regimes.towards, f"longer training favours {all_regimes.towards}"
    )
    sentences = [regime.sentence for regime in all_regimes.regimes]
    if change.value == change.value:
        sentences.append(
            f"From the shortest to the longest, {towards}: width's advantage changes by {change.value:+.2f} points "
            f"(90%: {change.low:+.2f} to {change.high:+.2f})."
        )
    return " ".join(sentences)


def _panel(prefix: str, all_regimes: Regimes, regime: Regime, axes: Axes) -> Axes:
    regimes(all_regimes, regime, axes)
    if prefix:
        axes.set_title(f"{prefix}, {axes.get_title()}", fontsize=9.5)
    return axes
