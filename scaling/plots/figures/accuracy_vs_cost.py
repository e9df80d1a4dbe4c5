"""Accuracy against each cost, a spec each, for any study whatever it asks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from scaling.analysis.depth_width.tradeoff import Tradeoff, tradeoffs
from scaling.models.names import title
from scaling.plots.kit import captions
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.layout import tradeoff_panels
from scaling.plots.kit.point_names import telling, what_tells
from scaling.plots.names import COSTS, MEASURED
from scaling.results.columns import METRICS

_NEAR = 0.01
"""Of accuracy: what is so near the best is said where it costs less."""
_NOTHING = "nothing was trained yet"


def cost_specs(
    settings: pd.DataFrame,
    failures: list[tuple[str, str]],
    others: int = 0,
    costs: Collection[str] = tuple(COSTS),
) -> list[FigureSpec | Skipped]:
    """One spec a cost, or why there is nothing to see.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        failures: trial id and kind of each failed trial.
        others: number of records of other settings, not drawn.
        costs: those of `COSTS` and `MEASURED` that are wanted.
    """
    return [_spec(settings, cost, failures, others) for cost in costs]


def _spec(settings: pd.DataFrame, cost: str, failures: list[tuple[str, str]], others: int) -> FigureSpec | Skipped:
    name = METRICS[cost].label.split(" (")[0].lower()
    regimes = tradeoffs(settings, cost)
    if not any(map(_can_be_seen, regimes)):
        return Skipped((COSTS | MEASURED)[cost], _reason(settings, cost, name))
    if _is_alike(regimes, cost):
        return Skipped((COSTS | MEASURED)[cost], f"all settings have the same {METRICS[cost].words}")
    return FigureSpec(
        name=(COSTS | MEASURED)[cost],
        title=f"How does accuracy rise with {name}?",
        shows=f"Accuracy against {name}, one panel a number of epochs: arms or families, their fronts, failed trials.",
        concludes=" ".join(_best(regime) for regime in regimes),
        panels=tradeoff_panels(regimes),
        notes=tuple(captions.small_print(settings, cost, failures, others)),
        size=(4.6, 3.5),
        scales=("own",) * len(regimes),
    )


def _can_be_seen(regime: Tradeoff) -> bool:
    """Whether it has a point, or a failed trial whose cost is known."""
    return len(regime.points) > 0 or bool(regime.failed[regime.cost.name].notna().any())


def _is_alike(regimes: Sequence[Tradeoff], cost: str) -> bool:
    """Whether several settings have one and the same cost, against which nothing rises."""
    costs = pd.concat([rows[cost] for regime in regimes for rows in (regime.points, regime.failed)]).dropna()
    return len(costs) > len(regimes) and costs.nunique() == 1


def _reason(settings: pd.DataFrame, cost: str, name: str) -> str:
    if settings.empty:
        return _NOTHING
    if settings[cost].notna().any():
        return f"no setting has both an accuracy and its {name}"
    return f"the {name} was not measured for any of these variants"


def _best(regime: Tradeoff) -> str:
    """The best of a regime, what it costs, and what comes close for less."""
    if regime.points.empty:
        return f"{regime_title(regime.epochs)}: no trial has both an accuracy and this cost."
    apart = telling(regime.points)
    best = regime.points.sort_values("top1", kind="stable").iloc[-1]
    ends = f"{best['top1_min']:.1%} to {best['top1_max']:.1%}"
    spread = f" ({ends} over {best['seeds']:g} seeds)" if best["seeds"] > 1 else ""
    reaches = f"the best reaches {best['top1']:.1%}{spread} at {_cost(best, regime)}"
    return f"{regime_title(regime.epochs)}: {reaches}: {_network(best, apart)}{_for_less(best, regime, apart)}."


def _network(point: pd.Series[Any], apart: str) -> str:
    """In full, with what tells it from others of its size."""
    size = f"depth {point['depth']:g}, width {point['width']:g}, resolution {point['resolution']:g}"
    return f"{title(point['family'])}, {size}{what_tells(point, apart)}"


def _cost(point: pd.Series[Any], regime: Tradeoff) -> str:
    """With its unit: `53 ms`, or `6.2 million multiply-accumulates per image`."""
    unit = regime.cost.label.partition(" (")[2].rstrip(")")
    named = f"million {regime.cost.words}" if unit == "millions" else unit or regime.cost.words
    return f"{point[regime.cost.name] * regime.cost.scale:,.3g} {named}"


def _for_less(best: pd.Series[Any], regime: Tradeoff, apart: str) -> str:
    """The cheapest within a point of the best, where that is another."""
    name = regime.cost.name
    near = regime.points[regime.points["top1"] >= best["top1"] - _NEAR]
    cheapest = near.sort_values([name, "top1"], ascending=[True, False], kind="stable").iloc[0]
    if not cheapest[name] < best[name]:
        return ""
    return f"; within {100 * _NEAR:g} point of it for {_cost(cheapest, regime)}: {_network(cheapest, apart)}"
