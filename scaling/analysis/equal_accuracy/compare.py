"""Two families at equal accuracy: how many times less one of them costs (the paper's Figures 1 and 4, Table 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.comparability import comparable, conditions, cost_metric
from scaling.analysis.equal_accuracy import wording
from scaling.analysis.equal_accuracy.bands import Band as Band
from scaling.analysis.equal_accuracy.bands import Crossover as Crossover
from scaling.analysis.equal_accuracy.bands import band_edges, crossings, summary
from scaling.analysis.equal_accuracy.cost_curve import CLEARLY, contenders, curve, knots
from scaling.analysis.settings import SETTING
from scaling.analysis.uncertainty import LEVEL, Floats, affordable
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import Column

DRAWS = 400
NODES = 9
"""Accuracies within a band at which the curves are read."""
_SORTED = 10
"""Times the work of a point that is only drawn: here each draw is sorted and fitted anew."""
_NEVER = 3 * CLEARLY
"""Standard deviations of a difference that no redrawing turns round."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared.

    Attributes:
        name: the group's, such as a family's.
        points: its settings with an accuracy and the cost; `top1_sd` is the standard deviation of `top1`.
        front: those that no other of them clearly dominates, by cost; the curve rests on them.
        curve: `top1` and the cost of the knots of its rising curve, ascending.
        failed: number of its trials that failed.
        unmeasured: number of its settings with an accuracy but without the cost.
    """

    name: str
    points: pd.DataFrame
    front: pd.DataFrame
    curve: pd.DataFrame
    failed: int
    unmeasured: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """How many times less `of` costs than `over` at equal accuracy.

    Attributes:
        of, over: the two sides.
        cost: of the metrics table.
        covered: accuracies (fractions) that both reach by their measured points; None where there are none.
        overall: geometric mean over `covered`.
        bands: the same, band by band.
        crossovers: where the one that costs less becomes the other; none in the range tested, if empty.
        curve: columns `accuracy`, `speedup`, `low`, `high`, over `covered`.
        sentence: what one may conclude, or why nothing.
    """

    of: Side
    over: Side
    cost: Column
    covered: tuple[float, float] | None
    overall: Band | None
    bands: tuple[Band, ...]
    crossovers: tuple[Crossover, ...]
    curve: pd.DataFrame
    sentence: str


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Every two groups of the settings compared.

    Attributes:
        cost: of the metrics table.
        by: the column that tells the groups.
        conditions: what all that was compared has in common, by column.
        pairs: one an unordered pair; the name that comes later in the alphabet over the earlier one.
        notes: what a reader has to know beside: what is missing, taken as exact or differs.
    """

    cost: Column
    by: str
    conditions: dict[str, str]
    pairs: tuple[Comparison, ...]
    notes: tuple[str, ...]


def compare(settings: pd.DataFrame, cost: str = "training_ms", by: str = "family", draws: int = DRAWS) -> Comparisons:
    """Compares the groups of the settings at equal accuracy.

    Each group's logarithm of cost is a monotone function of accuracy (see `cost_curve` beside this module); their
    difference is read between the accuracies that both reach. Intervals (90%) are of accuracies and costs redrawn
    within their noise, everything else computed anew.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: a metric of `METRICS` of which less is better.
        by: a column of the settings: `family`, `study`, `epochs`, ...
        draws: number of repetitions that intervals rest on.

    Raises:
        MixedConditionsError: if devices, precisions, batch sizes, data or validation images differ.
        UserError: if there is no such cost or column.
    """
    metric = cost_metric(cost)
    if by not in SETTING:
        raise UserError(f"cannot compare by {by!r}{did_you_mean(by, SETTING)}")
    settings = comparable(settings, cost)
    draws = affordable(draws, _SORTED * len(settings))
    sides = [_side(_name(name), rows, metric) for name, rows in settings.groupby(by, sort=True)]
    pairs = tuple(_compared(later, earlier, metric, draws) for earlier, later in combinations(sides, 2))
    return Comparisons(metric, by, conditions(settings, cost), pairs, tuple(_notes(sides, metric, by)))


def _name(group: object) -> str:
    """Whole numbers, as of epochs, without a point."""
    return f"{group:g}" if isinstance(group, float) else str(group)


def _side(name: str, rows: pd.DataFrame, metric: Column) -> Side:
    known = rows[metric.name] > 0
    right = rows["top1"].notna()
    points = rows[known & right].sort_values([metric.name, "top1"], kind="stable")
    cost, top1, spread = _columns(points, metric)
    kept = contenders(cost, top1, spread)
    accuracies, logs = knots(np.log(cost[kept]), top1[kept], spread[kept])
    failed, unmeasured = int(rows["failed"].sum()), int((right & ~known).sum())
    made = pd.DataFrame({"top1": accuracies, metric.name: np.exp(logs)})
    return Side(name, points, points.iloc[kept], made, failed, unmeasured)


def _compared(of: Side, over: Side, cost: Column, draws: int) -> Comparison:
    nothing = pd.DataFrame(columns=["accuracy", "speedup", "low", "high"], dtype=float)
    if reason := _no_answer(of, over):
        return Comparison(of, over, cost, None, None, (), (), nothing, reason)
    low, high = _shared(of, over)
    edges = band_edges(low, high)
    at = np.concatenate([np.linspace(a, b, NODES) for a, b in pairwise(edges)])
    random = np.random.default_rng(0)
    logs = _measured(over, cost, at) - _measured(of, cost, at)
    drawn = _redrawn(over, cost, at, draws, random) - _redrawn(of, cost, at, draws, random)
    parts = [slice(start, start + NODES) for start in range(0, len(at), NODES)]
    bands = tuple(summary(at[part], logs[part], drawn[:, part]) for part in parts)
    overall = summary(at, logs, drawn)
    ends = np.exp(np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0))
    line = pd.DataFrame({"accuracy": at, "speedup": np.exp(logs), "low": ends[0], "high": ends[1]})
    once = ~line["accuracy"].duplicated().to_numpy()
    crossovers = tuple(crossings(at[once], logs[once], drawn[:, once]))
    sentence = wording.comparison((of.name, over.name), cost, overall, bands, crossovers)
    return Comparison(of, over, cost, (low, high), overall, bands, crossovers, line[once], sentence)


def _shared(of: Side, over: Side) -> tuple[float, float]:
    tops = [side.curve["top1"] for side in (of, over)]
    return max(float(top1.iloc[0]) for top1 in tops), min(float(top1.iloc[-1]) for top1 in tops)


def _no_answer(of: Side, over: Side) -> str | None:
    for side in (of, over):
        if side.points.empty:
            return f"{side.name} has no setting with both an accuracy and the cost"
        if len(side.curve) < 2:
            many = "one point" if len(side.points) == 1 else f"{len(side.points)} points that do not rise with cost"
            return f"{side.name} has {many}: no curve to read a cost from"
    low, high = _shared(of, over)
    if low < high:
        return None
    reach = (f"{s.name} {s.curve['top1'].iloc[0]:.1%} to {s.curve['top1'].iloc[-1]:.1%}" for s in (of, over))
    return "no accuracy that both reach: " + ", ".join(reach)


def _log_cost(cost: Floats, top1: Floats, spread: Floats, at: Floats) -> Floats:
    """Logarithms of the cost at these accuracies; NaN where the points make no rising curve."""
    kept = contenders(cost, top1, spread)
    accuracies, logs = knots(np.log(cost[kept]), top1[kept], spread[kept])
    return curve(accuracies, logs)(at) if len(logs) > 1 else np.full(len(at), np.nan)


def _measured(side: Side, cost: Column, at: Floats) -> Floats:
    return _log_cost(*_columns(side.points, cost), at)


def _redrawn(side: Side, cost: Column, at: Floats, draws: int, random: np.random.Generator) -> Floats:
    """`(draws, accuracies)`: what `_measured` might as well have been."""
    near = side.points.iloc[contenders(*_columns(side.points, cost), clearly=_NEVER)]
    _, top1, spread = _columns(near, cost)
    costs = uncertainty.draw_cost(near, cost.name, draws, random)
    drawn = top1 + spread * random.standard_normal((draws, len(near)))
    return np.array([_log_cost(c, a, spread, at) for c, a in zip(costs, drawn, strict=True)])


def _columns(points: pd.DataFrame, cost: Column) -> tuple[Floats, Floats, Floats]:
    return points[cost.name].to_numpy(float), points["top1"].to_numpy(float), points["top1_sd"].to_numpy(float)


def _notes(sides: Sequence[Side], cost: Column, by: str) -> Iterator[str]:
    if len(sides) < 2:
        yield f"nothing to compare: {len(sides)} group by {by}" + "".join(f" ({side.name})" for side in sides)
    for side in sides:
        yield from wording.missing(side.name, side.failed, side.unmeasured, cost)
    if sides:
        yield from wording.cautions(pd.concat([side.points for side in sides]), cost)
    if by != "epochs":
        yield from wording.differing_epochs((side.name, side.points) for side in sides)
