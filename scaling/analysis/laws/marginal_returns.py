"""What a little more of each factor buys for the same cost, by a joint law of error and of cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scaling.analysis.laws.joint import Joint
from scaling.analysis.laws.response_surface import Surface
from scaling.analysis.uncertainty import Estimate, Floats, estimate
from scaling.results.columns import METRICS

SURE = 0.95
"""Chance to be the best from which on a factor is named."""

_FREE = 0.05
"""Slope of a cost up to which a factor costs nothing, and is not ranked."""

_LEAST_PRICE = 1e-3


@dataclass(frozen=True)
class Payoff:
    """One factor at one point.

    Attributes:
        factor: `depth`, `width`, `resolution` or `epochs`.
        error_slope: d log(error) / d log(factor).
        cost_slope: d log(cost) / d log(factor).
        per_percent: their ratio: percent of error per percent of cost spent on this factor; the least is the best.
        chance_best: that no other factor pays more.
    """

    factor: str
    error_slope: Estimate
    cost_slope: Estimate
    per_percent: Estimate
    chance_best: float


@dataclass(frozen=True)
class Ranking:
    """Which factor pays most at a point, at equal cost.

    Attributes:
        cost: of the metrics table; times epochs where it is one of training (`macs`, `training_ms`).
        at: the point.
        payoffs: from the best; without factors that cost nothing.
        best: the first of them.
        verdict: `holds` if it is the best in 95% of the draws, else `undecided`.
        reason: why there is no ranking; empty where there is one.
    """

    cost: str
    at: dict[str, float]
    payoffs: tuple[Payoff, ...]
    best: str | None
    verdict: Literal["holds", "undecided"]
    reason: str


def rank(joint: Joint, cost: str, at: Mapping[str, float] | None = None) -> Ranking:
    """Ranks the factors by what 1% more cost buys.

    An image's multiply-accumulates and a training step's time are paid once an epoch, so epochs count with slope 1
    there; in a cost that no epoch adds to, such as `params` or `inference_ms`, they are free and not ranked.

    Args:
        joint: as `scaling.analysis.laws.joint.fit_joint` gives it.
        cost: one that it was fitted for.
        at: factors of the point; those not given are at the settings' geometric mean.
    """
    if joint.error is None or cost not in joint.costs:
        reason = joint.reason or f"too few of the settings have their {METRICS[cost].words}"
        return Ranking(cost, {}, (), None, "undecided", reason)
    point = {**joint.error.center, **{name: float((at or {})[name]) for name in joint.factors if name in (at or {})}}
    rows = {name: _slopes(joint.error, joint.costs[cost], cost, name, point) for name in joint.factors}
    paid = {name: row for name, row in rows.items() if row[1] > _FREE}
    ratios = {name: row[2] / row[3] for name, row in paid.items()}
    best = np.argmin(np.column_stack(list(ratios.values())), axis=1) if ratios else np.zeros(0)
    payoffs = [
        Payoff(
            name,
            estimate(row[0], row[2]).reaching_value(),
            estimate(row[1], row[3]).reaching_value(),
            estimate(row[0] / row[1], ratios[name]).reaching_value(),
            float((best == number).mean()),
        )
        for number, (name, row) in enumerate(paid.items())
    ]
    payoffs.sort(key=lambda payoff: payoff.per_percent.value)
    if len(payoffs) < 2:
        return Ranking(
            cost, point, tuple(payoffs), None, "undecided", "a ranking needs two factors that cost something"
        )
    verdict: Literal["holds", "undecided"] = "holds" if payoffs[0].chance_best >= SURE else "undecided"
    return Ranking(cost, point, tuple(payoffs), payoffs[0].factor, verdict, "")


def _slopes(
    error: Surface, paid: Surface, cost: str, factor: str, at: Mapping[str, float]
) -> tuple[float, float, Floats, Floats]:
    """Slopes of error and of cost, and their draws."""
    slope, slopes = error.slope(factor, at)
    if factor == "epochs":
        once = float(METRICS[cost].each_epoch)
        return slope, once, slopes, np.full(len(slopes), once)
    price, prices = paid.slope(factor, at)
    # Where a cost hardly rises with a factor, some draws have it fall, and what then is bought for less is bought free.
    return slope, price, slopes, np.fmax(prices, _LEAST_PRICE)
