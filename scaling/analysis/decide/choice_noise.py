"""At which noise between seeds a choice would be decided, or no longer be."""

from __future__ import annotations

from collections.abc import Callable

from scaling.analysis.uncertainty import LEVEL, SeedNoise

MOST_SETTINGS = 300
"""Settings up to which that is looked for: each look predicts all of them anew."""

DRAWS = 500
"""Repetitions that a look rests on."""

_TIMES = 4.0
"""Times the noise that is assumed up to which it is looked for."""

_HALVINGS = 5


def flips_at(near: Callable[[float], float], sure: bool, noise: SeedNoise) -> float | None:
    """The standard deviation between seeds (fraction) beyond which the choice is no longer sure, or below which it is.

    Args:
        near: from such a standard deviation to the chance of the choice made with it to be nearly the best.
        sure: whether the choice that was made is, with 90%.
        noise: that it was made with.

    Returns:
        None where neither none of it nor four times as much would change that.
    """
    low, high = (noise.middle, _TIMES * noise.middle) if sure else (0.0, noise.middle)
    if (near(high if sure else low) >= LEVEL) == sure:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if near(middle) >= LEVEL else (low, middle)
    return (low + high) / 2
