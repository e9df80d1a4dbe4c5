"""Do 90% intervals hold the truth in about 90% of studies?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from scaling.analysis.equal_accuracy.compare import NODES, compare
from scaling.analysis.settings import collapse_seeds
from tests.analysis.simulated import Law, saturating, study

LAWS = {"slow start": saturating(0.66, 0.83, 0.15), "fast start": saturating(0.70, 0.80, 0.45)}
STUDIES, DRAWS = 30, 60


def log_cost(law: Law, accuracy: float) -> float:
    """The inverse of a law."""
    return float(brentq(lambda at: float(law(np.array(at))) - accuracy, -20, 20))


def log_speedup(accuracy: float) -> float:
    return log_cost(LAWS["fast start"], accuracy) - log_cost(LAWS["slow start"], accuracy)


CROSSING = brentq(log_speedup, 0.71, 0.7995)


Outcome: TypeAlias = tuple[list[bool], bool, list[bool]]
"""Whether each band's interval, the overall one, and each crossover's hold the truth."""


def outcomes(studies: int, draws: int, points: int = 8, **noise: float) -> Iterator[Outcome]:
    for seed in range(studies):
        frame = study(LAWS, points, np.random.default_rng(seed), **noise)  # type: ignore[arg-type]
        (pair,) = compare(collapse_seeds(frame), draws=draws).pairs
        truths = []
        held = []
        for band in pair.bands:
            at = np.linspace(band.accuracy_low, band.accuracy_high, NODES)
            truths.append(np.mean([log_speedup(accuracy) for accuracy in at]))
            held.append(bool(band.low <= np.exp(truths[-1]) <= band.high))
        assert pair.overall is not None
        overall = pair.overall.low <= np.exp(np.mean(truths)) <= pair.overall.high
        yield held, bool(overall), [one.low <= CROSSING <= one.high for one in pair.crossovers]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [{}, {"points": 14, "behind": 0.02}], ids=str)
def test_intervals_of_speedups_and_crossovers_hold_the_truth(noise: dict[str, float]) -> None:
    found = list(outcomes(STUDIES, DRAWS, **noise))
    each = np.mean([held for bands, _, _ in found for held in bands])
    together = np.mean([overall and all(bands) for bands, overall, _ in found])
    crossings = [held for _, _, crossings in found for held in crossings]
    # Bounded together: nine in ten of the studies are wanted; chance alone gives fewer in one of a thousand tests.
    assert each >= 0.9
    assert together >= binom.ppf(1e-3, STUDIES, 0.9) / STUDIES
    assert np.mean(crossings) >= binom.ppf(1e-3, len(crossings), 0.9) / len(crossings)
    assert len(crossings) >= 0.9 * STUDIES
