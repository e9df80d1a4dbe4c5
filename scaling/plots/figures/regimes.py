"""Two ways to grow at equal cost, one panel a number of epochs (the paper's Figure 3: depth and width)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from matplotlib.axes import Axes

from scaling.analysis.decide.kinds import compared
from scaling.analysis.depth_width.arms import WIDTH_AND_DEPTH, Arm
from scaling.analysis.depth_width.arms import Axes as Ways
from scaling.analysis.depth_width.regimes import Cell, Regime, Regimes, axis_words
from scaling.analysis.depth_width.regimes import regimes as regimes_of
from scaling.analysis.settings import FACTORS
from scaling.analysis.uncertainty import Estimate
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.kit import numbers, style
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.axes import frame_points
from scaling.plots.kit.bars import BARS
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import TOP1, draw_noise, draw_points, xy
from scaling.plots.kit.labels import LOWER_RIGHT, Label, name
from scaling.plots.kit.numbers import interval, signed
from scaling.results.columns import Column
from scaling.schema import Variant

NAME = "regimes"
TABLES = ("fig3",)
MOST = 6
"""Panels; more regimes are counted."""
_LAST = 4
_HINT = (
    "Thick lines: costs that both arms reach. Above each panel: the lead at equal cost, on average over these costs, "
    "in points of accuracy with its 90% interval; all verdicts hold together in 90% of studies. "
)
_LABELS = "Labels: what the arms share, the arm that is surely ahead there, and by how many points. "


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
    _draw_bases(all_regimes, regime, axes)
    frame_points(axes, all_regimes.cost, TOP1)
    axes.set_title(_heading(all_regimes, regime), fontsize=style.TEXT_SIZE)
    cells = [*reversed(regime.cells)]
    cells.sort(key=lambda cell: cell.verdict == "undecided")
    # Of one cell the heading says it all.
    name(axes, [_label(all_regimes, cell) for cell in cells if len(cells) > 1])
    return axes


def _heading(all_regimes: Regimes, regime: Regime) -> str:
    """The verdict, and below it the lead with its interval: of the arm ahead, of the first where that is undecided."""
    epochs = "" if regime.epochs is None else f"{regime_title(regime.epochs)}: "
    if not any(cell.shared for cell in regime.cells):
        return f"{epochs}undecided\nno cost that both reach"
    first, second = all_regimes.axes
    lead, ahead = (regime.advantage.scaled(100), first) if regime.verdict != second else (_less(regime), second)
    verdict = "undecided" if regime.verdict == "undecided" else f"{axis_words(regime.verdict)} ahead"
    return f"{epochs}{verdict}\n{axis_words(ahead)} {numbers.lead(lead)}"


def _less(regime: Regime) -> Estimate:
    """The advantage of the second arm, in points."""
    lead = regime.advantage.scaled(-100)
    return Estimate(lead.value, min(lead.low, lead.high), max(lead.low, lead.high))


def _draw_bases(all_regimes: Regimes, regime: Regime, axes: Axes) -> None:
    """The points that both arms of a cell begin at, in the look that they have against every cost."""
    shared = sorted({row for cell in regime.cells for row in {*cell.of.rows} & {*cell.over.rows}})
    points = all_regimes.settings.iloc[shared].dropna(subset=["top1", all_regimes.cost.name])
    if not points.empty:
        axes.plot(
            *xy(points, all_regimes.cost),
            linestyle="none",
            marker="D",
            color=style.INK,
            markeredgecolor="white",
            **style.marker(len(points)),
            label="base",
            zorder=4,
        )


def _draw_arm(all_regimes: Regimes, arm: Arm, cell: Cell, axes: Axes) -> None:
    color, marker = _look(all_regimes, arm.axis)
    points = all_regimes.settings.iloc[list(arm.rows)].dropna(subset=["top1", all_regimes.cost.name])
    axes.plot(*xy(points, all_regimes.cost), linestyle="--", linewidth=0.9, color=color, zorder=2)
    draw_noise(points, all_regimes.cost, axes, color, zorder=1.9)
    line = cell.curve[all_regimes.cost.name] * all_regimes.cost.scale, 100 * cell.curve[arm.axis]
    axes.plot(*line, linewidth=2.2, color=color, zorder=2, solid_capstyle="butt")
    called = _called(arm.axis)
    first = not any(artist.get_label() == called for artist in axes.lines)
    draw_points(points, all_regimes.cost, axes, color, marker, called if first else "_again")


def _look(all_regimes: Regimes, axis: str) -> tuple[str, str]:
    """Colour and marker of an arm, or the colour of a verdict."""
    if axis == "undecided":
        return style.INK, ""
    return (style.VERMILLION, "s") if axis == all_regimes.axes[0] else (style.BLUE, "o")


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
        return Label(_at(cell, "no shared range"), tuple(anchors), style.GREY, of_line=True)
    lead = "undecided" if cell.verdict == "undecided" else f"{cell.verdict} {signed(abs(100 * cell.advantage.value))}"
    color, _ = _look(all_regimes, cell.verdict)
    return Label(_at(cell, lead), tuple(anchors), color, True, LOWER_RIGHT, of_line=True)


def _at(cell: Cell, said: str) -> str:
    return f"{cell.place}: {said}" if cell.place else said


def _asked(context: Context) -> tuple[str, Ways, Mapping[str, Sequence[Variant]] | None]:
    """The cost, the two ways, and the strategies where they are ways: as the question asks; else depth and width."""
    about = compared(context.frame, context.settings, context.question)
    if about.kind != "ways" or len(about.compare) < 2:
        return context.cost, WIDTH_AND_DEPTH, None
    first, second, *_ = about.compare
    strategies = context.question.strategies
    return about.cost.name, (first, second), strategies if {first, second} <= {*strategies} else None


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a number of epochs; published ones in panels of their own."""
    published = context.published(*TABLES)
    try:
        cost, ways, strategies = _asked(context)
        device_regimes = [
            (device, regimes_of(part, cost, axes=ways, strategies=strategies))
            for device, part in context.by_device(cost)
        ]
        device_regimes += [] if published is None else [("published", regimes_of(published.settings, published.cost))]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    return spec_of(device_regimes)


def spec_of(device_regimes: Sequence[tuple[str, Regimes]]) -> FigureSpec | Skipped:
    """The figure of what was compared on each device, or was `published`."""
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
        title=_title(own[0]),
        shows=f"{_against(own[0])} from a common base, one panel a number of epochs; thick lines where both arms reach "
        "the same cost, each with its verdict.",
        concludes=" ".join(said(all_regimes) for all_regimes in own),
        panels=tuple(
            partial(_panel, device if several else "", all_regimes, regime)
            for device, all_regimes, regime in places[:MOST]
        ),
        notes=(
            f"{_HINT}{_LABELS if any(len(regime.cells) > 1 for *_, regime in places) else ''}{BARS}",
            *(f"{note[:1].upper()}{note[1:]}." for all_regimes in own for note in all_regimes.notes),
            *left_out,
        ),
        size=(3.6, 4.9),
        scales=tuple("published" if device == "published" else "own" for device, *_ in places[:MOST]),
    )


def _called(axis: str) -> str:
    """An arm in a legend: `depth scaling`, `longer training`, or the strategy as it is called."""
    return f"{axis} scaling" if axis in FACTORS and axis != "epochs" else axis_words(axis)


def _against(all_regimes: Regimes) -> str:
    first, second = map(_called, all_regimes.axes[::-1])
    return f"{first[:1].upper()}{first[1:]} against {second}"


def _names(all_regimes: Regimes, between: str) -> str:
    """The second way first, as in `depth or width`."""
    return between.join(axis_words(axis) for axis in all_regimes.axes[::-1])


def _title(all_regimes: Regimes) -> str:
    several = sum(regime.epochs is not None for regime in all_regimes.regimes) > 1
    changes = ", and does longer training change that" if several else ""
    return f"For the same {_bare(all_regimes.cost)}, does {_names(all_regimes, ' or ')} pay more{changes}?"


def _bare(cost: Column) -> str:
    """Its label without the unit."""
    return cost.label.split(" (")[0].lower()


def _answers(all_regimes: Regimes) -> bool:
    """Whether there is a range of cost that any two arms share."""
    return any(cell.shared for regime in all_regimes.regimes for cell in regime.cells)


def said(all_regimes: Regimes) -> str:
    """What one may conclude of each regime, and of what longer training changes."""
    change = all_regimes.shift.scaled(100)
    towards = {"undecided": "whether longer training shifts this is undecided"}.get(
        all_regimes.towards, f"longer training favours {all_regimes.towards}"
    )
    sentences = [regime.sentence for regime in all_regimes.regimes]
    if change.value == change.value:
        sentences.append(
            f"From the shortest to the longest, {towards}: {all_regimes.axes[0]}'s advantage changes by "
            f"{signed(change.value, 2)} points (90%: {interval(change, 2)})."
        )
    return " ".join(sentences)


def _panel(prefix: str, all_regimes: Regimes, regime: Regime, axes: Axes) -> Axes:
    regimes(all_regimes, regime, axes)
    if prefix:
        axes.set_title(f"{prefix}, {axes.get_title()}", fontsize=9.5)
    return axes
