"""When a study that is run until it is decided may end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from scaling.analysis.decide.answer import Answer, answer
from scaling.analysis.decide.differences import differences
from scaling.analysis.decide.kinds import compared
from scaling.analysis.decide.limits import Limit
from scaling.analysis.decide.next_runs import LEAST_GAIN, can_improve
from scaling.analysis.decide.recommend import Recommendation, recommend
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError
from scaling.schema import Question

WIDER = 1.38
"""By how much intervals are widened that are looked at again and again: Pocock's bound for ten looks over the usual
one, at 90% (2.270 over 1.645; Jennison and Turnbull 2000, Table 2.1)."""

HOPELESS = 0.2
"""Chance to be decided by all that is left of a study, below which it ends undecided."""

COMPLETE = "every trial of the study is recorded"
"""Why a study may end of which nothing is left."""

ONE_SETTING = "the study has one setting, and nothing to choose from: it needs a second value of something"
"""Why a study may end once its one setting is trained."""

OF_DIFFERENCES = frozenset({"ways", "groups", "recipes", "along", "methods"})


def enough(frame: pd.DataFrame, question: Question, limits: Sequence[Limit] = (), dollars_per_hour: float = 0.0) -> str:
    """Why a study may end; empty while it goes on.

    With limits, the choice is what is decided: it is within 0.2 points of the best with 90%, or all runs that are left
    are not expected to improve it. Without, the question is:
    every statement of its answer is decided although it is looked at again and again, and everything that it compares
    has been trained once; or what is left could hardly decide it.

    Args:
        frame: trials that were recorded, and those of the study that were not, with the status `planned`.
        question: of the study.
        limits: of the network to choose.
        dollars_per_hour: of the accelerator, where the price of a training is limited.

    Raises:
        UserError: if the plan of the question names what these results do not have.
    """
    if not len(frame) or not frame["status"].eq("planned").any():
        return COMPLETE
    recorded = frame[~frame["status"].eq("planned")]
    settings = collapse_seeds(frame)
    by_choice = bool(limits) or compared(frame, settings, question).kind not in OF_DIFFERENCES
    if not len(recorded) or settings["top1"].notna().sum() < min(2, len(settings)):
        return ""
    if len(settings) == 1:
        return ONE_SETTING
    if by_choice:
        chosen = [each for _, each in recommend(frame, limits, dollars_per_hour=dollars_per_hour)]
        if limits and chosen and not any(each.choices for each in chosen):
            return chosen[0].sentence
        if chosen and all(each.sure for each in chosen):
            return f"the choice is decided: {chosen[0].sentence}"
        return "" if can_improve(frame, question, limits, dollars_per_hour) else _settled(chosen)
    if _lacks(frame, settings, question):
        return ""
    try:
        told = answer(recorded, question)
    except UserError:
        return ""
    if told.statements and all(statement.decided(WIDER) for statement in told.statements):
        return "the question is decided"
    return _hopeless(frame, told)


def _settled(chosen: Sequence[Recommendation]) -> str:
    """That no run of the study would decide a choice, what to choose then, and what it would take."""
    said = f" {chosen[0].sentence}" if chosen else ""
    return (
        "no run of the study that is left can decide the choice: all of them together are expected to improve it by "
        f"less than {LEAST_GAIN:g} points.{said} More seeds than the study has, more validation images or other "
        "networks might decide it."
    )


def _lacks(frame: pd.DataFrame, settings: pd.DataFrame, question: Question) -> bool:
    """Whether anything that the question compares was neither trained nor tried."""
    top1 = settings["top1"].astype(float).fillna(float(settings["top1"].median())).to_numpy(float)
    asked = differences(frame, settings, question, np.asarray(top1))
    involved = np.any([difference.weights != 0 for difference in asked], axis=0) if asked else np.array([], dtype=bool)
    tried = (settings["seeds"] + settings["failed"]).to_numpy() > 0
    return bool((involved & ~tried).any()) if asked else bool((~tried).any())


def _hopeless(frame: pd.DataFrame, told: Answer) -> str:
    """Whether all that is left would still leave undecided what is: by the interval that it would have then."""
    planned = frame["status"].eq("planned")
    more = len(frame) / max(1, int((~planned).sum()))
    undecided = [statement for statement in told.statements if not statement.decided(WIDER)]
    chances = []
    for statement in undecided:
        wide, narrow = (of.high - of.low for of in (statement.noisy, statement.quiet))
        if not np.isfinite([wide, narrow]).all():
            return ""
        at_end = np.sqrt(narrow**2 + max(wide**2 - narrow**2, 0.0) / more) / 2
        moves = np.sqrt(max(wide**2 - (2 * at_end) ** 2, 1e-12)) / 2 / stats.norm.ppf(0.95)
        value = abs(statement.noisy.value)
        chances.append(stats.norm.sf((at_end - value) / moves) + stats.norm.sf((at_end + value) / moves))
    if undecided and max(chances) < HOPELESS:
        return f"what is left of the study could hardly decide it (a chance below {HOPELESS:.0%}). {told.takes}".strip()
    return ""
