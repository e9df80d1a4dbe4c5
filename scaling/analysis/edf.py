"""How good a study's variants are as a whole: the distribution of their errors, failures included."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from scaling.analysis.settings import DATASET, VARIANT, Grouping, crossed, labels
from scaling.analysis.uncertainty import LEVEL, Floats

_WORST = 2.0
"""Stands for the error of a setting that failed."""

_SHARED = 0.75
"""Of the smaller group's networks, those that the other has as well, for these to be compared with themselves."""

_EXACT = 200
"""Differences beyond which the sum of their ranks is taken as normal."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """The empirical distribution function of error over one group's settings.

    Attributes:
        name: the group's, such as a study's.
        error: ascending (fractions); one entry a setting that was trained.
        share: of all settings, failed ones among them, whose error is at most that: it ends below 1 where some failed.
        low, high: 90% band for the whole function at once (Dvoretzky, Kiefer and Wolfowitz): how far a random sample
            of so many settings may be from the design space it was drawn from.
        failed: number of settings that only failed: their error is not known, but they were tried.
        sentence: numbers and median, in words.
    """

    name: str
    error: Floats
    share: Floats
    low: Floats
    high: Floats
    failed: int
    sentence: str

    def at(self, error: float) -> float:
        """The share of all settings whose error is at most this (a fraction); NaN where there are no settings."""
        total = len(self.error) + self.failed
        return float(np.searchsorted(self.error, error, side="right") / total) if total else np.nan

    def quantile(self, share: float) -> float:
        """The error that this share of all settings stays at or below; infinite where so many were not trained."""
        reached = np.flatnonzero(self.share >= share - 1e-12)
        return float(self.error[reached[0]]) if reached.size else np.inf


def distributions(settings: pd.DataFrame, by: Grouping = "study") -> tuple[Distribution, ...]:
    """The distribution of error (1 - top-1) in each group, as in pycls' studies of design spaces.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it; each setting counts once, whatever its seeds.
        by: a column of the settings, or a label for each of them.

    Raises:
        UserError: if there is no such column.
    """
    return tuple(_distribution(str(name), rows) for name, rows in settings.groupby(labels(settings, by), sort=True))


def _distribution(name: str, rows: pd.DataFrame) -> Distribution:
    error = np.sort(1 - rows["top1"].dropna().to_numpy(float))
    failed = int((rows["top1"].isna() & (rows["failed"] > 0)).sum())
    total = len(error) + failed
    share = np.arange(1, len(error) + 1) / max(total, 1)
    margin = _margin(total)
    low, high = np.clip(share - margin, 0, 1), np.clip(share + margin, 0, 1)
    distribution = Distribution(name, error, share, low, high, failed, "")
    return Distribution(name, error, share, low, high, failed, _sentence(distribution, total))


def says_something(distribution: Distribution) -> bool:
    """Whether the band of a function is narrower than all there is, from no setting to every one."""
    return 2 * _margin(len(distribution.error) + distribution.failed) < 1


@dataclass(frozen=True)
class Difference:
    """Whether two of several groups differ as a whole.

    Attributes:
        better, worse: names of the groups with the lowest and with the highest median error.
        networks: that both groups hold, where each was compared with itself; 0 where the groups were compared as two
            samples.
        pairs: of groups, from which these two were picked.
        p_value: of the difference, times `pairs`.
        least: what `p_value` can be at best with so many settings.
    """

    better: str
    worse: str
    networks: int
    pairs: int
    p_value: float
    least: float

    @property
    def can_decide(self) -> bool:
        """Whether any outcome would have been a difference at 90%."""
        return self.least <= 1 - LEVEL + 1e-12

    @property
    def decided(self) -> bool:
        """Whether it is one at 90%."""
        return self.p_value <= 1 - LEVEL + 1e-12


def difference(settings: pd.DataFrame, by: str, named: pd.Series) -> Difference:
    """Whether the best and the worst of groups differ, by an exact test.

    Where most of the smaller group's networks are in the other as well, as with two numbers of epochs, each of these
    is compared with itself (Wilcoxon's signed ranks). Else the groups are two samples (Kolmogorov and Smirnov).

    Args:
        settings: of two groups or more, as `scaling.analysis.settings.collapse_seeds` gives it.
        by: the column that tells the groups.
        named: the name of each setting's group.
    """
    groups = sorted(distributions(settings, named), key=lambda group: group.quantile(0.5))
    better, worse = groups[0].name, groups[-1].name
    first, second = (_errors(settings, by, named == name) for name in (better, worse))
    shared = first.index.intersection(second.index)
    enough = len(shared) >= _SHARED * min(len(first), len(second))
    same = enough and first.index.is_unique and second.index.is_unique
    if same:
        p_value = _signed_ranks(first[shared].to_numpy(np.float64) - second[shared].to_numpy(np.float64))
        least = 0.5 ** (len(shared) - 1)
    else:
        # Exact but for ties, such as failed trials are: with these it is too large.
        p_value = float(stats.ks_2samp(first.to_numpy(float), second.to_numpy(float)).pvalue)
        least = 2 / comb(len(first) + len(second), len(first))
    pairs = comb(len(groups), 2)
    networks = len(shared) if same else 0
    return Difference(better, worse, networks, pairs, min(1.0, pairs * p_value), min(1.0, pairs * least))


def _errors(settings: pd.DataFrame, by: str, which: pd.Series[bool]) -> pd.Series[float]:
    """The error of each setting that was tried, failed ones as worse than all, under what tells its network."""
    tried = settings[which & (settings["top1"].notna() | (settings["failed"] > 0))]
    network = ["study", "family", *(name for name in (*DATASET, *VARIANT, *crossed(settings)) if name != by)]
    error = (1 - tried["top1"]).fillna(_WORST).to_numpy(float)
    return pd.Series(error, pd.Index([*zip(*(tried[name].astype(str) for name in network), strict=True)]))


def _signed_ranks(differences: Floats) -> float:
    """Two-sided p of Wilcoxon's signed ranks, over all signs that the differences may have; those of 0 tell nothing."""
    away = differences[differences != 0]
    ranks = 2 * stats.rankdata(abs(away))
    if not len(away):
        return 1.0
    if len(away) > _EXACT:
        return float(stats.wilcoxon(away).pvalue)
    # How many of the 2^n choices of signs give each sum of doubled ranks; ties have whole ones then.
    ways = np.ones(1)
    for rank in ranks.astype(int):
        ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
    observed = int(min(ranks[away > 0].sum(), ranks[away < 0].sum()))
    return float(min(1.0, 2 * ways[: observed + 1].sum() / ways.sum()))


def _margin(total: int) -> float:
    return float(np.sqrt(np.log(2 / (1 - LEVEL)) / (2 * max(total, 1))))


def _sentence(distribution: Distribution, total: int) -> str:
    if not total:
        return f"{distribution.name}: nothing trained yet."
    failed = f", {distribution.failed} of them failed and counted as worse than all" if distribution.failed else ""
    half = distribution.quantile(0.5)
    median = f"half stay at or below {half:.1%} error" if np.isfinite(half) else "not half of them were trained"
    best = f", the best has {distribution.error[0]:.1%}" if len(distribution.error) else ""
    return f"{distribution.name}: {total} settings{failed}; {median}{best}."
