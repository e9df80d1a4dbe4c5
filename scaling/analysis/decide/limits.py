"""Limits on costs: `inference_ms=5`, `train_hours=12`; what settings cost, measured or predicted, with its doubt."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.analysis.decide.surface import Points, predict
from scaling.analysis.uncertainty import Floats, log_sd
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import METRICS, Column
from scaling.wording import quantity

SECONDS = 3600.0

EXTRA: dict[str, Column] = {
    "train_hours": Column("train_hours", label="Training time (h)", depends_on=METRICS["train_seconds"].depends_on),
    "dollars": Column("dollars", label="Price of the training ($)"),
}
"""Costs that are made from others: see `with_made`."""

COSTS: dict[str, Column] = {name: metric for name, metric in METRICS.items() if not metric.maximize} | EXTRA
"""What may be limited."""

PLANNED = {"train_seconds": "planned_seconds", "train_hours": "planned_hours", "dollars": "planned_dollars"}
"""Costs of a training, and the column that has what its plan says."""

PLANNED_SD = math.log(2) / 1.645
"""Standard deviation of the logarithm of what a plan is wrong by; assumed: with 90% a factor of 2 either way."""

COUNTED = frozenset({"params", "macs", "activations", "memory_gb"})
"""Costs that are known of every network, trained or not."""


@dataclass(frozen=True)
class Limit:
    """The most that something may cost.

    Attributes:
        cost: of `COSTS`.
        most: in its own unit: milliseconds, hours, dollars, numbers.
    """

    cost: Column
    most: float

    def __str__(self) -> str:
        return f"{self.cost.name}={self.most:g}"


def limits_of(texts: Iterable[str]) -> tuple[Limit, ...]:
    """Reads `NAME=NUMBER`; of several for one cost the least counts.

    Raises:
        UserError: for what is no such text, no cost, or no positive number.
    """
    limits: dict[str, Limit] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        if not equals:
            raise UserError(f"--at-most {text}: write NAME=NUMBER, as inference_ms=5")
        if name not in COSTS:
            raise UserError(f"--at-most {text}: no cost named {name!r}{did_you_mean(name, COSTS)}")
        try:
            most = float(number)
        except ValueError:
            most = math.nan
        if not (most > 0 and math.isfinite(most)):
            raise UserError(f"--at-most {text}: {number!r} is no positive number")
        if name not in limits or most < limits[name].most:
            limits[name] = Limit(COSTS[name], most)
    return tuple(limits.values())


def with_made(settings: pd.DataFrame, dollars_per_hour: float = 0.0) -> pd.DataFrame:
    """The settings with the costs of `EXTRA`, where a training was timed, and what plans say of them.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives them.
        dollars_per_hour: of the accelerator; 0: not known.
    """
    price = dollars_per_hour or np.nan
    hours, planned = (settings[name].astype(float) / SECONDS for name in ("train_seconds", "planned_seconds"))
    return settings.assign(
        train_hours=hours, dollars=hours * price, planned_hours=planned, planned_dollars=planned * price
    )


@dataclass(frozen=True, eq=False)
class Priced:
    """One cost of all settings.

    Attributes:
        cost: which.
        value, low, high: `(settings,)`, with its 90% interval; predicted where it was not measured, NaN where nothing
            says it.
        measured: `(settings,)`, whether it was counted or timed.
        planned: whether that of the others is what the plan says; else it is predicted from those that were measured.
        drawn: `(draws, settings)`, what it may be.
    """

    cost: Column
    value: Floats
    low: Floats
    high: Floats
    measured: npt.NDArray[np.bool_]
    planned: bool
    drawn: Floats


def priced(settings: pd.DataFrame, cost: Column, draws: int, random: np.random.Generator) -> Priced:
    """What the settings cost; of those nobody measured, by a surface over the others.

    Of a training's cost there may be no others: then it is what the plan says, within a factor of 2. A plan is wrong by
    about the same factor for all of them.

    Args:
        settings: as `collapse_seeds` gives them, with the columns of `with_made`.
        cost: of `COSTS`.
        draws: how many.
        random: numbers.
    """
    value = np.array(settings[cost.name], dtype=float)
    known = value > 0
    logs = np.log(np.where(known, value, 1.0))
    sd = np.where(known, log_sd(settings, cost), np.nan)
    drawn = np.full((draws, len(value)), np.nan)
    drawn[:, known] = logs[known] + sd[known] * random.standard_normal((draws, int(known.sum())))
    if cost.name not in COUNTED and known.sum() >= 2 and not known.all():
        found = predict(Points.of(settings), np.flatnonzero(known), logs[known], np.fmax(sd[known], 1e-3))
        drawn[:, ~known] = found.draw(draws, random)[:, ~known]
        value[~known] = np.exp(found.mean[~known])
    planned = cost.name in PLANNED and known.sum() < 2 and not known.all()
    if planned:
        guess = settings[PLANNED[cost.name]].to_numpy(float)
        value[~known] = np.where(guess > 0, guess, np.nan)[~known]
        drawn[:, ~known] = np.log(value[~known]) + PLANNED_SD * random.standard_normal((draws, 1))
    with np.errstate(all="ignore"):
        drawn = np.exp(drawn)
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return Priced(cost, value, low, high, known, planned, drawn)


def cheapest(settings: pd.DataFrame, prices: Iterable[tuple[Limit, Priced]]) -> tuple[int, str]:
    """The setting that comes nearest to meeting all limits, and by how much it misses them or why it does not count."""
    pairs = list(prices)
    over = np.stack([price.value / limit.most for limit, price in pairs])
    worst = np.where(np.isnan(over).any(axis=0), np.inf, over.max(axis=0))
    nearest = int(np.argmin(worst))
    missed = [
        f"{limit.cost.name} {quantity(price.value[nearest])}, {price.value[nearest] / limit.most:.3g} times the limit"
        for limit, price in pairs
        if price.value[nearest] > limit.most
    ]
    unknown = [limit.cost.name for limit, price in pairs if np.isnan(price.value[nearest])]
    if missed:
        return nearest, f"with {' and '.join(missed)}"
    if unknown:
        return nearest, f"whose {' and '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not known"
    return nearest, "which meets them as measured, but not surely enough"
