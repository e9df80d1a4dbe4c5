"""Accuracy against time per step: one family over another (the paper's Figure 1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from scaling.analysis.equal_accuracy.compare import Comparison, Comparisons
from scaling.analysis.equal_accuracy.cost_curve import curve
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.bars import BARS
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import draw_side, sides
from scaling.plots.kit.labels import LOWER_RIGHT, Label, name
from scaling.results.columns import Column

NAME = "speed_accuracy"
TABLES = ("table7",)
COUNTED = ("params", "macs", "activations")
"""Costs of which one has fewer, not less."""
_ARROW_AT = 0.58
"""Where the speed-up is shown, from the lowest to the highest accuracy that both reach."""


def speed_accuracy(comparisons: Comparisons, axes: Axes, pale: bool = False) -> Axes:
    """Draws the groups of a comparison with their fronts, names at the points, and the speed-up at one accuracy.

    Args:
        comparisons: as `scaling.analysis.equal_accuracy.compare.compare` gives it.
        axes: one panel; what is on it already stays.
        pale: as a background for others' points.
    """
    labels = [
        label for i, side in enumerate(sides(comparisons)) for label in draw_side(side, i, comparisons.cost, axes, pale)
    ]
    arrows = [] if pale or len(comparisons.pairs) != 1 else _arrow(comparisons.pairs[0], comparisons.cost, axes)
    name(axes, [*arrows, *labels])
    return axes


def _arrow(pair: Comparison, cost: Column, axes: Axes) -> list[Label]:
    """From the one's cost to the other's at equal accuracy."""
    if pair.covered is None:
        return []
    low, high = pair.covered
    row = pair.curve.iloc[(pair.curve["accuracy"] - (low + _ARROW_AT * (high - low))).abs().argmin()]
    known = pair.of.curve
    log_cost = curve(known["top1"].to_numpy(float), np.log(known[cost.name].to_numpy(float)))
    start = float(np.exp(log_cost(np.array([row["accuracy"]]))[0])) * cost.scale
    x, y = np.array([start, start * row["speedup"]]), np.full(2, 100 * row["accuracy"])
    axes.plot(x, y, color=style.INK, linewidth=1.1, marker="|", markersize=8, zorder=2.5)
    text = f"{row['speedup']:.1f}{style.TIMES} (90%: {row['low']:.1f} to {row['high']:.1f})"
    along = x.min() * (x.max() / x.min()) ** np.array([1.0, 0.5, 0.75, 0.25])
    return [Label(text, tuple((float(at), float(y[0])) for at in along), directions=LOWER_RIGHT, of_line=True)]


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a device, with published ones behind."""
    cost, published = context.cost, context.published(*TABLES)
    try:
        device_comparisons = context.comparisons(cost)
    except UserError as reason:
        return Skipped(NAME, str(reason))
    return spec_of(device_comparisons, _behind(published, cost), background_note(published, cost))


def spec_of(
    device_comparisons: Sequence[tuple[str, Comparisons]],
    behind: Comparisons | None = None,
    behind_notes: Sequence[str] = (),
) -> FigureSpec | Skipped:
    """The figure of what was compared on each device; `behind`, published points that stand behind it."""
    why = " ".join(f"{pair.sentence}." for _, comparisons in device_comparisons for pair in comparisons.pairs)
    device_comparisons = [
        (device, comparisons)
        for device, comparisons in device_comparisons
        if any(len(side.points) for side in sides(comparisons))
    ]
    if not device_comparisons:
        return Skipped(NAME, why or "one family only: there is nothing to compare it with")
    _, first = device_comparisons[0]
    return FigureSpec(
        name=NAME,
        title=_title(first),
        shows=f"Top-1 accuracy against {first.cost.label.split(' (')[0].lower()}, one panel a "
        f"device: every model of each {first.by}, the front as a dashed line, and the speed-up at one equal accuracy.",
        concludes=" ".join(said(device, comparisons) for device, comparisons in device_comparisons),
        panels=tuple(partial(_panel, device, comparisons, behind) for device, comparisons in device_comparisons),
        notes=(*notes(device_comparisons), *behind_notes),
        size=(4.9, 4.1),
        scales=("own",) * len(device_comparisons),
    )


def _title(comparisons: Comparisons) -> str:
    group = {"family": "family", "study": "study"}.get(comparisons.by, "group")
    cost = comparisons.cost
    less = "in less time" if cost.phase else f"with {'fewer' if cost.name in COUNTED else 'less'} {cost.words}"
    return f"Which {group} reaches an accuracy {less}?"


def said(device: str, comparisons: Comparisons) -> str:
    """The sentences of all pairs, with the device they are of."""
    on = f"On {device}: " if device else ""
    return on + " ".join(pair.sentence for pair in comparisons.pairs)


def notes(device_comparisons: Sequence[tuple[str, Comparisons]]) -> tuple[str, ...]:
    """What the comparisons rest on, each said once."""
    every = dict.fromkeys(note for _, comparisons in device_comparisons for note in comparisons.notes)
    bars = (
        f"Dashed lines: the front of each. {BARS} Labels: depth, or the model's name, @resolution, where there is room."
    )
    return (bars, " ".join(f"{note[:1].upper()}{note[1:]}." for note in every)) if every else (bars,)


def background_note(published: Context | None, cost: str) -> tuple[str, ...]:
    """That published points are of other images and of another device, which it names."""
    if published is None or not published.has(cost):
        return ()
    device, _ = published.published_part(cost)
    of = f" ({device})" if device else ""
    return (f"Published points{of} stand behind for their shape: measured elsewhere, not like with like.",)


def _behind(published: Context | None, cost: str) -> Comparisons | None:
    if published is None or not published.has(cost):
        return None
    chosen, _ = published.published_part(cost)
    return dict(published.comparisons(cost))[chosen]


def _panel(device: str, comparisons: Comparisons, under: Comparisons | None, axes: Axes) -> Axes:
    if under is not None:
        speed_accuracy(under, axes, pale=True)
    speed_accuracy(comparisons, axes)
    axes.set_title(device or "")
    return axes
