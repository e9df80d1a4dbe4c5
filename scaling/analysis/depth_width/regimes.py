"""Depth against width at equal cost, and how the answer moves with training time (the paper's Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.comparability import comparable, cost_metric
from scaling.analysis.depth_width.arm_curves import Drawn, drawn, shared_range
from scaling.analysis.depth_width.arms import Arm, find_arms
from scaling.analysis.depth_width.overfitting import Growth, growth, last_step
from scaling.analysis.depth_width.rank_transfer import Ranking, rankings
from scaling.analysis.uncertainty import Estimate, affordable, flips_at, jointly, seed_noise_assumed, with_noise
from scaling.analysis.wording import at_chance, counted
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
        draws: number of repetitions that intervals rest on. Those of cells, regimes and the shift hold all at
            once in 90% of studies, and so do those of the arms' last steps.

    Raises:
        MixedConditionsError: if devices, precisions, batch sizes, data or validation images differ.
        UserError: if there is no such cost.
    """
    metric = cost_metric(cost)
    settings = comparable(settings, cost).reset_index(drop=True)
    arms = find_arms(settings)
    draws = affordable(draws, len(settings))
    top1, compared, said = _said(settings, metric, arms, draws)
    flips: list[str] = []
    if settings["seed_noise"].eq("assumed").any():
        quiet = _said(with_noise(settings, 0.0), metric, arms, draws)[-1]
        flips = ["; ".join(_flips(said, quiet, float(settings["seed_sd"].median())))]
    steps = _Statements([last_step(arm, settings, top1) for arm in arms])
    ordered_regimes = tuple(
        _regime(epochs, compared, said) for epochs in sorted({each.cell.epochs for each in compared})
    )
    shift = said[_SHIFT]
    return Regimes(
        cost=metric,
        settings=settings,
        regimes=ordered_regimes,
        shift=shift,
        towards=_ahead(shift),
        growth=tuple(growth(arm, settings, steps[arm]) for arm in arms),
        top1=top1,
        notes=(*_notes(settings, metric, [each.cell for each in compared]), *filter(None, flips)),
    )


def _said(
    settings: pd.DataFrame, cost: Column, arms: Sequence[Arm], draws: int
) -> tuple[uncertainty.Floats, list[_Compared], _Statements]:
    """Accuracies redrawn, the cells, and all statements."""
    random = np.random.default_rng(0)
    top1 = uncertainty.draw_top1(settings, draws, random)
    costs = uncertainty.draw_cost(settings, cost.name, draws, random)
    curves = {arm: drawn(arm, settings, cost, top1, costs) for arm in arms}
    compared = [_compared(width, depth, curves, cost) for width, depth in _partners(arms)]
    return top1, compared, _Statements([*_advantages(compared)])


def _flips(said: _Statements, quiet: _Statements, seed_sd: float) -> Iterator[str]:
    """At what noise between seeds each verdict on a regime, and on what longer training changes, would change."""
    for key in said:
        if isinstance(key, tuple):
            continue
        of = "what longer training changes" if key == _SHIFT else counted(key, "epoch")
        at = flips_at(0.0, said[key], quiet[key], seed_sd)
        if at is not None:
            would_be = "decided with less" if _ahead(said[key]) == "undecided" else "undecided with more"
            yield f"{of}: {would_be} than {100 * at:.2f} points between seeds"


def _partners(arms: Sequence[Arm]) -> Iterator[tuple[Arm, Arm]]:
    """Each width arm with the depth arm that begins at the same point."""
    depths = {(arm.rows[0], arm.epochs): arm for arm in arms if arm.axis == "depth"}
    for width in arms:
        if width.axis == "width" and (width.rows[0], width.epochs) in depths:
            yield width, depths[width.rows[0], width.epochs]


class _Compared(NamedTuple):
    """A cell without its verdict, and its advantage as measured and redrawn, `(1 + draws,)`; empty if there is none."""

    cell: Cell
    advantage: uncertainty.Floats


_SHIFT = "shift"
"""Key of what longer training changes. A regime's is its number of epochs, a cell's its arms."""


class _Statements:
    """All that is said of a study, bounded together: estimates by key, unknown for what nothing is said of."""

    def __init__(self, said: Sequence[tuple[object, uncertainty.Floats]]) -> None:
        known = {key: values for key, values in said if values.size}
        values = np.array([*known.values()])
        estimates = jointly(values[:, 0], values[:, 1:].T) if known else []
        self._estimates = dict(zip(known, estimates, strict=True))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._estimates)

    def __getitem__(self, key: object) -> Estimate:
        return self._estimates.get(key, Estimate(np.nan, np.nan, np.nan))


def _compared(width: Arm, depth: Arm, curves: dict[Arm, Drawn], cost: Column) -> _Compared:
    shared = shared_range(curves[width], curves[depth])
    unknown = Estimate(np.nan, np.nan, np.nan)
    if shared is None:
        none = pd.DataFrame(columns=[cost.name, "width", "depth", "low", "high"], dtype=float)
        cell = Cell(width.resolution, width.epochs, width, depth, None, unknown, "undecided", none)
        return _Compared(cell, np.array([]))
    at = np.linspace(np.log(shared[0]), np.log(shared[1]), NODES)
    wide, deep = curves[width].at(at), curves[depth].at(at)
    difference = wide - deep
    ends = zip(*((said.low, said.high) for said in jointly(difference[0], difference[1:])), strict=True)
    line = dict(zip((cost.name, "width", "depth", "low", "high"), (np.exp(at), wide[0], deep[0], *ends), strict=True))
    cell = Cell(width.resolution, width.epochs, width, depth, shared, unknown, "undecided", pd.DataFrame(line))
    return _Compared(cell, difference.mean(axis=1))


def _advantages(compared: Sequence[_Compared]) -> Iterator[tuple[object, uncertainty.Floats]]:
    """Of each cell, each regime, and the longest regime over the shortest."""
    by_regime: dict[int, dict[int, uncertainty.Floats]] = {}
    for cell, advantage in compared:
        yield (cell.width, cell.depth), advantage
        if advantage.size:
            by_regime.setdefault(cell.epochs, {})[cell.resolution] = advantage
    for epochs, cells in by_regime.items():
        yield epochs, _mean(list(cells.values()))
    if len(by_regime) > 1:
        short, long = by_regime[min(by_regime)], by_regime[max(by_regime)]
        yield _SHIFT, _mean([long[resolution] - short[resolution] for resolution in sorted(short.keys() & long.keys())])


def _regime(epochs: int, compared: Sequence[_Compared], said: _Statements) -> Regime:
    own = [cell for cell, _ in compared if cell.epochs == epochs]
    estimates = [said[cell.width, cell.depth] for cell in own]
    cells = tuple(
        replace(cell, advantage=advantage, verdict=_ahead(advantage))
        for cell, advantage in zip(own, estimates, strict=True)
    )
    advantage = said[epochs]
    ahead = (sum(c.advantage.value > 0 for c in cells), sum(c.advantage.value < 0 for c in cells))
    decided = (sum(c.verdict == "width" for c in cells), sum(c.verdict == "depth" for c in cells))
    sentence = _sentence(epochs, len(cells), advantage, ahead, decided)
    return Regime(epochs, cells, advantage, _ahead(advantage), ahead, decided, sentence)


def _mean(rows: Sequence[uncertainty.Floats]) -> uncertainty.Floats:
    return np.mean(rows, axis=0) if rows else np.array([])


def _ahead(advantage: Estimate) -> Ahead:
    return cast(Ahead, advantage.side_of(0.0, "width", "depth"))


def _sentence(epochs: int, cells: int, advantage: Estimate, ahead: tuple[int, int], decided: tuple[int, int]) -> str:
    if np.isnan(advantage.value):
        return f"{counted(epochs, 'epoch')}: at no resolution do both arms reach the same cost."
    arm, other = ("width", "depth") if advantage.value > 0 else ("depth", "width")
    ends = sorted(100 * end * np.sign(advantage.value or 1.0) for end in (advantage.low, advantage.high))
    sure = "" if advantage.side_of(0, "y", "y") == "y" else ", which is inconclusive"
    lead = f"{abs(100 * advantage.value):.2f} points (90%: {ends[0]:.2f} to {ends[1]:.2f})"
    said = f"{counted(epochs, 'epoch')}: {arm} leads {other} by {lead}{sure}."
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
            yield f"{counted(cell.epochs, 'epoch')} at {cell.resolution}: the arms share no range of {cost.words}"
    if assumed := seed_noise_assumed(settings):
        yield assumed
    yield from at_chance(settings)
    if failed := int(settings["failed"].sum()):
        yield f"{failed} failed trials are in no arm"
    if unmeasured := int((settings["top1"].notna() & settings[cost.name].isna()).sum()):
        yield f"{unmeasured} settings have an accuracy but no {cost.words}"
