"""Which rows of an array no other row dominates: less is better in every column, and equal rows stand together."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.intp]

_SAMPLE, _WORTHWHILE = 256, 0.2
"""Rows looked at to choose one that throws out others, and the part of all rows that it must throw out."""


def nondominated(costs: Floats) -> Mask:
    """Marks the rows that no other row dominates.

    A row dominates another if it is at most as large in every column and smaller in one. A few good rows first throw
    out what they dominate, which is nearly everything in most data. What is left takes n log n steps for two and three
    columns whatever the data, and front times n for more.

    Args:
        costs: `(rows, columns)`, two columns or more, no NaN.
    """
    mask = np.zeros(len(costs), dtype=np.bool_)
    if len(costs) == 0:
        return mask
    rows = _hopeful(np.ascontiguousarray(costs.T))
    rows = rows[_lexicographic(costs[rows])]
    ordered = costs[rows]
    new = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    find = {2: _of_two, 3: _of_three}.get(costs.shape[1], _of_many)
    mask[rows] = find(ordered[new])[np.cumsum(new) - 1]
    return mask


def _hopeful(columns: Floats) -> Rows:
    """Rows that are left when a good one has thrown out what it dominates, and another of those left, while it pays."""
    rows = columns.shape[1]
    if rows <= _SAMPLE:
        return np.arange(rows)
    kept = np.flatnonzero(_survive(columns, _pivot(columns)))
    return kept[_hopeful(columns[:, kept])] if len(kept) < (1 - _WORTHWHILE) * rows else kept


def _survive(columns: Floats, pivot: Floats) -> Mask:
    """Marks what a pivot does not dominate, column by column: reducing over so short an axis takes twice as long."""
    less: Mask = columns[0] < pivot[0]
    for column, value in zip(columns[1:], pivot[1:], strict=True):
        less |= column < value
    equal = np.flatnonzero(columns[0] == pivot[0])
    less[equal] |= (columns[:, equal] == pivot[:, None]).all(axis=0)
    return less


def _pivot(columns: Floats) -> Floats:
    """The row of a sample that dominates most of it."""
    sample = columns[:, :: columns.shape[1] // _SAMPLE]
    beats = np.ones((sample.shape[1], sample.shape[1]), dtype=np.bool_)
    for column in sample:
        beats &= column[:, None] <= column
    best: Floats = sample[:, beats.sum(axis=1).argmax()]
    return best


def _lexicographic(costs: Floats) -> Rows:
    """The order by the first column, then by the others where there are ties: quicker by far without."""
    order = np.argsort(costs[:, 0])
    first = costs[order, 0]
    return np.lexsort(costs.T[::-1]) if (first[1:] == first[:-1]).any() else order


def _of_two(ordered: Floats) -> Mask:
    """For distinct rows in lexicographic order: those below all before them in the second column."""
    second = ordered[:, 1]
    best_before = np.append(np.inf, np.minimum.accumulate(second)[:-1])
    below: Mask = (second < best_before) | (np.arange(len(second)) == 0)
    return below


def _of_three(ordered: Floats) -> Mask:
    """For distinct rows in lexicographic order: no row before it is as good in the second and the third column.

    The order is halved again and again. In each block, sorted by the second column, a row of the later half falls if
    the least third value among the rows of the earlier half that come before it is at most its own.
    """
    rows = len(ordered)
    levels = (rows - 1).bit_length()
    third = np.full(1 << levels, rows, dtype=np.int32)
    third[:rows] = np.unique(ordered[:, 2], return_inverse=True)[1]
    at = np.arange(1 << levels, dtype=np.int32)
    at[:rows] = np.argsort(ordered[:, 1], kind="stable")
    dominated = np.zeros(1 << levels, dtype=np.bool_)
    for level in range(levels):
        blocks = at.reshape(1 << level, -1)
        later = blocks & (1 << (levels - 1 - level)) != 0
        value = third[blocks]
        least = np.minimum.accumulate(np.where(later, rows, value), axis=1)
        dominated[blocks[later & (least <= value)]] = True
        halves = (blocks[~later].reshape(1 << level, -1), blocks[later].reshape(1 << level, -1))
        at = np.stack(halves, axis=1)
    return ~dominated[:rows]


def _of_many(ordered: Floats) -> Mask:
    """For distinct rows in lexicographic order: the first of those left is on the front; what it dominates leaves."""
    mask = np.zeros(len(ordered), dtype=np.bool_)
    left = np.arange(len(ordered))
    while len(left):
        mask[left[0]] = True
        left = left[(ordered[left] < ordered[left[0]]).any(axis=1)]
    return mask
