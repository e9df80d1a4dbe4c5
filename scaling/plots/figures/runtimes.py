"""Time of inference with the training framework against time with what networks are deployed with."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scaling.analysis.comparability import MixedConditionsError
from scaling.analysis.runtimes import RuntimeRanks, runtime_ranks
from scaling.models.names import title
from scaling.plots.context import Context
from scaling.plots.kit import style
from scaling.plots.kit.axes import set_log_axis
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.labels import Label, name
from scaling.plots.kit.point_names import model_name
from scaling.wording import counted

NAME = "runtimes"
TABLES: tuple[str, ...] = ()
UNPUBLISHED = "no published times are of a deployment runtime"
_DRAWN = 6
"""Pairs that change places and are joined by a line: the clearest."""


def runtime_panel(ranks: RuntimeRanks, axes: Axes) -> Axes:
    """Draws each network at both of its times, and joins those that change places.

    Args:
        ranks: of one runtime.
        axes: an empty panel.
    """
    points = ranks.points
    for place, flip in enumerate(ranks.flips[:_DRAWN]):
        pair = points.loc[[flip.first, flip.second]]
        label = "these two change places" if not place else "_next"
        axes.plot(pair["keras_ms"], pair["runtime_ms"], color=style.VERMILLION, linewidth=1.2, zorder=1.5, label=label)
    _proportional(points, ranks.title, axes)
    for family in sorted(set(points["family"])):
        rows, color = points[points["family"] == family], style.family_color(family)
        axes.errorbar(
            rows["keras_ms"],
            rows["runtime_ms"],
            yerr=_bars(rows, "runtime"),
            xerr=_bars(rows, "keras"),
            fmt=style.family_marker(family),
            color=color,
            ecolor=style.pale(color),
            markeredgecolor="white",
            markersize=7,
            label=title(family),
            zorder=3,
        )
    set_log_axis(axes, "x", "Time per inference step with Keras (ms)", points["keras_ms"])
    set_log_axis(axes, "y", f"Time per inference step with {ranks.title} (ms)", points["runtime_ms"])
    name(axes, _names(points))
    return axes


def _bars(rows: pd.DataFrame, own: str) -> np.ndarray:
    """How far the ends of intervals lie below and above."""
    ends = [rows[f"{own}_ms"] - rows[f"{own}_low"], rows[f"{own}_high"] - rows[f"{own}_ms"]]
    return np.array(ends).clip(min=0)


def _proportional(points: pd.DataFrame, runtime: str, axes: Axes) -> None:
    """Where all networks would stand if the runtime were so many times as fast for each."""
    ratio = float(np.median(points["runtime_ms"] / points["keras_ms"]))
    ends = np.array([points["keras_ms"].min(), points["keras_ms"].max()])
    label = "as much faster as the median network"
    axes.plot(ends, ends * ratio, linestyle="--", color=style.GREY, linewidth=1.2, label=label, zorder=1)
    axes.set_title(f"{runtime}: {1 / ratio:.2g} times as fast (median)")


def _names(points: pd.DataFrame) -> list[Label]:
    at = points["resolution"].nunique() > 1
    return [
        Label(model_name(row, at), ((row["keras_ms"], row["runtime_ms"]),), style.family_color(row["family"]))
        for _, row in points.iterrows()
    ]


def spec(context: Context) -> FigureSpec | Skipped:
    """The figure of these results."""
    try:
        all_ranks = runtime_ranks(context.settings)
    except MixedConditionsError as error:
        return Skipped(NAME, str(error))
    if not all_ranks:
        return Skipped(NAME, "inference was timed with Keras alone (latency.runtimes in a study)")
    batch, device = (context.settings[f"inference_{what}"].dropna().iloc[0] for what in ("batch_size", "device"))
    return FigureSpec(
        name=NAME,
        title="Does the fastest network stay the fastest where it is deployed?",
        shows="Time of inference with Keras and with each runtime, a point a network; below the dashed line are those "
        "that the runtime helps more than most.",
        concludes=" ".join(ranks.sentence for ranks in all_ranks),
        panels=tuple(partial(runtime_panel, ranks) for ranks in all_ranks),
        notes=(
            f"{len(all_ranks[0].points)} networks, {counted(batch, 'image')} a step, on {device}.",
            "Bars are 95% intervals of the median.",
        ),
        size=(5.2, 4.2),
        scales=("own",) * len(all_ranks),
    )
