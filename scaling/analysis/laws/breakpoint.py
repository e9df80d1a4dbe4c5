"""Does a power law break? A broken one always fits better; what counts is how much better than by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scaling.analysis.laws.huber import Curve, solve
from scaling.analysis.uncertainty import Estimate, Floats

SIGNIFICANT = 0.05
"""Chance of an unbroken law below which one is broken, and chance of a break below which none is."""


@dataclass(frozen=True)
class Break:
    """Whether one power law is enough, and if not, whether it breaks or bends, and where it would break.

    Attributes:
        at: the x where the slope changes, with its 90% interval; means little unless the verdict is `holds` and it is
            `told_apart`.
        p_value: how often an unbroken power law with the same noise would look as broken.
        chance: of a break, even odds beforehand, by the Bayesian information criterion (Schwarz 1978).
        verdict: `holds` if the p-value is below 0.05; `fails` if the chance is below 0.05; else `undecided`.
        told_apart: whether the broken law surely predicts held-out points better than every smooth one (with a floor,
            from chance to a floor, or with a bend); else what does not fit one power law may as well bend.
    """

    at: Estimate
    p_value: float
    chance: float
    verdict: Literal["holds", "fails", "undecided"]
    told_apart: bool


def judge_break(at: Estimate, power: Curve, broken: Curve, sd: Floats, y: Floats, told_apart: bool) -> Break:
    """Compares how much better the broken law fits the points and unbroken studies.

    Args:
        at: the break.
        power, broken: the laws through the same n points.
        sd: `(n,)`, of noise and scatter about the power law.
        y: `(1 + draws, n)`, log errors: the points', then those of studies drawn from the fitted power law.
        told_apart: see `Break`.
    """
    straight, bent = (np.fmax(solve(curve, y, sd).loss, 1e-12) for curve in (power, broken))
    gains = straight / bent - 1
    p_value = float((gains >= gains[0]).mean())
    evidence = y.shape[1] * np.log1p(gains[0]) - 2 * np.log(y.shape[1])
    chance = float(1 / (1 + np.exp(np.clip(-evidence / 2, -700, 700))))
    return Break(at, p_value, chance, _verdict(p_value, chance), told_apart)


def _verdict(p_value: float, chance: float) -> Literal["holds", "fails", "undecided"]:
    if p_value < SIGNIFICANT:
        return "holds"
    return "fails" if chance < SIGNIFICANT else "undecided"
