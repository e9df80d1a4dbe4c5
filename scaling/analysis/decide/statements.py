"""What an answer states of a difference, what it would take to decide it, and which noise between seeds it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis.uncertainty import Estimate, SeedNoise, flips_at

MOST_SEEDS = 100
"""Seeds a setting beyond which a difference counts as too small to be decided."""

_MOST_FLIPS = 3
"""Statements of which a sentence says at which noise they would change."""


@dataclass(frozen=True)
class Statement:
    """A difference, or the logarithm of a ratio, that is decided where its interval leaves out 0.

    Attributes:
        which: it is, in words; empty where it is the only one.
        noisy: with all its noise.
        quiet: without noise between seeds.
        known: with noise between seeds that is known to be as large as `noise` has it in the middle.
        noise: between seeds, that `noisy` holds; None where nobody asks for it.
    """

    which: str
    noisy: Estimate
    quiet: Estimate
    known: Estimate | None = None
    noise: SeedNoise | None = None

    def decided(self, wider: float = 1.0) -> bool:
        """Whether its interval, made so many times as wide, leaves out 0."""
        return bool(abs(self.noisy.value) > wider * _margin(self.noisy, 0.0))

    @property
    def flips_at(self) -> float | None:
        """The standard deviation between seeds (points), if it were known, at which its verdict would change.

        None where that noise was given, or measured on enough seeds, and where no noise would change it.
        """
        if self.noise is None or self.known is None or not self.noise.doubtful:
            return None
        at = flips_at(0.0, self.known, self.quiet, self.noise.middle)
        return None if at is None else 100 * at

    @property
    def flips(self) -> str:
        """The same as a clause; empty where there is no such noise."""
        if self.flips_at is None:
            return ""
        change = "undecided with more" if self.decided() else "decided with less"
        return " ".join(filter(None, (self.which, f"the answer would be {change} than {self.flips_at:.2g} points")))


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
        return "by no affordable number of seeds or images"
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


def rests_on(statements: Sequence[Statement], noise: SeedNoise) -> str:
    """Which noise between seeds an answer rests on and at which it would change, in a sentence.

    Empty where that noise was given, or measured on enough seeds.
    """
    if not noise.doubtful:
        return ""
    clauses = [statement.flips for statement in statements if statement.flips]
    left = len(clauses) - _MOST_FLIPS
    more = [f"{left} more would change as well"] if left > 0 else []
    said = "; ".join([*clauses[:_MOST_FLIPS], *more])
    if not statements:
        return f"{noise.words}."
    return f"{noise.words}; {f'if it were known, {said}' if said else 'no verdict would be another with less'}."
