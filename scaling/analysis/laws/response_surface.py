"""Error or cost over several factors at once: a sum of terms in their logs, their squares and their products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TypeAlias

import numpy as np

from scaling.analysis.laws.bootstrap import Fitted, fit_curve
from scaling.analysis.laws.cross_validation import Held, hold_out
from scaling.analysis.laws.families import straight
from scaling.analysis.laws.shared_scatter import Shared, by_levels
from scaling.analysis.uncertainty import Floats

CURVATURE = 0.1
"""How large a square's or a product's factor is expected to be, and towards 0 it is drawn from there: the root mean
square of the six that fit Figure 2 of arXiv 2103.07579 (125 networks), in log error by the square of a log."""

_SPARE = 2
_ALIGNED = 30.0
"""Factors whose logs have a larger condition number than this grow as one (Belsley, Kuh and Welsch 1980)."""

Term: TypeAlias = tuple[str, ...]
"""Factors whose logs are multiplied: () is 1, ("depth", "depth") the square."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Log error or log cost as a sum of terms in the centered logs of the factors.

    Attributes:
        terms: of the sum; `("depth",)` is log(depth / center), `("depth", "width")` a product of two.
        center: geometric mean of each factor.
        fitted: one parameter a term.
        held_out: how far it is off for settings that it was not fitted to.
    """

    terms: tuple[Term, ...]
    center: dict[str, float]
    fitted: Fitted
    held_out: Held

    def slope(self, factor: str, at: Mapping[str, float]) -> tuple[float, Floats]:
        """The derivative of the log by the log of a factor at a point, and its draws."""
        logs = {name: np.log(at[name] / center) for name, center in self.center.items()}
        weights = np.array([_derivative(term, factor, logs) for term in self.terms])
        return float(weights @ self.fitted.theta), self.fitted.draws @ weights


def fit_surface(
    centered: Mapping[str, Floats],
    center: dict[str, float],
    y: Floats,
    sd: Floats,
    draws: int,
    random: np.random.Generator,
) -> Surface:
    """The law that is linear in the logs, bent as far as the settings bear it out.

    Args:
        centered: of each factor, `(n,)` logs less that of its center.
        center: of each factor.
        y: `(n,)`, logs of error or cost.
        sd: `(n,)`, their standard deviations.
        draws: studies drawn anew, for the intervals.
        random: where noise comes from.
    """
    terms = _terms(centered, len(y))
    columns = _columns(terms, centered, len(y))
    prior = np.array([CURVATURE if len(term) > 1 else np.inf for term in terms])
    fitted = fit_curve(
        lambda rows: straight(columns[rows], prior), y, sd, draws, random, partial(_alike, centered, terms)
    )
    return Surface(terms, center, fitted, hold_out(straight(columns, prior), y, fitted.sd))


def _alike(centered: Mapping[str, Floats], terms: Sequence[Term], residuals: Floats) -> Shared:
    """What the settings of one depth, width, resolution or number of epochs share."""
    own = {name: sum(set(term) <= {name} for term in terms) for name in centered}
    return by_levels(residuals, centered, own)


def _terms(centered: Mapping[str, Floats], count: int) -> tuple[Term, ...]:
    """Those linear, and the squares and products that the settings can tell apart."""
    terms: tuple[Term, ...] = ((), *((name,) for name in centered))
    for term in (*((name, name) for name in centered), *combinations(centered, 2)):
        more = (*terms, term)
        if np.linalg.matrix_rank(_columns(more, centered, count)) == len(more):
            terms = more
    return terms


def _columns(terms: Sequence[Term], centered: Mapping[str, Floats], count: int) -> Floats:
    return np.column_stack([np.prod([centered[name] for name in term], axis=0) * np.ones(count) for term in terms])


def _derivative(term: Term, factor: str, logs: Mapping[str, float]) -> float:
    """By the product rule."""
    rest = [(*term[:place], *term[place + 1 :]) for place, name in enumerate(term) if name == factor]
    return float(sum(np.prod([logs[name] for name in others]) for others in rest))


def too_little(centered: Mapping[str, Floats], count: int) -> str:
    """Why nothing can be fitted; empty where something can."""
    if not centered:
        return f"{count} settings, of one depth, width, resolution and number of epochs: nothing varies"
    needed = len(centered) + 1 + _SPARE
    if count < needed:
        return f"{count} settings; {', '.join(centered)} need {needed}"
    logs = np.column_stack(list(centered.values()))
    if np.linalg.cond(logs / np.linalg.norm(logs, axis=0)) > _ALIGNED:
        return f"{', '.join(centered)} hardly vary apart, so their effects cannot be told apart"
    return ""
