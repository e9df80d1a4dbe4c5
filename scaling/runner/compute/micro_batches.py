"""A batch computed in parts, one after the other, for less memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from keras import ops

from scaling.runner.compute import backend
from scaling.runner.compute.backend import Batch, State, Tensor
from scaling.runner.compute.optimizer import is_real

BackwardPass: TypeAlias = tuple[list[Tensor], list[Tensor], Tensor, Tensor]
"""Gradients of the mean loss, `fixed` weights afterwards, the mean loss, the number of correct answers."""


def over_parts(
    of_part: Callable[[list[Tensor], Batch], BackwardPass], state: State, batch: Batch, parts: int, group: int = 1
) -> BackwardPass:
    """The mean of `of_part(fixed, part)` over `parts` equal parts of a batch, each of whole groups of images.

    Random states go on from part to part. Batch-norm statistics start each part from where the step did and are
    averaged, so that their momentum means the same for any number of parts.
    """
    if parts == 1:
        return of_part(state["fixed"], batch)
    columns = {name: _columns(rows, parts, group) for name, rows in batch.items()}

    def add(i: Tensor, sums: Any) -> Any:
        fixed = [old if is_real(old) else last for old, last in zip(state["fixed"], sums[1], strict=True)]
        gradients, fixed, loss, correct = of_part(
            fixed, {name: _joined(ops.take(rows, i, axis=1)) for name, rows in columns.items()}
        )
        return (
            [so_far + gradient / parts for so_far, gradient in zip(sums[0], gradients, strict=True)],
            [so_far + array / parts if is_real(array) else array for so_far, array in zip(sums[1], fixed, strict=True)],
            sums[2] + loss / parts,
            sums[3] + correct,
        )

    nothing = (
        [ops.zeros_like(weight) for weight in state["trainable"]],
        [ops.zeros_like(array) if is_real(array) else array for array in state["fixed"]],
        ops.zeros(()),
        ops.zeros(()),
    )
    return backend.repeat(add, nothing, parts)


def _columns(rows: Tensor, parts: int, group: int) -> Tensor:
    """`(groups / parts, parts, group, ...)`: part i is groups i, i + parts, ...: no device needs another's."""
    return ops.reshape(rows, (rows.shape[0] // (parts * group), parts, group, *rows.shape[1:]))


def _joined(groups: Tensor) -> Tensor:
    """`(groups, group, ...)` as rows."""
    return ops.reshape(groups, (groups.shape[0] * groups.shape[1], *groups.shape[2:]))
