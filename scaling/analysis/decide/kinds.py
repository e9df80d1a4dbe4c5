"""What kind of question a study asks: what its plan says, else what its grid shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from scaling.analysis.additive import chain_of
from scaling.analysis.comparability import cost_metric
from scaling.analysis.depth_width.arms import WIDTH_AND_DEPTH, Axes, find_arms
from scaling.analysis.depth_width.regimes import OF_TRAINING
from scaling.analysis.settings import FACTORS, SETTING, crossed
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import METRICS, Column
from scaling.schema import ACCURACY, FRONT, NETWORK, RUNTIME, AnswerPlan, Question

Kind: TypeAlias = Literal["ways", "groups", "recipes", "along", "methods", "runtimes", "grow", "front"]
"""`ways`: two factors or strategies to grow by, at equal cost. `groups`: such as families, at equal accuracy.
`recipes`: groups on the same networks. `along`: one factor. `methods`: each added to those before it. `runtimes`: the
order of networks by speed. `grow`: of a whole grid, the factor that pays most. `front`: the best at each cost."""

USUAL_COSTS = ("training_ms", "inference_ms", "macs")
"""What ways to grow, and families, are compared by: the first that was measured."""

_MOST = 0.8
"""Part of the settings that two arms hold where they are what a grid is about."""


@dataclass(frozen=True)
class Compared:
    """What is set against what.

    Attributes:
        kind: how.
        compare: factors, strategies or columns.
        cost: of the metrics table.
    """

    kind: Kind
    compare: tuple[str, ...]
    cost: Column


def compared(frame: pd.DataFrame, settings: pd.DataFrame, question: Question) -> Compared:
    """What a question compares in these results.

    Args:
        frame: trials, recorded or planned.
        settings: the same, as `scaling.analysis.settings.collapse_seeds` gives them.
        question: of the study.

    Raises:
        UserError: if the plan names what the results do not have.
    """
    cost = _cost(settings, question)
    if question.plan is None:
        kind, compare = _worked_out(frame, settings, question)
    else:
        kind, compare = _planned(question.plan, settings, question)
    given = question.plan and (question.plan.cost or question.plan.at_equal)
    if kind == "ways" and "epochs" in compare and not given:
        cost = METRICS[OF_TRAINING[0]]
    return Compared(kind, compare, cost)


def _cost(settings: pd.DataFrame, question: Question) -> Column:
    plan = question.plan
    for field, name in (("cost", plan.cost), ("at_equal", plan.at_equal)) if plan else ():
        if name is not None and (field, name) not in (("at_equal", ACCURACY), ("at_equal", NETWORK)):
            try:
                return cost_metric(name)
            except UserError as error:
                raise UserError(f"answer.{field}: {error}") from None
    return METRICS[next((name for name in USUAL_COSTS if settings[name].notna().any()), USUAL_COSTS[-1])]


def _planned(plan: AnswerPlan, settings: pd.DataFrame, question: Question) -> tuple[Kind, tuple[str, ...]]:
    compare = plan.compare
    known = {*SETTING, *question.strategies}
    if compare == (RUNTIME,):
        return "runtimes", ()
    if compare == (FRONT,):
        return "front", ()
    if question.strategies and compare == ("strategy",):
        compare = tuple(question.strategies)
    if strange := [name for name in compare if name not in known]:
        raise UserError(
            f"answer.compare: {strange[0]!r} is nothing that settings differ in{did_you_mean(strange[0], known)}"
        )
    if twice := [name for name in compare if compare.count(name) > 1]:
        raise UserError(f"answer.compare: {twice[0]} is named twice")
    if set(compare) <= {*question.strategies} and (len(compare) > 1 or compare[0] not in SETTING):
        return "ways", compare
    if set(compare) <= {*FACTORS} and plan.at_equal not in (NETWORK, ACCURACY):
        if len(compare) == 1 and plan.at_equal is None:
            return "along", compare
        if len(compare) > 1:
            return ("ways" if len(compare) == 2 else "grow"), compare
    recipes = plan.at_equal == NETWORK or len(compare) > 1 or set(compare) & {*crossed(settings)}
    return ("recipes" if recipes else "groups"), compare


def _worked_out(frame: pd.DataFrame, settings: pd.DataFrame, question: Question) -> tuple[Kind, tuple[str, ...]]:
    varied = {name for name in (*FACTORS, "family") if settings[name].nunique() > 1}
    if len(question.strategies) > 1:
        return "ways", tuple(question.strategies)
    if chain_of(settings):
        return "methods", ()
    if several := crossed(settings):
        return "recipes", tuple(several)
    if "family" in varied:
        return "groups", ("family",)
    if len(varied) == 1:
        return "along", tuple(varied)
    if axes := _axes(settings, varied):
        return "ways", axes
    return ("grow" if len(varied) > 1 else "front"), tuple(name for name in FACTORS if name in varied)


def _axes(settings: pd.DataFrame, varied: set[str]) -> Axes | None:
    """The two factors whose arms hold nearly all settings; None for a whole grid."""
    pairs: tuple[Axes, ...] = (WIDTH_AND_DEPTH, ("resolution", "width"), ("resolution", "depth"))
    for axes in pairs:
        if set(axes) <= varied:
            arms = find_arms(settings, axes)
            held = {row for arm in arms for row in arm.rows}
            if {arm.axis for arm in arms} == {*axes} and len(held) > _MOST * len(settings):
                return axes
    return None
