"""Accuracy against time per step: one family over another (the paper's Figure 1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.equal_accuracy.compare import Comparison, Comparisons
from scaling.analysis.equal_accuracy.cost_curve import curve
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.accuracy import draw_disturbed
from scaling.plots.kit.bars import BARS
from scaling.plots.kit.captions import about_disturbed
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import draw_side, look, sides
from scaling.plots.kit.labels import LOWER_RIGHT, Label, name
from scaling.results.columns import Column

NAME = "speed_accuracy"
TABLES = ("table7",)
COUNTED = ("params", "macs", "activations")
"""Costs of which one has fewer, not less."""
_ARROW_AT = 0.58
"""Where the speed-up is shown, from the lowest to the highest accuracy that both reach."""


_DISTURBED = "times were disturbed"
"""In a note of comparisons, which counts settings; below a figure timings are counted, see `about_disturbed`."""
_ARROW = (
    "Arrow: the speed-up at one accuracy, with its 90% interval there, dashed where that holds 1; the mean over all "
    "accuracies that both reach may differ. "
)


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
    if not pale:
        draw_disturbed(pd.concat([side.points for side in sides(comparisons)]), comparisons.cost, axes)
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
    undecided = row["low"] <= 1 <= row["high"]
    color, line = (style.GREY, "--") if undecided else (style.INK, "-")
    axes.plot(x, y, line, color=color, linewidth=1.1, marker="|", markersize=8, zorder=2.5)
    along = x.min() * (x.max() / x.min()) ** np.array([1.0, 0.5, 0.75, 0.25])
    anchors = tuple((float(at), float(y[0])) for at in along)
    return [Label(_told(pair, row), anchors, color, directions=LOWER_RIGHT, of_line=True)]


def _told(pair: Comparison, row: pd.Series[float]) -> str:
    """Where the speed-up is read, whose it is, and how large: of the one that costs less."""
    low, value, high = row["low"], row["speedup"], row["high"]
    of = pair.of.name
    if value < 1:
        of, low, value, high = pair.over.name, 1 / high, 1 / value, 1 / low
    return f"at {row['accuracy']:.1%}: {look(of, 0)[2]}\n{value:.1f}{style.TIMES} ({low:.1f} to {high:.1f})"


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
    every = dict.fromkeys(
        note for _, comparisons in device_comparisons for note in comparisons.notes if _DISTURBED not in note
    )
    points = pd.concat([side.points for _, comparisons in device_comparisons for side in sides(comparisons)])
    arrow = _ARROW if any(len(comparisons.pairs) == 1 for _, comparisons in device_comparisons) else ""
    bars = f"Dashed lines: the front of each. {arrow}{BARS} Labels: {_called(points)}, where there is room."
    disturbed = about_disturbed(points, device_comparisons[0][1].cost)
    return tuple(filter(None, (bars, " ".join(f"{note[:1].upper()}{note[1:]}." for note in every), *disturbed)))


def _called(points: pd.DataFrame) -> str:
    """What names of points are made of."""
    size = f"depth {style.TIMES} width" if points["width"].ne(1).any() else "depth"
    at = "@resolution" if points["resolution"].nunique() > 1 else ""
    return f"the model's name, or {size}, {at}" if at else f"the model's name, or {size}"


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
