"""Accuracy against each cost, a spec each, for any study whatever it asks."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from scaling.analysis.depth_width.tradeoff import Tradeoff, tradeoffs
from scaling.models.names import title
from scaling.plots.kit import captions
from scaling.plots.kit.accuracy import regime_title
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.layout import tradeoff_panels
from scaling.plots.names import COSTS, MEASURED
from scaling.results.columns import METRICS

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


def _reason(settings: pd.DataFrame, cost: str, name: str) -> str:
    if settings.empty:
        return _NOTHING
    if settings[cost].notna().any():
        return f"no setting has both an accuracy and its {name}"
    return f"the {name} was not measured for any of these variants"


def _best(regime: Tradeoff) -> str:
    if regime.points.empty:
        return f"{regime_title(regime.epochs)}: no trial has both an accuracy and this cost."
    best = regime.points.sort_values("top1", kind="stable").iloc[-1]
    network = (
        f"{title(best['family'])}, depth {best['depth']:g}, width {best['width']:g}, resolution {best['resolution']:g}"
    )
    ends = f"{best['top1_min']:.1%} to {best['top1_max']:.1%}"
    spread = f" ({ends} over {best['seeds']:g} seeds)" if best["seeds"] > 1 else ""
    return f"{regime_title(regime.epochs)}: the best reaches {best['top1']:.1%}{spread}: {network}."
