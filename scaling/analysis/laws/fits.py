"""All laws that a frame of results has to tell: of error on its own, and over several factors at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.laws.groups import Group, fit_settings, groups_of_factors, groups_on
from scaling.analysis.laws.joint import Joint, fit_joint
from scaling.analysis.laws.marginal_returns import Ranking, rank
from scaling.analysis.laws.power_law import Laws
from scaling.analysis.settings import collapse_seeds
from scaling.results.columns import LAW_UNITS

COSTS = ("macs", "training_ms", "inference_ms")
"""At equal which of them the factors are ranked."""

MOST_GROUPS = 40
"""Fitted at a time; the rest is counted."""


@dataclass(frozen=True, eq=False)
class Fits:
    """Everything `scaling fit` says.

    Attributes:
        on: what error is a law of.
        laws: of each group of settings.
        joints: of each group, the joint law and the rankings of factors by cost.
        not_fitted: number of groups beyond `MOST_GROUPS`.
        notes: what a reader has to know beside: which noise between seeds is assumed.
    """

    on: str
    laws: list[tuple[Group, Laws]]
    joints: list[tuple[Group, Joint, list[Ranking]]]
    not_fitted: int
    notes: tuple[str, ...] = ()


def fit_all(
    frame: pd.DataFrame,
    on: str,
    between: tuple[float, float] = (0.0, np.inf),
    at: Mapping[str, float] | None = None,
) -> Fits:
    """Fits all laws to results, measured or published.

    Args:
        frame: as `scaling.load_results` or `scaling.published.load` gives it.
        on: what error is a law of, a name of `scaling.results.columns.LAW_UNITS`.
        between: only settings whose `on` lies here.
        at: the point at which factors are ranked; None: each group's own middle.
    """
    settings = collapse_seeds(frame)
    inside = settings[on].between(*between) | settings[on].isna() if on in LAW_UNITS else slice(None)
    groups, factors = groups_on(settings[inside], on), groups_of_factors(settings)
    left = max(0, len(groups) - MOST_GROUPS) + max(0, len(factors) - MOST_GROUPS)
    laws = [(group, fit_settings(group.settings, on)) for group in groups[:MOST_GROUPS]]
    joints = [(group, fit_joint(group.settings, COSTS)) for group in factors[:MOST_GROUPS]]
    ranked = [(group, joint, [rank(joint, cost, at) for cost in joint.costs]) for group, joint in joints]
    return Fits(on, laws, ranked, left, tuple(about_accuracies(settings[inside])))
