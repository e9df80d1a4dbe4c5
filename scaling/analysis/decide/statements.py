"""What an answer states of a difference, and what it would take to decide it: more seeds, or more images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis.uncertainty import Estimate

MOST_SEEDS = 100
"""Seeds a setting beyond which a difference counts as too small to be decided."""


@dataclass(frozen=True)
class Statement:
    """A difference, or the logarithm of a ratio, that is decided where its interval leaves out 0.

    Attributes:
        which: it is, in words; empty where it is the only one.
        noisy: with all its noise.
        quiet: without noise between seeds.
    """

    which: str
    noisy: Estimate
    quiet: Estimate

    def decided(self, wider: float = 1.0) -> bool:
        """Whether its interval, made so many times as wide, leaves out 0."""
        return abs(self.noisy.value) > wider * _margin(self.noisy, 0.0)


def takes(noisy: Estimate, quiet: Estimate, seeds: float, line: float = 0.0) -> str:
    """What would decide on which side of a line a value lies, if it is what was measured.

    Half an interval's width is the root of a sum of squares: of what the validation images leave open, which `quiet`
    has alone, and of the noise between seeds, which falls with their number.

    Args:
        noisy: as measured.
        quiet: the same without noise between seeds.
        seeds: a setting has, on average.
        line: between the two sides.

    Returns:
        A clause, such as `with about 9 seeds a setting`; empty where it is decided, or nothing is known.
    """
    margin = abs(noisy.value - line)
    wide, narrow = (_margin(of, line) for of in (noisy, quiet))
    if not np.isfinite([margin, wide, narrow]).all() or margin > wide:
        return ""
    if margin > narrow:
        needed = _seeds(margin, wide, narrow, seeds)
        if needed <= MOST_SEEDS:
            return f"with about {needed} seeds a setting in place of {seeds:.3g}"
        return f"with more than {MOST_SEEDS} seeds a setting"
    images = float("inf") if margin == 0 else 2 * (narrow / margin) ** 2
    if images > MOST_SEEDS:
        return "by no affordable number of seeds or images, as it is too small"
    return f"with about {np.ceil(images):.0f} times as many validation images and more seeds (seeds alone would not do)"


def seeds_that_decide(statements: Sequence[Statement], settings: pd.DataFrame) -> int | None:
    """Seeds a setting that would decide most of the statements that seeds can decide; None where they decide none."""
    seeds = float(settings.loc[settings["top1"].notna(), "seeds"].mean())
    needed = []
    for statement in statements:
        margin = abs(statement.noisy.value)
        wide, narrow = (_margin(of, 0.0) for of in (statement.noisy, statement.quiet))
        if np.isfinite([margin, wide, narrow]).all() and narrow < margin <= wide:
            needed.append(_seeds(margin, wide, narrow, seeds))
    return max((number for number in needed if number <= MOST_SEEDS), default=None)


def _seeds(margin: float, wide: float, narrow: float, seeds: float) -> int:
    """More than there are, with which half an interval is as wide as the margin."""
    return max(int(np.ceil(seeds * (wide**2 - narrow**2) / (margin**2 - narrow**2))), int(seeds) + 1)


def _margin(of: Estimate, line: float) -> float:
    """Half the interval's width, towards the line."""
    return of.value - of.low if of.value > line else of.high - of.value


def each_takes(statements: Sequence[Statement], settings: pd.DataFrame) -> str:
    """What would decide each that is undecided, in a sentence; the same said once, nothing where all are decided."""
    seeds = float(settings.loc[settings["top1"].notna(), "seeds"].mean())
    by_need: dict[str, list[str]] = {}
    for statement in statements:
        if needed := takes(statement.noisy, statement.quiet, seeds):
            by_need.setdefault(needed, []).append(statement.which)
    if not by_need:
        return ""
    said = "; ".join(", ".join(filter(None, (" and ".join(which), needed))) for needed, which in by_need.items())
    begins = "If the difference is as measured, it would be decided"
    return f"{begins}{': ' if any(map(any, by_need.values())) else ' '}{said}."
