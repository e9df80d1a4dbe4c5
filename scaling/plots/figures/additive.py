"""What each method adds, as a waterfall (the paper's Table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling import published
from scaling.analysis.additive import Step, steps, table_steps, told
from scaling.analysis.claims.finding import NotAddressedError
from scaling.analysis.claims.recipes import share_from_training
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.axes import within_percent
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.numbers import signed

NAME = "additive"
TABLES = ("table1",)
KIND_COLOR = {"training": style.BLUE, "regularization": style.SKY, "architecture": style.GREEN}
IMAGENET = 50_000
"""Validation specs of Table 1."""
_BARS = (
    "Bars: what each adds. Whiskers: its interval; all of them hold together in 90% of studies. Bold: surely a gain or "
    "a loss. Networks are taken as independent, and where none has two seeds, the noise between seeds is assumed "
    "(arXiv 2304.01910)."
)
_QUARTERS = {"low": 0.625, "high": 0.875}


def additive(chain: Sequence[Step], axes: Axes) -> Axes:
    """Draws the steps from top to bottom, each bar from the accuracy before it to its own.

    Args:
        chain: as `scaling.analysis.additive.steps` or `table_steps` gives it.
        axes: an empty panel.
    """
    top1 = 100 * np.array([step.top1 for step in chain])
    before = _before(top1)
    for place, step in enumerate(chain):
        _draw_bar(place, step, before[place], float(top1[place]), axes)
    axes.set_yticks(range(len(chain)), [step.label for step in chain])
    axes.tick_params(axis="y", length=0, colors=style.INK)
    axes.set_ylim(len(chain) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("Top-1 validation accuracy (%)")
    ends = np.array([100 * (step.top1 + end) for step in chain for end in _whiskers(step)])
    room = 0.2 * (np.nanmax(ends) - np.nanmin(ends) or 1.0)
    axes.set_xlim(within_percent(np.nanmin(ends) - 0.2 * room, np.nanmax(ends) + room))
    return axes


def _whiskers(step: Step) -> tuple[float, float]:
    """Where its interval ends, from its accuracy on; nowhere else where there is none."""
    low, high = step.gain.low - step.gain.value, step.gain.high - step.gain.value
    return (max(low, -step.top1), min(high, 1 - step.top1)) if np.isfinite(low) else (0.0, 0.0)


def _before(top1: np.ndarray) -> list[float]:
    """The last known accuracy before each step."""
    filled = pd.Series(top1).ffill().shift().tolist()
    return [float(value) for value in filled]


def _draw_bar(place: int, step: Step, before: float, top1: float, axes: Axes) -> None:
    color = KIND_COLOR.get(step.kind, style.BLUE) if place else style.GREY
    if not np.isfinite(top1):
        axes.plot([before], [place], "x", color=style.FAILURE, markersize=7, markeredgewidth=2, label="failed trial")
        return
    label = _once(axes, f"{step.kind or 'method'}" if place else "base")
    if not place:
        axes.plot([top1, top1], [place - 0.3, place + 0.3], color=color, linewidth=3, label=label)
        _write(axes, f"{top1:.1f}", top1, place)
        return
    fill = color if step.verified else "white"
    label = label if step.verified else _once(axes, "not verified")
    axes.barh(place, top1 - before, 0.6, before, facecolor=fill, edgecolor=color, label=label, zorder=2)
    low, high = (100 * end for end in _whiskers(step))
    if high > low:
        axes.errorbar(
            top1, place, xerr=[[-low], [high]], fmt="none", ecolor=style.INK, elinewidth=1, capsize=2, zorder=3
        )
    axes.plot([before, before], [place - 1, place + 0.3], color=style.GREY, linewidth=0.8, zorder=1)
    right = max(before, top1 + high)
    sure = step.gain.side_of(0.0, "gain", "loss") != "undecided"
    _write(axes, signed(top1 - before), right, place, sure)


def _write(axes: Axes, text: str, x: float, y: float, bold: bool = False) -> None:
    weight = "bold" if bold else "normal"
    note = axes.annotate(text, (x, y), (6, 0), textcoords="offset points", va="center", fontsize=style.LABEL_SIZE)
    note.set_fontweight(weight)


def _once(axes: Axes, label: str) -> str:
    """The label, unless the legend has it already."""
    return f"_{label}" if label in axes.get_legend_handles_labels()[1] else label


def spec(context: Context) -> FigureSpec | Skipped:
    """The waterfall of these results, with Table 1 beside it where published numbers are wanted."""
    chain = steps(context.frame)
    if not chain or not np.isfinite([step.top1 for step in chain]).any():
        return Skipped(NAME, "no three settings of which each is the one before it and one thing more")
    beside = [] if context.published(*TABLES) is None else [("published: Table 1", table_1())]
    return _spec([("these results", chain) if beside else ("", chain), *beside], _share(context.frame))


def published_spec() -> FigureSpec:
    """Table 1 as a waterfall."""
    return _spec([("Table 1, ResNet-200", table_1())], _share(published.load("table1")))


def table_1() -> tuple[Step, ...]:
    """The steps of the paper's Table 1."""
    return table_steps(published.table("table1"), IMAGENET)


def _spec(chains: Sequence[tuple[str, Sequence[Step]]], share: str) -> FigureSpec:
    doubtful = sum(not step.verified for _, chain in chains for step in chain)
    said = [f"{doubtful} hollow bars: numbers from memory, not verified."] if doubtful else []
    exact = all(step.gain.low == step.gain.high for step in chains[0][1][1:])
    bars = "Accuracies are taken as exact." if exact else _BARS
    return FigureSpec(
        name=NAME,
        title="What does each method add to those before it?",
        shows="Accuracy after each further method, from the plainest network down; bars: what it adds.",
        concludes=f"{told(chains[0][1])}{share}",
        panels=tuple(partial(_panel, title, chain) for title, chain in chains),
        notes=(bars, *said),
        size=(6.0 if len(chains) > 1 else 7.6, 0.8 + 0.33 * max(len(chain) for _, chain in chains)),
    )


def _share(frame: pd.DataFrame) -> str:
    try:
        finding = share_from_training(frame, **_QUARTERS)
    except NotAddressedError:
        return ""
    return f" Training methods give a share of {finding.found}; whether it is three quarters: {finding.verdict}."


def _panel(title: str, chain: Sequence[Step], axes: Axes) -> Axes:
    additive(chain, axes)
    axes.set_title(title, fontsize=style.TEXT_SIZE)
    return axes
