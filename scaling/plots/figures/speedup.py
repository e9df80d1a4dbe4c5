"""The speed-up of one family over another as a function of accuracy, with interval, verdicts and crossovers."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from scaling.analysis.equal_accuracy.compare import Band, Comparison
from scaling.analysis.equal_accuracy.wording import verdict_word
from scaling.errors import UserError
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.axes import RoundTicks, within_percent
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.groups import look

NAME = "speedup"
TABLES = ("table7",)
_CROSSOVER = "crossover, 90%"
MOST = 6
_HINT = (
    "Grey band: the whole line lies in it in 90% of studies, at every accuracy at once. Coloured, at the foot: the "
    "verdict on the mean speed-up over each band of accuracies, whose interval is the whisker. A mean may be decided "
    "where the line at one of its accuracies is not, and the other way round, as all verdicts "
    "hold together in 90% of studies."
)


def speedup(pair: Comparison, axes: Axes) -> Axes:
    """Draws one comparison over the accuracies that both reach.

    Args:
        pair: one for which there is an answer: `pair.overall` is known.
        axes: an empty panel.
    """
    x, curve = 100 * pair.curve["accuracy"], pair.curve
    axes.set_yscale("log")
    axes.axhline(1, color=style.INK, linewidth=0.9, zorder=1)
    axes.fill_between(
        x, curve["low"], curve["high"], color=style.GREY, alpha=0.3, linewidth=0, label="90% band of the whole line"
    )
    axes.plot(x, curve["speedup"], color=style.INK, linewidth=1.8, label="speed-up at equal accuracy", zorder=3)
    lows, highs = ([getattr(band, end) for band in pair.bands] for end in ("low", "high"))
    _frame(axes, float(np.nanmin([*curve["low"], *lows])), float(np.nanmax([*curve["high"], *highs])))
    _draw_verdicts(pair, axes)
    for crossover in pair.crossovers:
        ends = [[100 * (crossover.accuracy - crossover.low)], [100 * (crossover.high - crossover.accuracy)]]
        place = [100 * crossover.accuracy], [1.0]
        fill = style.PURPLE if crossover.decided else "white"
        axes.errorbar(*place, xerr=ends, fmt="D", color=style.PURPLE, mfc=fill, capsize=4, label=_CROSSOVER, zorder=4)
    axes.set_xlabel("Top-1 accuracy that both reach (%)")
    axes.set_xlim(within_percent(*axes.get_xlim()))
    axes.set_ylabel(f"{_title(pair.over.name)}'s cost over {_title(pair.of.name)}'s")
    return axes


def _title(name: str) -> str:
    return look(name, 0)[2]


def _draw_verdicts(pair: Comparison, axes: Axes) -> None:
    """A bar for each band at the foot, in the colour of its verdict."""
    said: set[str] = set()
    for band in pair.bands:
        word = f"{_title(pair.of.name)} {verdict_word(band.verdict, pair.cost)}"
        word = "undecided" if band.verdict == "undecided" else word
        axes.axvspan(
            100 * band.accuracy_low,
            100 * band.accuracy_high,
            0.005,
            0.035,
            facecolor=style.VERDICT_COLOR[band.verdict],
            edgecolor="white",
            label="_again" if word in said else word,
        )
        said.add(word)
        _draw_interval(band, axes)


def _draw_interval(band: Band, axes: Axes) -> None:
    """The mean over the band of accuracies with its interval, in the middle of the band."""
    if not np.isfinite([band.low, band.high]).all():
        return
    axes.errorbar(
        100 * band.accuracy,
        band.speedup,
        yerr=[[band.speedup - band.low], [band.high - band.speedup]],
        fmt="none",
        ecolor=style.VERDICT_COLOR[band.verdict],
        elinewidth=1.6,
        capsize=3,
        zorder=3.5,
    )


def _frame(axes: Axes, low: float, high: float) -> None:
    low, high = min(low, 1.0), max(high, 1.0) * 1.1
    # Room at the foot for the bars of the verdicts, however many decades the band spans.
    low /= max(1.25, (high / low) ** 0.06)
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(RoundTicks(always=(1.0,)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}{style.TIMES}"))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results, one panel a device; published ones in panels of their own."""
    cost, published = context.cost, context.published(*TABLES)
    try:
        pairs = [*_pairs(context, cost), *((f"published, {device}", pair) for device, pair in _pairs(published, cost))]
    except UserError as reason:
        return Skipped(NAME, str(reason))
    answered = [(device, pair) for device, pair in pairs if pair.overall is not None]
    unanswered = [f"{_on(device)}{pair.sentence}." for device, pair in pairs if pair.overall is None]
    own = [(device, pair) for device, pair in answered if not device.startswith("published")]
    if not own:
        return Skipped(NAME, " ".join(unanswered) or "one family only: there is nothing to compare it with")
    return FigureSpec(
        name=NAME,
        title="At equal accuracy, how much cheaper is one family than the other?",
        shows="Speed-up over the accuracies that both families reach, with its interval, the verdict of each band and "
        "where the two cross.",
        concludes=" ".join(f"{_on(device)}{pair.sentence}" for device, pair in own),
        panels=tuple(partial(_panel, device, pair) for device, pair in answered[:MOST]),
        notes=(_HINT, *_cautions(context, cost), *unanswered),
        size=(4.9, 3.8) if len(answered) < 3 else (3.7, 3.6),
        scales=tuple("published" if device.startswith("published") else "own" for device, _ in answered[:MOST]),
    )


def _pairs(context: Context | None, cost: str) -> list[tuple[str, Comparison]]:
    if context is None or not context.has(cost):
        return []
    return [(device, pair) for device, comparisons in context.comparisons(cost) for pair in comparisons.pairs]


def _cautions(context: Context, cost: str) -> list[str]:
    """What of the comparisons' notes says how far to trust the intervals."""
    notes = (note for _, comparisons in context.comparisons(cost) for note in comparisons.notes if "seed" in note)
    return [f"{note[:1].upper()}{note[1:]}." for note in dict.fromkeys(notes)]


def _on(device: str) -> str:
    return f"On {device}: " if device else ""


def _panel(device: str, pair: Comparison, axes: Axes) -> Axes:
    speedup(pair, axes)
    axes.set_title(device, fontsize=style.TEXT_SIZE)
    return axes
