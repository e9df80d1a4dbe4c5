"""The few runs that would most change what is decided: by what each is expected to gain for what it costs.

All settings of a study, trained or not, have a joint distribution (see `surface`). A run measures one of them with
known noise, and what that would do to all others follows. Where the study's question sets settings against each
other, a run's gain is how much it narrows those differences; else it is how much better the choice of a network is
expected to become under the limits (the knowledge gradient of Frazier, Powell and Dayanik 2009), at several sizes where
there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from scaling.analysis.decide.differences import Difference, differences
from scaling.analysis.decide.limits import Limit, priced, with_made
from scaling.analysis.decide.recommend import names_of
from scaling.analysis.decide.surface import Points, Prediction, predict
from scaling.analysis.settings import SETTING, collapse_seeds
from scaling.analysis.uncertainty import Floats, Rows, assumed_of, log_errors
from scaling.results.columns import names
from scaling.schema import Question

SIZES = 8
"""Budgets, evenly apart in the logarithm of the cost, at which a choice is to be good where no limit is given."""

LEAST_KNOWN = 4
"""Settings that are trained, cheapest first, before anything is weighed."""

LEAST_GAIN = 1e-3
"""Points of accuracy below which all runs that are left, together, are not worth doing for a choice."""

CONTENDERS = 64
"""Settings that may be the best of those a budget allows: those of the highest accuracy, doubt counted in."""

_NODES = np.linspace(-4, 4, 21)
"""Outcomes of a run, in standard deviations: a choice that only a surprise would change is told from a settled one."""
_WEIGHTS = stats.norm.pdf(_NODES) / stats.norm.pdf(_NODES).sum()

_DRAWS = 1000
"""Of what all runs that are left may bring, together."""

_ERROR_UNKNOWN = (0.5, 1.0)
"""Error before anything was trained, and the standard deviation of its logarithm."""


@dataclass(frozen=True)
class NextRun:
    """A run that is worth its cost.

    Attributes:
        trial_id: of the study.
        name: its setting and seed, in words.
        seconds: that its training is reckoned to take.
        why: what it would change, in words.
    """

    trial_id: str
    name: str
    seconds: float
    why: str


class _State(NamedTuple):
    """What is known of all settings: `mean` and `covariance` of the logarithm of error."""

    settings: pd.DataFrame
    runs: list[list[tuple[str, float]]]
    noise: Floats
    known: Rows
    prediction: Prediction


def next_runs(
    frame: pd.DataFrame,
    question: Question,
    limits: Sequence[Limit] = (),
    count: int = 4,
    seconds: float = np.inf,
    dollars_per_hour: float = 0.0,
) -> list[NextRun]:
    """The runs to do next, the best first.

    Args:
        frame: trials that were recorded, and those of the study that were not, with the status `planned`.
        question: of the study.
        limits: that the network to choose is to meet.
        count: how many, to be run side by side: each is chosen as if those before it had been done.
        seconds: that all of them may take together.
        dollars_per_hour: of the accelerator, where the price of a training is limited.

    Returns:
        Fewer than `count` where no more would change a choice, or time is short; none where every trial of the study is
        recorded. What is beyond the limits is named only where it narrows the choice.
    """
    # In an order of its own: no choice between equals may rest on which was recorded first.
    frame = frame.sort_values([name for name in (*SETTING, "seed", "trial_id") if name in frame], kind="stable")
    state = _state(frame)
    if not any(state.runs):
        return []
    if len(state.known) < min(LEAST_KNOWN, len(state.settings)):
        return _cheapest(state, count, seconds, _within(with_made(state.settings, dollars_per_hour), limits))
    goal = _goal(frame, state, question, limits, dollars_per_hour)
    chosen: list[NextRun] = []
    left = [list(runs) for runs in state.runs]
    seen = [int(seeds) for seeds in state.settings["seeds"]]
    covariance = state.prediction.covariance.copy()
    spent = 0.0
    while len(chosen) < count:
        if goal.settled(covariance, _noise_of_next(state, seen, [len(runs) for runs in left])):
            break
        variances = _noise_of_next(state, seen)
        gains = goal.gains(covariance, variances, np.array(seen))
        named = goal.may_name(gains)
        open_ = [row for row, runs in enumerate(left) if runs and named[row] and spent + runs[0][1] <= seconds]
        if not open_:
            break
        worth = [gains[row] / left[row][0][1] for row in open_]
        row = open_[int(np.argmax(worth))]
        trial_id, takes = left[row].pop(0)
        chosen.append(
            NextRun(trial_id, f"{names_of(state.settings)[row]}, run {seen[row] + 1}", takes, goal.why(row, gains[row]))
        )
        covariance -= np.outer(covariance[row], covariance[row]) / (covariance[row, row] + variances[row])
        seen[row] += 1
        spent += takes
    return chosen


def can_improve(
    frame: pd.DataFrame, question: Question, limits: Sequence[Limit] = (), dollars_per_hour: float = 0.0
) -> bool:
    """Whether all runs that are left, together, are expected to improve a choice by `LEAST_GAIN`; as of `next_runs`.

    Where differences are what is asked, or too little is known to tell, they may.
    """
    state = _state(frame.sort_values([name for name in (*SETTING, "seed", "trial_id") if name in frame], kind="stable"))
    if len(state.known) < min(LEAST_KNOWN, len(state.settings)):
        return True
    seen = [int(seeds) for seeds in state.settings["seeds"]]
    noise = _noise_of_next(state, seen, [len(runs) for runs in state.runs])
    return not _goal(frame, state, question, limits, dollars_per_hour).settled(state.prediction.covariance, noise)


def _state(frame: pd.DataFrame) -> _State:
    settings = collapse_seeds(frame)
    planned = frame["status"].eq("planned")
    # In the order of `collapse_seeds`: that of first appearance.
    keys = frame.reindex(columns=[*SETTING, *names("condition")]).groupby(
        [*SETTING, *names("condition")], dropna=False, sort=False
    )
    groups = keys.ngroup()
    runs: list[list[tuple[str, float]]] = [[] for _ in range(len(settings))]
    waiting = frame[planned].assign(group=groups[planned]).sort_values("seed", kind="stable")
    for group, trial_id, takes in zip(waiting["group"], waiting["trial_id"], waiting["planned_seconds"], strict=True):
        runs[int(group)].append((str(trial_id), float(takes) if takes > 0 else 1.0))
    known = np.flatnonzero(settings["top1"].notna())
    points = Points.of(settings)
    if len(known) >= 2:
        found = predict(points, known, *log_errors(settings.iloc[known]))
    else:
        error, spread = _ERROR_UNKNOWN
        found = Prediction(np.full(len(settings), np.log(error)), spread**2 * np.eye(len(settings)))
    return _State(settings, runs, _seed_noise(settings), known, found)


def _seed_noise(settings: pd.DataFrame) -> Floats:
    """`(settings,)` standard deviations between seeds (fraction), of those not trained as well."""
    measured = settings["seed_sd"].astype(float)
    typical = float(measured.median()) if measured.notna().any() else np.nan
    top1 = float(settings["top1"].median()) if settings["top1"].notna().any() else 0.5
    images = settings["top1_n"].astype(float).median()
    assumed = assumed_of(settings, np.full(len(settings), top1), np.full(len(settings), images))
    return np.where(measured.notna(), measured, typical if np.isfinite(typical) else assumed)


def _noise_of_next(state: _State, seen: Sequence[int], more: int | Sequence[int] = 1) -> Floats:
    """Variances of the logarithm of error that so many more runs of each setting have, as a new look at its truth.

    All seeds are scored on the same images, whose share of the noise another seed does not lessen.
    """
    errors = np.exp(state.prediction.mean)
    images = state.settings["top1_n"].astype(float).fillna(state.settings["top1_n"].astype(float).median())
    chance = errors * (1 - errors) / np.fmax(images.fillna(10_000).to_numpy(float), 1)
    seeds = state.noise**2
    before = np.array([chance[row] + seeds[row] / n if n else np.inf for row, n in enumerate(seen)])
    after = chance + seeds / np.fmax(np.array(seen) + more, 1)
    precision = 1 / after - np.where(np.isfinite(before), 1 / before, 0.0)
    return np.asarray(np.where(np.array(more) > 0, 1 / np.fmax(precision, 1e-12) / errors**2, np.inf))


def _cheapest(state: _State, count: int, seconds: float, within: Rows) -> list[NextRun]:
    """Settings that nobody has trained, cheapest first; then, cheapest first, another run of each.

    Those within the limits come before the others.
    """
    seen, beyond = state.settings["seeds"].astype(int), np.isin(np.arange(len(state.runs)), within, invert=True)
    waiting = sorted(
        (seen.iloc[row] + more, bool(beyond[row]), takes, row, trial_id)
        for row, runs in enumerate(state.runs)
        for more, (trial_id, takes) in enumerate(runs)
    )
    chosen, spent = [], 0.0
    for before, _, takes, row, trial_id in waiting[:count]:
        if spent + takes > seconds:
            break
        spent += takes
        kind = "another run of the cheapest" if before else "among the cheapest of those not trained yet"
        chosen.append(
            NextRun(
                trial_id,
                f"{names_of(state.settings)[row]}, run {before + 1}",
                takes,
                f"{kind}: without a few of them nothing can be predicted",
            )
        )
    return chosen


class _Choosing:
    """How much better the choice of a network becomes, at each budget."""

    def __init__(self, state: _State, limits: Sequence[Limit], dollars_per_hour: float) -> None:
        self._errors = np.exp(state.prediction.mean)
        self._budgets = _budgets(with_made(state.settings, dollars_per_hour), limits)
        self._said = "the choice under these limits" if limits else "the choice at several sizes"

    def gains(self, covariance: Floats, noise: Floats, seen: Rows) -> Floats:
        """`(settings,)` points of accuracy that one more run of each is expected to gain."""
        del seen
        accuracy = 1 - self._errors
        spread = covariance * np.outer(self._errors, self._errors)
        step = spread / np.sqrt(np.diag(spread) + noise * self._errors**2)
        variance = np.fmax(np.diag(spread), 0.0)
        total, settled = np.zeros(len(accuracy)), 1e-15 * variance
        for allowed in self._budgets:
            doubt = np.sqrt(variance[allowed])
            best = allowed[np.argsort(-(accuracy[allowed] + 2 * doubt), kind="stable")[:CONTENDERS]]
            outcomes = accuracy[best][:, None, None] + step[best][:, :, None] * _NODES
            total += outcomes.max(axis=0) @ _WEIGHTS - accuracy[best].max()
            # Where no one run would change a choice, several may: of what may be the best.
            first = allowed[int(np.argmax(accuracy[allowed]))]
            behind = (accuracy[first] - accuracy[allowed]) / np.sqrt(variance[allowed] + variance[first] + 1e-18)
            settled[allowed] += 1e-9 * variance[allowed] * stats.norm.sf(behind)
        return np.asarray(100 * np.where(total > 1e-12, total, 0.0) / len(self._budgets) + settled)

    def may_name(self, gains: Floats) -> npt.NDArray[np.bool_]:
        """`(settings,)` whether it may be named: it may be chosen, or is expected to improve the choice by itself."""
        named = np.asarray(gains >= LEAST_GAIN)
        for allowed in self._budgets:
            named[allowed] = True
        return named

    def settled(self, covariance: Floats, noise: Floats) -> bool:
        """Whether more runs, of so much noise each, are together not expected to improve the choice."""
        rows = np.flatnonzero(np.isfinite(noise))
        if not len(rows):
            return True
        across = covariance[:, rows]
        moved = across @ np.linalg.solve(across[rows] + np.diag(noise[rows]), across.T)
        accuracy, moved = 1 - self._errors, moved * np.outer(self._errors, self._errors)
        random, gained = np.random.default_rng(0), 0.0
        for allowed in self._budgets:
            best = self._contenders(allowed, accuracy, np.sqrt(np.fmax(np.diag(moved), 0.0)))
            values, vectors = np.linalg.eigh(moved[np.ix_(best, best)])
            spread = vectors * np.sqrt(np.fmax(values, 0.0))
            outcomes = accuracy[best] + random.standard_normal((_DRAWS, len(best))) @ spread.T
            gained += float((outcomes.max(axis=1) - outcomes[:, int(np.argmax(accuracy[best]))]).mean())
        return 100 * gained / len(self._budgets) < LEAST_GAIN

    @staticmethod
    def _contenders(allowed: Rows, accuracy: Floats, doubt: Floats) -> Rows:
        """Of those a budget allows, the ones that may be the best, and the one that is as far as is known."""
        likely = allowed[np.argsort(-(accuracy[allowed] + 2 * doubt[allowed]), kind="stable")[:CONTENDERS]]
        return np.unique([*likely, allowed[int(np.argmax(accuracy[allowed]))]])

    def why(self, row: int, gain: float) -> str:
        """In words."""
        del row
        return f"{self._said} is expected to gain {gain:.2g} points"


class _Deciding:
    """How much narrower the differences become that the question is about."""

    def __init__(self, state: _State, asked: Sequence[Difference]) -> None:
        self._asked = asked
        errors = np.exp(state.prediction.mean)
        weights = np.stack([difference.weights for difference in asked])
        self._weights, self._values = weights * -errors, weights @ (1 - errors)
        self._involved = np.abs(self._weights).sum(axis=0) > 0

    def gains(self, covariance: Floats, noise: Floats, seen: Rows) -> Floats:
        """`(settings,)` parts of the variance of the differences that one more run of each takes away."""
        across = self._weights @ covariance
        spread = np.fmax((across * self._weights).sum(axis=1), 1e-18)
        open_ = 2 * stats.norm.sf(np.abs(self._values) / np.sqrt(spread))
        taken = open_[:, None] * across**2 / (np.diag(covariance) + noise) / spread[:, None]
        # What was never trained is not taken as predicted: it is trained before anything a second time.
        return np.asarray(taken.mean(axis=0) + np.where((seen == 0) & self._involved, 1e3, 0.0) + 1e-12)

    def may_name(self, gains: Floats) -> npt.NDArray[np.bool_]:
        """`(settings,)` whether it may be named; whatever the question compares, and what is like it."""
        return np.ones(len(gains), dtype=bool)

    def settled(self, covariance: Floats, noise: Floats) -> bool:
        """Whether more runs are not worth doing; `scaling.analysis.decide.stopping` says when, of differences."""
        del covariance, noise
        return False

    def why(self, row: int, gain: float) -> str:
        """In words."""
        if gain >= 1e3:
            return "part of what the question compares, and not trained yet"
        narrowed = max(self._asked, key=lambda difference: abs(difference.weights[row]))
        return f"narrows {narrowed.name}: {gain:.0%} of the variance of what the question compares"


def _goal(
    frame: pd.DataFrame, state: _State, question: Question, limits: Sequence[Limit], dollars_per_hour: float
) -> _Choosing | _Deciding:
    asked = [] if limits else differences(frame, state.settings, question, 1 - np.exp(state.prediction.mean))
    return _Deciding(state, asked) if asked else _Choosing(state, limits, dollars_per_hour)


def _within(settings: pd.DataFrame, limits: Sequence[Limit]) -> Rows:
    """Rows that meet the limits, as measured or predicted; all where none does, or there are no limits."""
    random = np.random.default_rng(0)
    meets = np.ones(len(settings), dtype=bool)
    for limit in limits:
        price = priced(settings, limit.cost, 200, random)
        meets &= np.nan_to_num(price.value, nan=np.inf) <= limit.most
    return np.flatnonzero(meets) if meets.any() else np.arange(len(settings))


def _budgets(settings: pd.DataFrame, limits: Sequence[Limit]) -> list[Rows]:
    """Rows that each budget allows; all where no cost is known."""
    if limits:
        return [_within(settings, limits)]
    cost = settings["macs"].to_numpy(float)
    if not np.isfinite(cost).all():
        return [np.arange(len(settings))]
    edges = np.geomspace(cost.min() * (cost.max() / cost.min()) ** (1 / SIZES), cost.max() * 1.0001, SIZES)
    return [np.flatnonzero(cost <= edge) for edge in edges]
