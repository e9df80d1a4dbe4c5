"""Curves fitted with a robust loss, many data sets at a time; linear parameters are solved inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scaling.analysis.uncertainty import Floats

Mask = npt.NDArray[np.bool_]

HUBER = 1.345
"""Standardised residuals beyond this weigh less; 95% as efficient as least squares on normal noise (Huber 1964)."""

_POLISHED = 2
_ENOUGH = 2000
_STEPS = 100
_SMALL = 1e-7


@dataclass(frozen=True)
class Curve:
    """`offset(shape) + columns(shape) @ linear` at n places; a leading axis of `shape` is one of data sets.

    Attributes:
        basis: shape `(sets, s)` to offset `(sets, n)` and columns `(sets, n, linear)`.
        bend: shape and linear parameters to derivatives of the curve by the shape, `(sets, n, s)`.
        starts: `(starts, s)`, shapes to begin from.
        low, high: `(s,)`, bounds of the shape.
        prior_sd: `(parameters,)`, how far each is expected from 0, and drawn towards it; None: nothing is expected.
    """

    basis: Callable[[Floats], tuple[Floats, Floats]]
    bend: Callable[[Floats, Floats], Floats]
    starts: Floats
    low: Floats
    high: Floats
    prior_sd: Floats | None = None

    @property
    def pull(self) -> Floats | float:
        """`(parameters,)`, by how much the loss grows with half the square of a parameter."""
        return 0.0 if self.prior_sd is None else 1 / self.prior_sd**2

    def at(self, theta: Floats) -> Floats:
        """The curve, `(sets, n)`, for parameters `(sets, s + linear)`: the shape first."""
        shapes = self.starts.shape[1]
        offset, columns = self.basis(theta[:, :shapes])
        line: Floats = offset + np.einsum("bnk,bk->bn", columns, theta[:, shapes:])
        return line

    def slopes(self, theta: Floats) -> Floats:
        """Derivatives by all parameters, `(sets, n, parameters)`."""
        shapes = self.starts.shape[1]
        columns = self.basis(theta[:, :shapes])[1]
        return np.concatenate([self.bend(theta[:, :shapes], theta[:, shapes:]), columns], axis=2)


@dataclass(frozen=True)
class Solution:
    """What a fit of several data sets gave.

    Attributes:
        theta: `(sets, parameters)`, the shape first.
        loss: `(sets,)`.
        converged: `(sets,)`, whether no step made the loss smaller any more.
        bound: `(sets,)`, whether a parameter of the shape ended at one of its bounds.
    """

    theta: Floats
    loss: Floats
    converged: Mask
    bound: Mask


def solve(curve: Curve, y: Floats, sd: Floats, expected: Floats | float = 0.0) -> Solution:
    """Fits the curve to every data set.

    Every start's linear parameters are solved for its shape; from the best two the whole is polished by damped
    Gauss-Newton steps with Huber's weights, and the better one stays.

    Args:
        curve: at n places.
        y: `(sets, n)`.
        sd: standard deviations, `(sets, n)` or `(n,)`; infinite for what is to be left out.
        expected: `(sets, parameters)`, where the curve's prior has its mean.
    """
    sd = np.broadcast_to(sd, y.shape)
    solutions = [_polish(curve, theta, y, sd, expected) for theta in _starts(curve, y, sd)]
    best = np.argmin([solution.loss for solution in solutions], axis=0)
    return Solution(*(np.stack(parts)[best, np.arange(len(y))] for parts in zip(*map(_parts, solutions), strict=True)))


def huber(z: Floats) -> Floats:
    """Huber's loss of standardised residuals: half the square, but linear beyond `HUBER`."""
    size = np.abs(z)
    return np.where(size <= HUBER, size**2 / 2, HUBER * size - HUBER**2 / 2)


def _parts(solution: Solution) -> tuple[Floats, Floats, Mask, Mask]:
    return solution.theta, solution.loss, solution.converged, solution.bound


def _starts(curve: Curve, y: Floats, sd: Floats) -> list[Floats]:
    """The best starts of each data set, linear parameters solved: `(sets, parameters)` each.

    Of many places some thousand are enough to choose by; that they are not every tenth keeps some of every fold.
    """
    some = slice(None, None, y.shape[1] // _ENOUGH // 10 * 10 + 1)
    y, weights = y[:, some], 1 / sd[:, some] ** 2
    starts = [_start(curve, shape, y, weights, some) for shape in curve.starts]
    order = np.argsort([loss for _, loss in starts], axis=0)[:_POLISHED]
    return list(np.stack([theta for theta, _ in starts])[order, np.arange(len(y))])


def _start(curve: Curve, shape: Floats, y: Floats, weights: Floats, some: slice) -> tuple[Floats, Floats]:
    """Parameters of each data set for a shape, and their losses."""
    offset, columns = (part[0, some] for part in curve.basis(shape[None]))
    size = columns.shape[1]
    products = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), size * size)
    normal = (weights @ products).reshape(len(y), size, size)
    normal = normal + np.eye(size) * (np.broadcast_to(curve.pull, len(shape) + size)[len(shape) :])
    linear = _solved(normal, ((y - offset) * weights) @ columns) if size else np.zeros((len(y), 0))
    theta = np.concatenate([np.broadcast_to(shape, (len(y), len(shape))), linear], axis=1)
    loss: Floats = huber((y - offset - linear @ columns.T) * np.sqrt(weights)).sum(axis=1)
    return theta, loss


def _loss(curve: Curve, theta: Floats, y: Floats, sd: Floats, expected: Floats | float) -> Floats:
    off = (curve.pull * (theta - expected) ** 2).sum(axis=1) / 2
    return np.asarray(huber((y - curve.at(theta)) / sd).sum(axis=1) + off)


def _polish(curve: Curve, theta: Floats, y: Floats, sd: Floats, expected: Floats | float) -> Solution:
    """Damped Gauss-Newton steps (Levenberg-Marquardt), each data set with its own damping, until none helps."""
    expected = np.broadcast_to(expected, theta.shape)
    theta, loss = theta.copy(), _loss(curve, theta, y, sd, expected)
    damping, going = np.full(len(y), 1e-3), np.ones(len(y), dtype=np.bool_)
    for _ in range(_STEPS):
        at = np.flatnonzero(going)
        if not len(at):
            break
        tried = _step(curve, theta[at], y[at], sd[at], damping[at], expected[at])
        after = _loss(curve, tried, y[at], sd[at], expected[at])
        gain = loss[at] - after
        better = gain > 0
        theta[at[better]], loss[at[better]] = tried[better], after[better]
        settled = (better & (gain <= _SMALL * (1 + loss[at]))) | (~better & (damping[at] > 1e6))
        damping[at] = np.where(better, damping[at] / 5, damping[at] * 8)
        going[at[settled | (~better & (gain > -1e-14 * (1 + loss[at])))]] = False
    shape = theta[:, : curve.starts.shape[1]]
    bound: Mask = np.any((shape <= curve.low) | (shape >= curve.high), axis=1)
    return Solution(theta, loss, ~going, bound)


def _step(curve: Curve, theta: Floats, y: Floats, sd: Floats, damping: Floats, expected: Floats) -> Floats:
    slopes = curve.slopes(theta)
    z = (y - curve.at(theta)) / sd
    weights = np.minimum(1.0, HUBER / np.fmax(np.abs(z), 1e-12)) / sd
    weighted = slopes * (weights / sd)[:, :, None]
    normal = np.swapaxes(weighted, 1, 2) @ slopes + np.eye(theta.shape[1]) * curve.pull
    gradient = np.einsum("bnk,bn->bk", slopes, weights * z) - curve.pull * (theta - expected)
    shapes = len(curve.low)
    held = np.zeros(theta.shape, dtype=np.bool_)
    held[:, :shapes] = ((theta[:, :shapes] <= curve.low) & (gradient[:, :shapes] < 0)) | (
        (theta[:, :shapes] >= curve.high) & (gradient[:, :shapes] > 0)
    )
    normal = np.where(held[:, :, None] | held[:, None, :], 0.0, normal)
    diagonal = np.einsum("bkk->bk", normal)
    normal = normal + np.eye(theta.shape[1]) * (damping[:, None] * diagonal + held)[:, :, None]
    moved = theta + _solved(normal, np.where(held, 0.0, gradient))
    moved[:, :shapes] = np.clip(moved[:, :shapes], curve.low, curve.high)
    return moved


def _solved(normal: Floats, right: Floats) -> Floats:
    """Normal equations, lightly regularised so that a parameter that the data say nothing of stays where it is."""
    ridge = 1e-12 * np.einsum("bkk->b", normal)[:, None, None] + 1e-300
    return np.linalg.solve(normal + ridge * np.eye(normal.shape[1]), right[:, :, None])[:, :, 0]
