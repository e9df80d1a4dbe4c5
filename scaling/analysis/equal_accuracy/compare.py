"""Two families at equal accuracy: how many times less one of them costs (the paper's Figures 1 and 4, Table 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.comparability import comparable, conditions, cost_metric
from scaling.analysis.equal_accuracy import wording
from scaling.analysis.equal_accuracy.bands import Band as Band
from scaling.analysis.equal_accuracy.bands import Crossover as Crossover
from scaling.analysis.equal_accuracy.bands import band_edges, crossings
from scaling.analysis.equal_accuracy.cost_curve import Curve, contenders, curve, knots, polyline, typical
from scaling.analysis.pareto import front as pareto
from scaling.analysis.settings import Grouping, labels
from scaling.analysis.uncertainty import (
    Estimate,
    Floats,
    affordable,
    estimate,
    flips_at,
    jointly,
    log_ratio,
    seed_noise_of,
    with_noise,
)
from scaling.models.names import title
from scaling.results.columns import Column
from scaling.wording import counted

DRAWS = 400
_TYPICAL_DRAWS = 200
_STUDIES, _REDRAWN_AGAIN = 80, 30
"""Redrawn studies that are concluded from as if they had been measured, and how often each is redrawn for that."""
NODES = 9
"""Accuracies within a band at which the curves are read."""
_SORTED = 10
"""Times the work of a point that is only drawn: here each draw is sorted and fitted anew."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared.

    Attributes:
        name: the group's, such as a family's.
        points: its settings with an accuracy and the cost; `top1_sd` is the standard deviation of `top1`.
        front: those that no other of them dominates, by cost; the curve goes through them.
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
        overall: of the frontiers, the geometric mean over `covered`.
        typical: the same of the families' typical members, all of which count, those behind the front as well; its
            interval is its own.
        bands: of the frontiers, band by band; the intervals of all pairs' `bands` and `overall` hold at once.
        crossovers: where the one that costs less becomes the other; none in the range tested, if empty.
        curve: columns `accuracy`, `speedup`, `low`, `high`, over `covered`; the interval holds along this one curve.
        sentence: what one may conclude, or why nothing.
    """

    of: Side
    over: Side
    cost: Column
    covered: tuple[float, float] | None
    overall: Band | None
    typical: Estimate | None
    bands: tuple[Band, ...]
    crossovers: tuple[Crossover, ...]
    curve: pd.DataFrame
    sentence: str


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Every two groups of the settings compared.

    Attributes:
        cost: of the metrics table.
        by: the name of what tells the groups.
        conditions: what all that was compared has in common, by column.
        pairs: one an unordered pair; the name that comes later in the alphabet over the earlier one.
        notes: what a reader has to know beside: what is missing, taken as exact or differs.
    """

    cost: Column
    by: str
    conditions: dict[str, str]
    pairs: tuple[Comparison, ...]
    notes: tuple[str, ...]


def compare(
    settings: pd.DataFrame, cost: str = "training_ms", by: Grouping = "family", draws: int = DRAWS
) -> Comparisons:
    """Compares the groups of the settings at equal accuracy.

    What is compared is the cost of each group's frontier: the logarithm of the cost of its Pareto-optimal settings is a
    monotone function of accuracy (see `cost_curve` beside this module), read between the accuracies that both reach.
    Intervals are of accuracies and costs redrawn within their noise, everything else computed anew. The best of noisy
    points lie too high, and the more so the more there are; how much more the best of redrawn ones do is taken off.
    That is an estimate too, and a rough one where points lie close behind the front: what it leaves is found by
    concluding from redrawn studies, whose truth is what was measured, in the same way (a double bootstrap; Beran 1987).

    What is said of bands and on the whole, of all pairs of groups, holds at once in 90% of studies, and whether a
    crossover is decided follows from it. By itself holds what is read apart from that: the interval along the curve of
    one pair, at all its accuracies; the place of a crossover; and typical members.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: a metric of `METRICS` of which less is better.
        by: a column of the settings (`family`, `study`, `epochs`, ...) or a label for each of them.
        draws: number of repetitions that intervals rest on.

    Raises:
        MixedConditionsError: if devices, precisions, batch sizes, data or validation images differ.
        UserError: if there is no such cost or column.
    """
    metric = cost_metric(cost)
    groups = labels(settings, by)
    settings = comparable(settings[groups.notna()], cost)
    groups = groups[settings.index].reset_index(drop=True)
    settings = settings.reset_index(drop=True)
    draws = affordable(draws, _SORTED * len(settings))
    sides = [_side(_name(name, by), rows, metric) for name, rows in settings.groupby(groups, sort=True)]
    pairs = tuple(_concluded(sides, settings, metric, draws))
    told_by = str(groups.name)
    return Comparisons(metric, told_by, conditions(settings, cost), pairs, tuple(_notes(sides, metric, told_by)))


class _Redrawn(NamedTuple):
    """`(draws, settings)` accuracies and costs that might as well have been measured."""

    top1: Floats
    cost: Floats


def _name(group: object, by: Grouping) -> str:
    """A number says of which column it is, as in `epochs 9`."""
    if not isinstance(group, int | float):
        return str(group)
    return f"{by.replace('_', ' ')} {group:g}" if isinstance(by, str) else f"{group:g}"


def _side(name: str, rows: pd.DataFrame, metric: Column) -> Side:
    known = rows[metric.name] > 0
    right = rows["top1"].notna()
    points = rows[known & right].sort_values([metric.name, "top1"], kind="stable")
    accuracies, logs = knots(*_columns(points, metric))
    failed, unmeasured = int(rows["failed"].sum()), int((right & ~known).sum())
    front = points[pareto.front(points, metric.name, "top1")]
    made = pd.DataFrame({"top1": accuracies, metric.name: np.exp(logs)})
    return Side(name, points, front, made, failed, unmeasured)


class _Read(NamedTuple):
    """Two sides' curves, read at accuracies that both reach: `parts` of them are the bands.

    `logs` are of the speed-up, less what picking the best of noisy points adds to it; `drawn` are the same redrawn;
    `off` is by how much `logs` of redrawn studies lie above what these were drawn from.
    `typical` are logs of the typical members' speed-up on the whole, as measured and then redrawn.
    Where the two cannot be compared, `reason` says why.
    """

    of: Side
    over: Side
    reason: str | None
    at: Floats
    parts: tuple[slice, ...]
    logs: Floats
    drawn: Floats
    off: Floats
    typical: Floats

    @property
    def statements(self) -> list[slice]:
        """What is said: of each band, and on the whole."""
        return [*self.parts, slice(None)]


def _read_all(sides: Sequence[Side], settings: pd.DataFrame, cost: Column, draws: int) -> list[_Read]:
    random = np.random.default_rng(0)
    top1 = uncertainty.draw_top1(settings, draws, random)
    drawn = _Redrawn(top1, uncertainty.draw_cost(settings, cost.name, draws, random))
    return [_read(later, earlier, cost, drawn) for earlier, later in combinations(sides, 2)]


def _read(of: Side, over: Side, cost: Column, drawn: _Redrawn) -> _Read:
    if reason := _no_answer(of, over, cost):
        none = np.array([])
        return _Read(of, over, reason, none, (), none, none, none, none)
    edges = band_edges(*_shared(of, over))
    at = np.concatenate([np.linspace(a, b, NODES) for a, b in pairwise(edges)])
    logs = _measured(over, cost, at) - _measured(of, cost, at)
    redrawn = _redrawn(over, cost, at, drawn) - _redrawn(of, cost, at, drawn)
    bias = np.nanmedian(redrawn, axis=0) - logs
    parts = tuple(slice(start, start + NODES) for start in range(0, len(at), NODES))
    members = _typical(over, cost, at, drawn) - _typical(of, cost, at, drawn)
    return _Read(of, over, None, at, parts, logs - bias, redrawn - bias, _off(of, over, cost, at, drawn), members)


def _concluded(sides: Sequence[Side], settings: pd.DataFrame, cost: Column, draws: int) -> Iterator[Comparison]:
    """All pairs' statements, bounded together."""
    read = _read_all(sides, settings, cost, draws)
    said = _statements(read)
    noise = seed_noise_of(settings)
    flips: list[float | None] = [None] * len(said)
    if noise.doubtful:
        known, quiet = (
            _statements(_read_all(sides, with_noise(settings, seed_sd), cost, draws)) for seed_sd in (noise.middle, 0.0)
        )
        flips = [flips_at(0.0, *logs, noise.middle) for logs in zip(known, quiet, strict=True)]
    statements = iter(zip(said, flips, strict=True))
    several = sum(pair.reason is None for pair in read) > 1
    for pair in read:
        own = [next(statements) for _ in pair.statements] if pair.reason is None else []
        yield _comparison(pair, own, cost, several)


def _statements(read: Sequence[_Read]) -> list[Estimate]:
    """Logarithms of speed-ups, of each pair in the order of its `statements`."""
    parts = [(pair, part) for pair in read if pair.reason is None for part in pair.statements]
    if not parts:
        return []
    values = np.array([pair.logs[part].mean() for pair, part in parts])
    drawn, off = (
        np.stack([of[:, part].mean(axis=1) for of, part in means], axis=1)
        for means in ([(pair.drawn, part) for pair, part in parts], [(pair.off, part) for pair, part in parts])
    )
    return jointly(values, drawn, off)


def _comparison(
    pair: _Read, statements: Sequence[tuple[Estimate, float | None]], cost: Column, of_all: bool
) -> Comparison:
    """What is said of one pair: the logarithms of its speed-ups, and where each verdict would flip.

    `of_all`: whether other pairs' statements hold together with them.
    """
    of, over, at = pair.of, pair.over, pair.at
    nodes = jointly(pair.logs, pair.drawn)
    line = pd.DataFrame(
        [(accuracy, *vars(log_ratio(logs)).values()) for accuracy, logs in zip(at, nodes, strict=True)],
        columns=["accuracy", "speedup", "low", "high"],
        dtype=float,
    )
    if pair.reason is not None:
        return Comparison(of, over, cost, None, None, None, (), (), line, pair.reason)
    *bands, overall = (Band.over(at[part], *said) for part, said in zip(pair.statements, statements, strict=True))
    once = ~line["accuracy"].duplicated().to_numpy()
    line = line[once]
    crossovers = tuple(crossings(line, pair.drawn[:, once], bands))
    members = log_ratio(estimate(pair.typical[0], pair.typical[1:]).reaching_value())
    sides = [(side.name, side.points) for side in (of, over)]
    sentence = wording.comparison(sides, cost, overall, bands, crossovers, of_all)
    if any(len(side.front) < len(side.points) for side in (of, over)):
        sentence += f" {wording.typical(members)}"
    return Comparison(of, over, cost, _shared(of, over), overall, members, tuple(bands), crossovers, line, sentence)


def _shared(of: Side, over: Side) -> tuple[float, float]:
    tops = [side.curve["top1"] for side in (of, over)]
    return max(float(top1.iloc[0]) for top1 in tops), min(float(top1.iloc[-1]) for top1 in tops)


def _no_answer(of: Side, over: Side, cost: Column) -> str | None:
    for side in (of, over):
        if side.points.empty:
            how = " (`scaling latency` times networks, --cost macs needs no times)" if cost.phase else ""
            return f"{title(side.name)} has no setting with both an accuracy and its {cost.words}{how}"
        if len(side.curve) < 2:
            many = "one point" if len(side.points) == 1 else f"{len(side.points)} points that do not rise with cost"
            return f"{title(side.name)} has {many}: no curve to read a cost from"
    low, high = _shared(of, over)
    if low < high:
        return None
    reach = (f"{title(s.name)} {s.curve['top1'].iloc[0]:.1%} to {s.curve['top1'].iloc[-1]:.1%}" for s in (of, over))
    return "no accuracy that both reach: " + ", ".join(reach)


def _log_cost(cost: Floats, top1: Floats, at: Floats, through: Callable[[Floats, Floats], Curve] = curve) -> Floats:
    """Logarithms of the front's cost at these accuracies; NaN where the points make no rising curve."""
    accuracies, logs = knots(cost, top1)
    return through(accuracies, logs)(at) if len(logs) > 1 else np.full(len(at), np.nan)


def _measured(side: Side, cost: Column, at: Floats) -> Floats:
    return _log_cost(*_columns(side.points, cost), at)


def _redrawn(side: Side, cost: Column, at: Floats, drawn: _Redrawn) -> Floats:
    """`(draws, accuracies)`: what `_measured` might as well have been."""
    spread = side.points["top1_sd"].to_numpy(float)
    near = side.points.index[contenders(*_columns(side.points, cost), spread)]
    return np.array([_log_cost(*of, at) for of in zip(drawn.cost[:, near], drawn.top1[:, near], strict=True)])


def _off(of: Side, over: Side, cost: Column, at: Floats, drawn: _Redrawn) -> Floats:
    """`(studies, accuracies)`: the logs of redrawn studies, corrected as those measured are, less those measured."""
    first, studies, again = (
        a - b for a, b in zip(*(_again(side, cost, at, drawn) for side in (over, of)), strict=True)
    )
    none = np.isnan(again).all(axis=1)
    middle = np.where(none, np.nan, np.nanmedian(np.where(none[:, None], 0.0, again), axis=1))
    return np.asarray(2 * studies - middle - first)


def _again(side: Side, cost: Column, at: Floats, drawn: _Redrawn) -> tuple[Floats, Floats, Floats]:
    """Logs of the front's cost, `(accuracies,)`; of redrawn studies, `(studies, accuracies)`; and of these redrawn.

    The last are `(studies, times, accuracies)`, redrawn by what others of the draws differ from the measured points.
    """
    costs, top1 = _columns(side.points, cost)
    near = contenders(costs, top1, side.points["top1_sd"].to_numpy(float))
    rows, costs, top1 = side.points.index[near], costs[near], top1[near]
    times, more = drawn.cost[:_REDRAWN_AGAIN, rows] / costs, drawn.top1[:_REDRAWN_AGAIN, rows] - top1
    studies = list(zip(drawn.cost[-_STUDIES:, rows], drawn.top1[-_STUDIES:, rows], strict=True))
    again = [
        [_log_cost(its_costs * by, its_top1 + plus, at, polyline) for by, plus in zip(times, more, strict=True)]
        for its_costs, its_top1 in studies
    ]
    lines = np.array([_log_cost(*study, at, polyline) for study in studies])
    return _log_cost(costs, top1, at, polyline), lines, np.array(again)


def _typical(side: Side, cost: Column, at: Floats, drawn: _Redrawn) -> Floats:
    """`(1 + some draws,)` logs of the typical member's cost, averaged over the accuracies."""
    rows, measured = side.points.index, _columns(side.points, cost)
    costs, top1 = (
        np.vstack([first, redrawn[:_TYPICAL_DRAWS, rows]])
        for first, redrawn in zip(measured, (drawn.cost, drawn.top1), strict=True)
    )
    return np.asarray(typical(costs, top1, at).mean(axis=1))


def _columns(points: pd.DataFrame, cost: Column) -> tuple[Floats, Floats]:
    return points[cost.name].to_numpy(float), points["top1"].to_numpy(float)


def _notes(sides: Sequence[Side], cost: Column, by: str) -> Iterator[str]:
    if len(sides) < 2:
        named = "".join(f" ({title(side.name)})" for side in sides)
        what = f"nothing to compare: {counted(len(sides), 'group')} by {by}{named}"
        other = "epochs" if by == "family" else "family"
        yield f"{what}; it takes two, or another column that tells groups apart, such as `--by {other}`"
    for side in sides:
        yield from wording.missing(side.name, side.failed, side.unmeasured, cost)
    if sides:
        yield from wording.cautions(pd.concat([side.points for side in sides]), cost)
        yield from wording.weights((side.name, side.points) for side in sides)
    if by != "epochs":
        yield from wording.differing_epochs((side.name, side.points) for side in sides)
