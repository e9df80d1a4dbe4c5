"""How far the seeds of one setting lie apart."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scaling.analysis.seed_variance import SeedSpread
from scaling.analysis.seed_variance import seed_spread as spread_of
from scaling.analysis.settings import SETTING
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.axes import within_percent
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.labels import LOWER_RIGHT, Label, name
from scaling.plots.kit.point_names import model_name, telling, what_tells
from scaling.results.columns import TABLE
from scaling.wording import counted

NAME = "seed_spread"
TABLES: tuple[str, ...] = ()
UNPUBLISHED = "one number was published for each model, of one seed or a mean"
_NAMED = 12
"""Settings named: those that spread most."""
_MANY = 2000


def seed_spread(spread: SeedSpread, axes: Axes, each: pd.DataFrame | None = None) -> Axes:
    """Draws every seed about the mean of its setting, over bands of what is to be expected.

    Args:
        spread: as `scaling.analysis.seed_variance.seed_spread` gives it.
        axes: an empty panel.
        each: as `every_seed` gives it; None: the lowest and the highest seed stand for all.
    """
    points = spread.points
    x = 100 * points["top1"]
    low, high = 100 * (points["top1_min"] - points["top1"]), 100 * (points["top1_max"] - points["top1"])
    chance = 100 * points["binomial"]
    for side, label in ((chance, "one binomial error of an accuracy"), (-chance, "_below")):
        # A marker at each setting, as a line through one point alone cannot be seen.
        axes.plot(x, side, color=style.VERMILLION, linestyle="--", linewidth=1.3, marker="_", label=label)
    sd = 100 * spread.sd.value
    axes.axhspan(-sd, sd, facecolor=style.BLUE, alpha=0.12, label="standard deviation of seeds, pooled", zorder=0)
    axes.axhline(0, color=style.INK, linewidth=0.9)
    many = len(x) > _MANY
    axes.vlines(x, low, high, color=style.BLUE, linewidth=1.2, rasterized=many)
    at, off, label = _dots(points, each)
    axes.plot(at, off, "o", color=style.BLUE, markersize=4, label=label, rasterized=many, clip_on=False)
    axes.set_xlabel("Mean top-1 validation accuracy (%)")
    axes.set_ylabel("Deviation from the mean over seeds (points)")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.margins(x=0.08, y=0.15)
    axes.set_xlim(within_percent(*axes.get_xlim()))
    name(axes, _names(spread))
    return axes


def every_seed(frame: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame | None:
    """Each seed's accuracy as `seed_top1`, beside the columns of its setting; None where they cannot be told.

    Args:
        frame: the trials, one row each.
        points: settings of these trials.
    """
    trained = frame[frame["status"] == "ok"].reindex(columns=[*SETTING, "top1"])
    typed = {name: trained[name].astype("string" if TABLE[name].text else float) for name in SETTING}
    seeds = pd.DataFrame({**typed, "seed_top1": trained["top1"].astype(float)})
    each = points.reset_index(names="setting").merge(seeds, on=[*SETTING])
    counted_seeds = each.groupby("setting").size().reindex(points.index, fill_value=0)
    return each if counted_seeds.eq(points["seeds"]).all() else None


def _dots(points: pd.DataFrame, each: pd.DataFrame | None) -> tuple[pd.Series[float], pd.Series[float], str]:
    """Where the seeds stand, and which they are."""
    if each is not None:
        return 100 * each["top1"], 100 * (each["seed_top1"] - each["top1"]), "each seed"
    ends = [100 * (points[end] - points["top1"]) for end in ("top1_min", "top1_max")]
    return 100 * pd.concat([points["top1"]] * 2), pd.concat(ends), "lowest and highest seed"


def _names(spread: SeedSpread) -> list[Label]:
    wide = spread.points["top1_max"] - spread.points["top1_min"]
    named = spread.points.loc[wide.sort_values(ascending=False, kind="stable").index[:_NAMED]]
    at = spread.points["resolution"].nunique() > 1
    several = spread.points["epochs"].nunique() > 1
    apart = telling(spread.points)
    return [
        Label(
            model_name(row, at) + what_tells(row, apart) + (f", {row['epochs']:g} ep" if several else ""),
            ((100 * row["top1"], 100 * (row["top1_max"] - row["top1"])),),
            style.PALE_INK,
            directions=((0, 1), *LOWER_RIGHT),
        )
        for _, row in named.iterrows()
    ]


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results; published numbers have one seed, so there is nothing to stand behind."""
    spread = spread_of(context.settings)
    if spread.points.empty:
        return Skipped(NAME, spread.sentence)
    notes = [f"{counted(spread.single, 'setting')} with one seed only not shown."] if spread.single else []
    notes += [f"{counted(spread.failed, 'failed trial')} not shown."] if spread.failed else []
    each = every_seed(context.frame, spread.points)
    widest = f"the {_NAMED} of {len(spread.points)} that spread most" if len(spread.points) > _NAMED else "all settings"
    named = f"Named: {widest}, where there is room."
    return FigureSpec(
        name=NAME,
        title="How far do seeds of one and the same setting lie apart?",
        shows="The seeds of each setting about its mean, over the pooled standard deviation of seeds and "
        "the binomial error of one accuracy.",
        concludes=spread.sentence,
        panels=(lambda axes: seed_spread(spread, axes, each),),
        notes=(f"{named} Lines: from the lowest to the highest seed.", *notes),
        size=(7.6, 4.2),
    )
