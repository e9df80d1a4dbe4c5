"""The differences of accuracy that a question is about, as weights of settings: what runs can narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from scaling.analysis.additive import chain_of
from scaling.analysis.decide.contrasts import Pairs, pairs_along, pairs_between
from scaling.analysis.decide.kinds import Compared, compared
from scaling.analysis.depth_width.arms import find_arms, strategy_arms
from scaling.analysis.depth_width.regimes import NODES, axis_words, partners
from scaling.analysis.uncertainty import Floats
from scaling.models.names import title
from scaling.results.columns import Column
from scaling.schema import Question
from scaling.wording import counted


@dataclass(frozen=True, eq=False)
class Difference:
    """One of them.

    Attributes:
        name: in words.
        weights: `(settings,)`, which add up to 0.
    """

    name: str
    weights: Floats


def differences(frame: pd.DataFrame, settings: pd.DataFrame, question: Question, top1: Floats) -> list[Difference]:
    """What a question compares, whether it was trained or not; none where it asks for the best of all.

    Args:
        frame: trials, recorded or planned.
        settings: the same, as `scaling.analysis.settings.collapse_seeds` gives them, indexed from 0.
        question: of the study.
        top1: `(settings,)`, accuracies as measured or predicted.

    Raises:
        UserError: if the plan of the question names what these results do not have.
    """
    about = compared(frame, settings, question)
    pairs: Pairs
    if about.kind == "ways":
        return list(_ways(settings, about, question))
    if about.kind == "groups":
        return list(_groups(settings, about, top1))
    if about.kind == "recipes":
        pairs = pairs_between(settings, about.compare)
    elif about.kind == "along":
        pairs = pairs_along(settings, about.compare[0])
    elif about.kind == "methods":
        steps = pairwise(chain_of(settings))
        pairs = {(column.replace("_", " "), "what it is added to"): [(of, over)] for (over, _), (of, column) in steps}
    else:
        return []
    return [
        Difference(f"{of} against {over}", _mean(both, len(settings))) for (of, over), both in pairs.items() if both
    ]


def _mean(pairs: Sequence[tuple[int, int]], count: int) -> Floats:
    weights = np.zeros(count)
    for of, over in pairs:
        weights[of] += 1 / len(pairs)
        weights[over] -= 1 / len(pairs)
    return weights


def _ways(settings: pd.DataFrame, about: Compared, question: Question) -> Iterator[Difference]:
    """Of each two arms of one base, the mean difference at equal cost, which is linear in the accuracies."""
    cost = _known_cost(settings, about.cost)
    strategies = question.strategies if set(about.compare) <= {*question.strategies} else None
    for axes in combinations(about.compare, 2):
        arms = find_arms(settings, axes) if strategies is None else strategy_arms(settings, strategies)
        for of, over in partners(arms, axes):
            when = "" if of.epochs is None else f" after {counted(of.epochs, 'epoch')}"
            weights = _between(settings, cost, of.rows, over.rows)
            if weights is not None:
                yield Difference(f"{axis_words(axes[0])} against {axis_words(axes[1])}{when}", weights)


def _groups(settings: pd.DataFrame, about: Compared, top1: Floats) -> Iterator[Difference]:
    """Of each two groups, the mean difference of their fronts at equal cost."""
    cost = _known_cost(settings, about.cost)
    fronts = {str(name): _front(rows, cost, top1) for name, rows in settings.groupby(about.compare[0], sort=True)}
    for over, of in combinations(fronts, 2):
        weights = _between(settings, cost, fronts[of], fronts[over])
        if weights is not None:
            yield Difference(f"{title(of)} against {title(over)}", weights)


def _front(rows: pd.DataFrame, cost: str, top1: Floats) -> list[int]:
    ordered = [
        int(row)
        for row in rows.assign(top1=-top1[rows.index]).sort_values([cost, "top1"]).index
        if rows.loc[row, cost] > 0
    ]
    best = np.maximum.accumulate(np.r_[-np.inf, top1[ordered][:-1]]) if ordered else np.array([])
    return [row for row, before in zip(ordered, best, strict=True) if top1[row] > before]


def _between(settings: pd.DataFrame, cost: str, of: Sequence[int], over: Sequence[int]) -> Floats | None:
    """Weights of the mean difference on straight lines between points, over the costs that both reach."""
    logs = np.log(settings[cost].to_numpy(float))
    sides = [sorted((row for row in rows if np.isfinite(logs[row])), key=lambda row: logs[row]) for rows in (of, over)]
    if min(map(len, sides)) < 2:
        return None
    low, high = max(logs[side[0]] for side in sides), min(logs[side[-1]] for side in sides)
    if not low < high:
        return None
    at, weights = np.linspace(low, high, NODES), np.zeros(len(settings))
    for sign, side in zip((1, -1), sides, strict=True):
        for place, row in enumerate(side):
            weights[row] += sign * np.interp(at, logs[side], np.eye(len(side))[place]).mean()
    return weights


def _known_cost(settings: pd.DataFrame, cost: Column) -> str:
    """The cost, or multiply-accumulates where it was not measured of all."""
    return cost.name if settings[cost.name].notna().all() else "macs"
