"""What it would take to decide what is undecided: more seeds, or more validation images."""

from __future__ import annotations

import numpy as np

from scaling.analysis.uncertainty import Estimate

MOST_SEEDS = 100
"""Seeds a setting beyond which a difference counts as too small to be decided."""


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
        needed = int(np.ceil(seeds * (wide**2 - narrow**2) / (margin**2 - narrow**2)))
        if needed <= MOST_SEEDS:
            return f"with about {max(needed, int(seeds) + 1)} seeds a setting in place of {seeds:.3g}"
        return f"with more than {MOST_SEEDS} seeds a setting"
    images = float("inf") if margin == 0 else 2 * (narrow / margin) ** 2
    if images > MOST_SEEDS:
        return "by no affordable number of seeds or images, as it is too small"
    return f"with about {np.ceil(images):.0f} times as many validation images and more seeds (seeds alone would not do)"


def _margin(of: Estimate, line: float) -> float:
    """Half the interval's width, towards the line."""
    return of.value - of.low if of.value > line else of.high - of.value
