"""Two ways to grow at equal cost, and how the answer moves with training time (the paper's Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.cautions import about_accuracies
from scaling.analysis.comparability import comparable, cost_metric
from scaling.analysis.depth_width.arm_curves import Drawn, drawn, shared_range
from scaling.analysis.depth_width.arms import WIDTH_AND_DEPTH, Arm, Axes, find_arms, strategy_arms
from scaling.analysis.uncertainty import (
    Estimate,
    affordable,
    flips_at,
    jointly,
    seed_noise_of,
    with_noise,
)
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import Column
from scaling.schema import Variant
from scaling.wording import counted

DRAWS = 1000
OF_TRAINING = ("train_seconds",)
"""Costs of a whole training, which longer training raises."""
NODES = 33
"""Costs, evenly apart in their logarithm, over which an advantage is averaged."""


@dataclass(frozen=True, eq=False)
class Cell:
    """Two arms from one base in one regime.

    Attributes:
        place: what the arms share, such as their resolution, in words.
        epochs: the regime; None where epochs are what one arm grows in.
        of, over: the arms, as width and depth; they share their first point.
        shared: the costs that both reach; None where there are none.
        advantage: mean accuracy of the arm `of` less that of `over`, over `shared` (fractions, by log cost).
        verdict: the axis of the arm surely ahead; `undecided` where neither is.
        curve: columns of the cost's name, the two axes, `low`, `high` (of their difference), over `shared`.
    """

    place: str
    epochs: int | None
    of: Arm
    over: Arm
    shared: tuple[float, float] | None
    advantage: Estimate
    verdict: str
    curve: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Regime:
    """All places of one number of epochs.

    Attributes:
        epochs: the regime; None where epochs are what one arm grows in.
        cells: by place.
        advantage: mean of theirs, each cell alike.
        verdict: of `advantage`.
        ahead: number of cells in which the first axis, and in which the second, is ahead in direction, sure or not.
        decided: number of cells with a verdict for the first, and for the second.
        sentence: what one may conclude.
    """

    epochs: int | None
    cells: tuple[Cell, ...]
    advantage: Estimate
    verdict: str
    ahead: tuple[int, int]
    decided: tuple[int, int]
    sentence: str


@dataclass(frozen=True, eq=False)
class Regimes:
    """What a study says of two ways to grow, such as width and depth.

    Attributes:
        axes: the two; an advantage is the first one's over the second.
        cost: of the metrics table.
        settings: all that were given, indexed from 0; the arms' `rows` are positions in it.
        regimes: by number of epochs.
        shift: the advantage in the longest regime less that in the shortest, over the places of both.
        towards: the arm that longer training surely favours, if one.
        notes: what could not be compared; why there is no answer, where there is none.
    """

    axes: Axes
    cost: Column
    settings: pd.DataFrame
    regimes: tuple[Regime, ...]
    shift: Estimate
    towards: str
    notes: tuple[str, ...]


def regimes(
    settings: pd.DataFrame,
    cost: str = "training_ms",
    draws: int = DRAWS,
    axes: Axes = WIDTH_AND_DEPTH,
    strategies: Mapping[str, Sequence[Variant]] | None = None,
) -> Regimes:
    """Compares the arms of two factors, or of two scaling strategies, regime by regime.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: a metric of `METRICS` of which less is better; where epochs are one of the factors, one of the whole
            training.
        axes: two of `scaling.analysis.depth_width.arms.FACTORS`, or of the strategies.
        strategies: by name, the variants that each made, where the axes are strategies.
        draws: number of repetitions that intervals rest on. Those of cells, regimes and the shift hold all at
            once in 90% of studies.

    Raises:
        MixedConditionsError: if devices, precisions, batch sizes, data or validation images differ.
        UserError: if there is no such cost.
    """
    metric = cost_metric(cost)
    if "epochs" in axes and metric.name not in OF_TRAINING:
        raise UserError(f"{cost} is not of a whole training, which epochs make longer{did_you_mean(cost, OF_TRAINING)}")
    settings = comparable(settings, cost).reset_index(drop=True)
    arms = find_arms(settings, axes) if strategies is None else strategy_arms(settings, strategies)
    draws = affordable(draws, len(settings))
    compared, said = _said(settings, metric, arms, axes, draws)
    flips: list[str] = []
    noise = seed_noise_of(settings)
    if noise.doubtful:
        known, quiet = (
            _said(with_noise(settings, seed_sd), metric, arms, axes, draws)[-1] for seed_sd in (noise.middle, 0.0)
        )
        flips = ["; ".join(_flips(said, known, quiet, noise.middle))]
    epochs_of = {each.cell.epochs for each in compared}
    ordered_regimes = tuple(_regime(epochs, axes, compared, said) for epochs in sorted(epochs_of, key=lambda e: e or 0))
    shift = said[_SHIFT]
    return Regimes(
        axes=axes,
        cost=metric,
        settings=settings,
        regimes=ordered_regimes,
        shift=shift,
        towards=_ahead(shift, axes),
        notes=(*_notes(settings, metric, axes, [each.cell for each in compared]), *filter(None, flips)),
    )


def _said(
    settings: pd.DataFrame, cost: Column, arms: Sequence[Arm], axes: Axes, draws: int
) -> tuple[list[_Compared], _Statements]:
    """The cells, and all statements."""
    random = np.random.default_rng(0)
    top1 = uncertainty.draw_top1(settings, draws, random)
    costs = uncertainty.draw_cost(settings, cost.name, draws, random)
    curves = {arm: drawn(arm, settings, cost, top1, costs) for arm in arms}
    compared = [_compared(of, over, curves, cost) for of, over in partners(arms, axes)]
    return compared, _Statements([*_advantages(compared)])


def _flips(said: _Statements, known: _Statements, quiet: _Statements, seed_sd: float) -> Iterator[str]:
    """At what noise between seeds each verdict on a regime, and on what longer training changes, would change.

    `known`: what would be said if it were known to be `seed_sd`; `quiet`: if there were none.
    """
    for key in said:
        if isinstance(key, tuple):
            continue
        of = "what longer training changes" if key == _SHIFT else _regime_words(key)
        at = flips_at(0.0, known[key], quiet[key], seed_sd)
        if at is not None:
            would_be = "decided with less" if said[key].side_of(0.0, "y", "y") == "undecided" else "undecided with more"
            yield f"{of}: {would_be} than {100 * at:.2f} points between seeds, if that were known"


def partners(arms: Sequence[Arm], axes: Axes) -> Iterator[tuple[Arm, Arm]]:
    """Each arm of the first axis with that of the second that begins at the same point."""
    first, second = axes
    others = {(arm.rows[0], arm.epochs): arm for arm in arms if arm.axis == second}
    for arm in arms:
        if arm.axis == first and (arm.rows[0], arm.epochs) in others:
            yield arm, others[arm.rows[0], arm.epochs]


class _Compared(NamedTuple):
    """A cell without its verdict, and its advantage as measured and redrawn, `(1 + draws,)`; empty if there is none."""

    cell: Cell
    advantage: uncertainty.Floats


_SHIFT = "shift"
"""Key of what longer training changes. A regime's is its number of epochs, or None, a cell's its arms."""


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


def _compared(of: Arm, over: Arm, curves: dict[Arm, Drawn], cost: Column) -> _Compared:
    shared = shared_range(curves[of], curves[over])
    unknown = Estimate(np.nan, np.nan, np.nan)
    columns = [cost.name, of.axis, over.axis, "low", "high"]
    if shared is None:
        none = pd.DataFrame(columns=columns, dtype=float)
        return _Compared(Cell(of.place, of.epochs, of, over, None, unknown, "undecided", none), np.array([]))
    at = np.linspace(np.log(shared[0]), np.log(shared[1]), NODES)
    first, second = curves[of].at(at), curves[over].at(at)
    difference = first - second
    ends = zip(*((said.low, said.high) for said in jointly(difference[0], difference[1:])), strict=True)
    line = dict(zip(columns, (np.exp(at), first[0], second[0], *ends), strict=True))
    cell = Cell(of.place, of.epochs, of, over, shared, unknown, "undecided", pd.DataFrame(line))
    return _Compared(cell, difference.mean(axis=1))


def _advantages(compared: Sequence[_Compared]) -> Iterator[tuple[object, uncertainty.Floats]]:
    """Of each cell, each regime, and the longest regime over the shortest."""
    by_regime: dict[int | None, dict[tuple[str, str], uncertainty.Floats]] = {}
    for cell, advantage in compared:
        yield (cell.of, cell.over), advantage
        if advantage.size:
            by_regime.setdefault(cell.epochs, {})[cell.place, cell.of.held] = advantage
    for epochs, cells in by_regime.items():
        yield epochs, _mean(list(cells.values()))
    lengths = sorted(epochs for epochs in by_regime if epochs is not None)
    if len(lengths) > 1:
        short, long = by_regime[lengths[0]], by_regime[lengths[-1]]
        yield _SHIFT, _mean([long[where] - short[where] for where in short if where in long])


def _regime(epochs: int | None, axes: Axes, compared: Sequence[_Compared], said: _Statements) -> Regime:
    own = [cell for cell, _ in compared if cell.epochs == epochs]
    estimates = [said[cell.of, cell.over] for cell in own]
    cells = tuple(
        replace(cell, advantage=advantage, verdict=_ahead(advantage, axes))
        for cell, advantage in zip(own, estimates, strict=True)
    )
    advantage = said[epochs]
    ahead = (sum(c.advantage.value > 0 for c in cells), sum(c.advantage.value < 0 for c in cells))
    decided = (sum(c.verdict == axes[0] for c in cells), sum(c.verdict == axes[1] for c in cells))
    sentence = _sentence(epochs, axes, cells, advantage, ahead, decided)
    return Regime(epochs, cells, advantage, _ahead(advantage, axes), ahead, decided, sentence)


def _mean(rows: Sequence[uncertainty.Floats]) -> uncertainty.Floats:
    return np.mean(rows, axis=0) if rows else np.array([])


def _ahead(advantage: Estimate, axes: Axes) -> str:
    return advantage.side_of(0.0, *axes)


def axis_words(axis: str) -> str:
    """What an arm is called in a sentence."""
    return "longer training" if axis == "epochs" else axis


def _regime_words(epochs: int | None) -> str:
    return "all epochs" if epochs is None else counted(epochs, "epoch")


def _sentence(
    epochs: int | None,
    axes: Axes,
    cells: Sequence[Cell],
    advantage: Estimate,
    ahead: tuple[int, int],
    decided: tuple[int, int],
) -> str:
    begins = "" if epochs is None else f"{_regime_words(epochs)}: "
    places = "resolutions" if all(cell.place.endswith(" px") and "," not in cell.place for cell in cells) else "places"
    if np.isnan(advantage.value):
        return (
            f"{begins}at no {places[:-1]} do both arms reach the same cost; it takes larger networks of one of them, "
            "or timings without other work."
        )
    arm, other = map(axis_words, axes if advantage.value > 0 else axes[::-1])
    ends = sorted(100 * end * np.sign(advantage.value or 1.0) for end in (advantage.low, advantage.high))
    sure = "" if advantage.side_of(0, "y", "y") == "y" else ", which is inconclusive"
    lead = f"{abs(100 * advantage.value):.2f} points (90%: {ends[0]:.2f} to {ends[1]:.2f})"
    said = f"{begins}{arm} leads {other} by {lead}{sure}."
    if len(cells) < 2:
        return said
    counts = (
        f"{name} leads at {n} (surely at {m})" for name, n, m in zip(map(axis_words, axes), ahead, decided, strict=True)
    )
    return f"{said} Of {len(cells)} {places}, {' and '.join(counts)}."


def _article(axis: str) -> str:
    return f"an {axis}" if axis[0] in "aeiou" else f"a {axis}"


def _notes(settings: pd.DataFrame, cost: Column, axes: Axes, cells: Sequence[Cell]) -> Iterator[str]:
    if not cells:
        where = "resolution" if axes == WIDTH_AND_DEPTH else "place"
        yield f"no {where} has both {_article(axes[1])} arm and {_article(axes[0])} arm from the same point"
    for cell in cells:
        if cell.shared is None:
            at = f" at {cell.place}" if cell.place else ""
            yield f"{_regime_words(cell.epochs)}{at}: the arms share no range of {cost.words}"
    yield from about_accuracies(settings)
    if failed := int(settings["failed"].sum()):
        yield f"{failed} failed trials are in no arm"
    if unmeasured := int((settings["top1"].notna() & settings[cost.name].isna()).sum()):
        yield f"{unmeasured} settings have an accuracy but no {cost.words}"
