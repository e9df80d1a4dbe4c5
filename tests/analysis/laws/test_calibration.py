"""Of simulated studies with a known law, nine in ten hold the truth in their 90% interval.

A standard error of 100 studies is three percent, and chance alone takes a share beyond the bounds in one of a thousand
cases. Noise of the pictures alone is covered rather more often than points that scatter, since how far they scatter is
hard to tell from few of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from scaling.analysis import uncertainty
from scaling.analysis.laws.bootstrap import fit_curve
from scaling.analysis.laws.families import BROKEN, FLOORED, POWER, Law

Floats = npt.NDArray[np.float64]

CASES: list[tuple[Law, Callable[[Floats], Floats], dict[str, float]]] = [
    (POWER, lambda x: 0.4 * (x / 1e7) ** -0.15, {"slope": -0.15}),
    (FLOORED, lambda x: 0.08 + 0.4 * (x / 1e7) ** -0.35, {"slope": -0.35, "floor": 0.08}),
    (
        BROKEN,
        lambda x: 0.2 * np.where(x < 3e8, (x / 3e8) ** -0.2, (x / 3e8) ** -0.05),
        {"slope_below": -0.2, "slope_above": -0.05, "break": 3e8},
    ),
]
STUDIES, DRAWS = 100, 100
LEAST, MOST = (float(stats.binom.ppf(chance, STUDIES, 0.9)) for chance in (5e-4, 1 - 5e-4))


def study(
    error: Floats, pictures: int, seeds: int, seed_sd: float, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Measured errors and their standard deviations: all seeds of a variant see the same validation set."""
    shared = random.binomial(pictures, 1 - error) / pictures
    top1 = shared[:, None] + seed_sd * random.standard_normal((len(error), seeds))
    columns = {"top1": top1.mean(axis=1), "top1_n": float(pictures), "seeds": float(seeds)}
    place = {"study": "made up", "folder": "made up", "dataset": "made up"}
    settings = pd.DataFrame({**columns, **place, "top1_std": top1.std(axis=1, ddof=1) if seeds > 1 else np.nan})
    settings = uncertainty.with_noise(settings)
    return 1 - columns["top1"], settings["top1_sd"].to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("points", "pictures", "seeds", "seed_sd", "between"),
    [(10, 5000, 2, 0.005, 0.0), (16, 25_000, 2, 0.003, 0.015)],
    ids=["validation noise", "scatter between points"],
)
@pytest.mark.parametrize(("law", "truth", "parameters"), CASES, ids=[case[0].name for case in CASES])
def test_the_truth_is_inside_nine_times_in_ten(
    law: Law,
    truth: Callable[[Floats], Floats],
    parameters: dict[str, float],
    points: int,
    pictures: int,
    seeds: int,
    seed_sd: float,
    between: float,
) -> None:
    random = np.random.default_rng(points)
    x = np.geomspace(1e7, 1e10, points)
    u, center = np.log(x) - np.log(x).mean(), float(np.exp(np.log(x).mean()))
    inside = dict.fromkeys(parameters, 0)
    for _ in range(STUDIES):
        error, sd = study(truth(x) * np.exp(between * random.standard_normal(points)), pictures, seeds, seed_sd, random)
        fitted = fit_curve(lambda rows: law.curve(u[rows], u), np.log(error), sd / error, DRAWS, random)
        values, drawn = (law.parameters(theta, center) for theta in (fitted.theta[None], fitted.draws))
        for name, value in parameters.items():
            interval = uncertainty.estimate(float(values[name][0]), drawn[name])
            inside[name] += interval.low <= value <= interval.high
    assert all(LEAST <= count <= MOST for count in inside.values()), inside
