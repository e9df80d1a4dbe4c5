"""Depth against width at equal cost, and how the answer moves with training time (the paper's Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.comparability import comparable, cost_metric
from scaling.analysis.depth_width.arm_curves import Drawn, drawn, shared_range
from scaling.analysis.depth_width.arms import Arm, find_arms
from scaling.analysis.depth_width.overfitting import Growth, growth
from scaling.analysis.depth_width.rank_transfer import Ranking, rankings
from scaling.analysis.uncertainty import Estimate, affordable, estimate
from scaling.analysis.wording import counted
from scaling.results.columns import Column

Ahead: TypeAlias = Literal["width", "depth", "undecided"]
DRAWS = 1000
NODES = 33
"""Costs, evenly apart in their logarithm, over which an advantage is averaged."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One resolution in one regime.

    Attributes:
        resolution, epochs: which.
        width, depth: the arms; they share their first point.
        shared: the costs that both reach; None where there are none.
        advantage: mean accuracy of the width arm less the depth arm's over `shared` (fractions, by log cost).
        verdict: the arm surely ahead, if one is.
        curve: columns of the cost's name, `width`, `depth`, `low`, `high` (of their difference), over `shared`.
    """

    resolution: int
    epochs: int
    width: Arm
    depth: Arm
    shared: tuple[float, float] | None
    advantage: Estimate
    verdict: Ahead
    curve: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Regime:
    """All resolutions of one number of epochs.

    Attributes:
        epochs: the regime.
        cells: by resolution.
        advantage: mean of theirs, each cell alike.
        verdict: of `advantage`.
        ahead: number of cells in which width, and in which depth, is ahead in direction, sure or not.
        decided: number of cells with a verdict for width, and for depth.
        sentence: what one may conclude.
    """

    epochs: int
    cells: tuple[Cell, ...]
    advantage: Estimate
    verdict: Ahead
    ahead: tuple[int, int]
    decided: tuple[int, int]
    sentence: str


@dataclass(frozen=True, eq=False)
class Regimes:
    """What a study says of depth and width.

    Attributes:
        cost: of the metrics table.
        settings: all that were given, indexed from 0; the arms' `rows` are positions in it.
        regimes: by number of epochs.
        shift: width's advantage in the longest regime less that in the shortest, over the resolutions of both.
        towards: the arm that longer training surely favours, if one.
        growth: what each arm's largest points say of overfitting.
        top1: `(draws, settings)`, the accuracies redrawn that the intervals rest on.
        notes: what could not be compared; why there is no answer, where there is none.
    """

    cost: Column
    settings: pd.DataFrame
    regimes: tuple[Regime, ...]
    shift: Estimate
    towards: Ahead
    growth: tuple[Growth, ...]
    top1: uncertainty.Floats
    notes: tuple[str, ...]

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """Whether short training predicts the order after long training."""
        return tuple(rankings(self.settings, self.top1))


def regimes(settings: pd.DataFrame, cost: str = "training_ms", draws: int = DRAWS) -> Regimes:
    """Compares the width arms with the depth arms, regime by regime.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: a metric of `METRICS` of which less is better.
        draws: number of repetitions that intervals (90%) rest on.

    Raises:
        MixedConditionsError: if devices, precisions, batch sizes, data or validation images differ.
        UserError: if there is no such cost.
    """
    metric = cost_metric(cost)
    settings = comparable(settings, cost).reset_index(drop=True)
    draws = affordable(draws, len(settings))
    random = np.random.default_rng(0)
    top1 = uncertainty.draw_top1(settings, draws, random)
    costs = uncertainty.draw_cost(settings, cost, draws, random)
    arms = find_arms(settings)
    curves = {arm: drawn(arm, settings, metric, top1, costs) for arm in arms}
    compared = [_compared(width, depth, curves, metric) for width, depth in _partners(arms)]
    found = tuple(_regime(epochs, compared) for epochs in sorted({cell.epochs for cell, _ in compared}))
    shift = _shift(found, compared)
    return Regimes(
        cost=metric,
        settings=settings,
        regimes=found,
        shift=shift,
        towards=_ahead(shift),
        growth=tuple(growth(arm, settings, top1) for arm in arms),
        top1=top1,
        notes=tuple(_notes(settings, metric, [cell for cell, _ in compared])),
    )


def _partners(arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    """Each width arm with the depth arm that begins at the same point."""
    depths = {(arm.rows[0], arm.epochs): arm for arm in arms if arm.axis == "depth"}
    for width in arms:
        if width.axis == "width" and (width.rows[0], width.epochs) in depths:
            yield width, depths[width.rows[0], width.epochs]


_Compared: TypeAlias = tuple[Cell, uncertainty.Floats]
"""A cell and its advantage redrawn, `(draws,)`."""


def _compared(width: Arm, depth: Arm, curves: dict[Arm, Drawn], cost: Column) -> _Compared:
    shared = shared_range(curves[width], curves[depth])
    if shared is None:
        none = pd.DataFrame(columns=[cost.name, "width", "depth", "low", "high"], dtype=float)
        unknown = Estimate(np.nan, np.nan, np.nan)
        return Cell(width.resolution, width.epochs, width, depth, None, unknown, "undecided", none), np.array([])
    at = np.linspace(np.log(shared[0]), np.log(shared[1]), NODES)
    wide, deep = curves[width].at(at), curves[depth].at(at)
    difference = wide - deep
    low, high = np.quantile(difference[1:], [0.05, 0.95], axis=0)
    line = {cost.name: np.exp(at), "width": wide[0], "depth": deep[0], "low": low, "high": high}
    means = difference.mean(axis=1)
    found = estimate(means[0], means[1:])
    cell = Cell(width.resolution, width.epochs, width, depth, shared, found, _ahead(found), pd.DataFrame(line))
    return cell, means


def _regime(epochs: int, compared: Sequence[_Compared]) -> Regime:
    own = [(cell, means) for cell, means in compared if cell.epochs == epochs]
    cells = tuple(cell for cell, _ in own)
    pooled = _mean([means for cell, means in own if cell.shared])
    found = estimate(pooled[0], pooled[1:]) if pooled.size else Estimate(np.nan, np.nan, np.nan)
    ahead = (sum(c.advantage.value > 0 for c in cells), sum(c.advantage.value < 0 for c in cells))
    decided = (sum(c.verdict == "width" for c in cells), sum(c.verdict == "depth" for c in cells))
    sentence = _sentence(epochs, len(cells), found, ahead, decided)
    return Regime(epochs, cells, found, _ahead(found), ahead, decided, sentence)


def _shift(found: Sequence[Regime], compared: Sequence[_Compared]) -> Estimate:
    if len(found) < 2:
        return Estimate(np.nan, np.nan, np.nan)
    ends = [
        {cell.resolution: means for cell, means in compared if cell.epochs == regime.epochs and cell.shared}
        for regime in (found[0], found[-1])
    ]
    both = ends[0].keys() & ends[1].keys()
    change = _mean([ends[1][resolution] - ends[0][resolution] for resolution in sorted(both)])
    return estimate(change[0], change[1:]) if change.size else Estimate(np.nan, np.nan, np.nan)


def _mean(rows: Sequence[uncertainty.Floats]) -> uncertainty.Floats:
    return np.mean(rows, axis=0) if rows else np.array([])


def _ahead(advantage: Estimate) -> Ahead:
    return cast(Ahead, advantage.side_of(0.0, "width", "depth"))


def _sentence(epochs: int, cells: int, found: Estimate, ahead: tuple[int, int], decided: tuple[int, int]) -> str:
    if np.isnan(found.value):
        return f"{counted(epochs, 'epoch')}: at no resolution do both arms reach the same cost."
    points = found.scaled(100)
    arm = "width" if found.value > 0 else "depth"
    sure = "" if found.side_of(0, "y", "y") == "y" else ": inconclusive"
    interval = f"{abs(points.value):.2f} points (width minus depth, 90%: {points.low:+.2f} to {points.high:+.2f})"
    said = f"{counted(epochs, 'epoch')}: {arm} leads by {interval}{sure}."
    if cells < 2:
        return said
    counts = (
        f"{name} leads at {n} (surely at {m})" for name, n, m in zip(("width", "depth"), ahead, decided, strict=True)
    )
    return f"{said} Of {cells} resolutions, {' and '.join(counts)}."


def _notes(settings: pd.DataFrame, cost: Column, cells: Sequence[Cell]) -> Iterator[str]:
    if not cells:
        yield "no resolution has both a depth arm and a width arm from the same point"
    for cell in cells:
        if cell.shared is None:
            yield f"{counted(cell.epochs, 'epoch')} at {cell.resolution}: the arms share no range of {cost.name}"
    if failed := int(settings["failed"].sum()):
        yield f"{failed} failed trials are in no arm"
    if unmeasured := int((settings["top1"].notna() & settings[cost.name].isna()).sum()):
        yield f"{unmeasured} settings have an accuracy but no {cost.name}"
