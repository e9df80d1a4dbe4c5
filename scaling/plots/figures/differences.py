"""What each recipe, precision or start gains on the same networks, with joint intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.decide.answer import answer_of
from scaling.analysis.decide.kinds import compared
from scaling.analysis.decide.statements import Statement
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.numbers import lead, plain

NAME = "differences"
TABLES: tuple[str, ...] = ()
UNPUBLISHED = "no published numbers are of the same networks trained in two ways"
_COLOR = {"gains": style.GREEN, "loses": style.PURPLE, "undecided": style.GREY}
_ROOM = 0.08
"""Of the range, what is left free on either side."""
_HINT = (
    "Dots: the mean difference over the networks that both have. Bars: 90% intervals, which hold together in 90% of "
    "studies; a difference is decided where its bar leaves out 0."
)


def differences(statements: Sequence[Statement], axes: Axes) -> Axes:
    """Draws a row for each comparison, the first on top: the difference, its interval, and both as numbers.

    Args:
        statements: of an answer, each of a difference of accuracies.
        axes: an empty panel.
    """
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
    for place, statement in enumerate(statements):
        _draw(place, statement, axes)
    axes.set_yticks(range(len(statements)), [_named(statement) for statement in statements])
    axes.tick_params(axis="y", length=0, colors=style.INK)
    axes.set_ylim(len(statements) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("Difference of top-1 validation accuracy (points)")
    _frame(statements, axes)
    return axes


def _draw(place: int, statement: Statement, axes: Axes) -> None:
    gain = statement.noisy.scaled(100)
    verdict = gain.side_of(0.0, "gains", "loses")
    color = _COLOR[verdict]
    label = verdict if verdict == "undecided" else f"surely {verdict}"
    known = label in axes.get_legend_handles_labels()[1]
    if np.isfinite([gain.low, gain.high]).all():
        axes.plot([gain.low, gain.high], [place] * 2, "|-", color=color, linewidth=2, markersize=9, label="_interval")
    axes.plot([gain.value], [place], "o", color=color, markersize=8, label=f"_{label}" if known else label, zorder=3)
    axes.annotate(
        lead(gain),
        (gain.value, place),
        (0, 9),
        textcoords="offset points",
        ha="center",
        fontsize=style.TEXT_SIZE,
    )


def _named(statement: Statement) -> str:
    """`precision mixed_bfloat16`, and below it `against precision float32`."""
    return statement.which.removeprefix("for ").replace(" against ", "\nagainst ")


def _frame(statements: Sequence[Statement], axes: Axes) -> None:
    """Limits that hold 0 and every interval."""
    ends = 100 * np.array([[of.noisy.low, of.noisy.value, of.noisy.high] for of in statements])
    low, high = min(0.0, float(np.nanmin(ends))), max(0.0, float(np.nanmax(ends)))
    room = _ROOM * (high - low) or 1.0
    axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(value).removesuffix(".0")))


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, where their question compares the same networks."""
    settings = context.settings[context.settings["top1"].notna()]
    try:
        if len(settings) < 2 or compared(context.frame, settings, context.question).kind != "recipes":
            return Skipped(NAME, "the question does not compare the same networks, trained in two ways")
        answer = answer_of(context.frame, context.settings, context.question)
    except UserError as reason:
        return Skipped(NAME, str(reason))
    if not answer.statements:
        return Skipped(NAME, answer.sentence)
    statements = answer.statements
    return FigureSpec(
        name=NAME,
        title="On the same networks, what does each gain?",
        shows="The difference of accuracy of each against the plainest, with its interval and a line at no difference.",
        concludes=answer.sentence,
        panels=(lambda axes: differences(statements, axes),),
        notes=(_HINT, *(f"{note[0].upper()}{note[1:]}." for note in about_accuracies(settings))),
        size=(7.6, 1.2 + 0.6 * len(statements)),
    )
