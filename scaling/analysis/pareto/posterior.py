"""What true accuracies may be, given what was measured: nearer to each other than the measured ones.

Of many networks the one that was measured best was lucky more often than not. Accuracies drawn about the measured ones
carry the noise twice, which makes lucky networks surely better than they are, and unlucky ones surely worse. Here each
is drawn towards what networks of its cost reach, the more the larger its noise is beside what they truly differ by.
"""

from __future__ import annotations

import numpy as np

from scaling.analysis.uncertainty import Floats

LEAST_SCATTER = 0.1
"""Of the variance of the noise: settings are never taken to lie on one smooth curve, which the noise may hide."""

LEAST_FREEDOM = 3
"""Settings beyond the terms of the trend; with fewer the accuracies stay as they were measured."""

_POINTS_A_TERM = 4
"""Settings that each term of the trend takes, beyond a level."""


def shrunk(top1: Floats, top1_sd: Floats, costs: Floats, drawn: Floats, random: np.random.Generator) -> Floats:
    """Draws of the true accuracies, `(draws, n)`.

    The trend is linear in the log of each cost, with squares where settings are enough. What settings truly differ by
    beside it is the scatter about it less their noise; both are as doubtful as so few settings leave them.

    Args:
        top1, top1_sd: `(n,)`, measured, and its noise.
        costs: `(n, costs)`, of which less is better; any sign.
        drawn: `(draws, n)`, accuracies redrawn about the measured ones.
        random: numbers.
    """
    terms = _terms(costs)
    freedom = len(top1) - terms.shape[1]
    if freedom < LEAST_FREEDOM:
        return drawn
    inverse = np.linalg.pinv(terms)
    off = top1 - terms @ (inverse @ top1)
    chance = freedom / random.chisquare(freedom, (len(drawn), 1))
    scatter = off @ off / freedom * chance
    between = np.fmax(scatter - np.mean(top1_sd**2), LEAST_SCATTER * np.mean(top1_sd**2))
    doubt = np.sqrt(scatter) * random.standard_normal((len(drawn), len(top1))) @ inverse.T
    trend = (inverse @ top1 + doubt) @ terms.T
    weight = between / (between + np.fmax(top1_sd**2, 1e-18))
    return np.asarray(trend + weight * (top1 - trend) + np.sqrt(weight) * (drawn - top1))


def _terms(costs: Floats) -> Floats:
    """`(n, terms)`, orthonormal; without those that add nothing, as where all costs are of two levels."""
    positive = costs > 0
    logs = np.where(positive.all(axis=0), np.log(np.where(positive, costs, 1.0)), costs)
    logs = (logs - logs.mean(axis=0)) / np.fmax(logs.std(axis=0), 1e-12)
    most = 1 + max(0, (len(costs) - 1) // _POINTS_A_TERM)
    terms = np.ones((len(costs), 1))
    for term in (*logs.T, *(logs**2).T):
        more = np.column_stack([terms, term])
        if more.shape[1] <= most and np.linalg.matrix_rank(more) == more.shape[1]:
            terms = more
    return np.asarray(np.linalg.qr(terms)[0])
