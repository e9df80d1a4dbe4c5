"""Clipping, momentum and loss scaling, against the same in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

RATES = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}


def tensors(*values: Any) -> list[Any]:
    from keras import ops

    return [ops.convert_to_tensor(np.asarray(value, np.float32)) for value in values]


def numbers(values: list[Any]) -> list[Any]:
    return [np.asarray(value).tolist() for value in values]


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_in_both_forms(nesterov: bool) -> None:
    from scaling.runner.compute.optimizer import sgd

    state = {"trainable": tensors([1.0, -2.0], [3.0]), "velocity": tensors([0.5, 0.5], [1.0])}
    changes = sgd(state, tensors([0.1, 0.2], [0.3]), [True, False], nesterov, RATES)
    after = {name: [old + by for old, by in zip(state[name], changes[name], strict=True)] for name in state}
    slopes = [np.array([0.1 + 0.01, 0.2 - 0.02]), np.array([0.3])]
    velocity = [0.9 * np.array([0.5, 0.5]) + slopes[0], 0.9 * np.array([1.0]) + slopes[1]]
    moves = [0.9 * v + g for v, g in zip(velocity, slopes, strict=True)] if nesterov else velocity
    for got, want in zip(after["velocity"], velocity, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)
    for got, weight, move in zip(after["trainable"], ([1.0, -2.0], [3.0]), moves, strict=True):
        np.testing.assert_allclose(got, np.array(weight) - 0.1 * move, rtol=1e-6)


def test_clipping_shortens_all_gradients_as_one_vector_before_the_penalty() -> None:
    from scaling.runner.compute.optimizer import clipped, sgd

    slopes = tensors([3.0, 0.0], [4.0])  # 5 long
    assert numbers(clipped(slopes, 5.0)) == [[3.0, 0.0], [4.0]]
    assert numbers(clipped(slopes, 100.0)) == [[3.0, 0.0], [4.0]]
    np.testing.assert_allclose(np.concatenate(clipped(slopes, 1.0)), [0.6, 0, 0.8], rtol=1e-6)
    assert numbers(clipped(tensors([0.0]), 1.0)) == [[0.0]]
    state = {"trainable": tensors([10.0, 10.0], [10.0]), "velocity": tensors([0.0, 0.0], [0.0])}
    changes = sgd(state, slopes, [True, True], False, {**RATES, "clip_norm": 1.0})
    np.testing.assert_allclose(np.concatenate(changes["velocity"]), [0.7, 0.1, 0.9], rtol=1e-6)


@pytest.mark.parametrize(
    ("slope", "before", "after", "change", "loss"),
    [
        (1.0, [8.0, 0.0], [8.0, 1.0], 1.0, 0.5),
        (1.0, [8.0, 1999.0], [16.0, 0.0], 1.0, 0.5),
        (np.inf, [8.0, 1999.0], [4.0, 0.0], 0.0, 0.5),
        (np.nan, [8.0, 5.0], [4.0, 0.0], 0.0, 0.5),
        (np.nan, [1.0, 5.0], [1.0, 0.0], 0.0, np.nan),  # no scale is to blame
    ],
)
def test_the_scale_of_the_loss_falls_at_once_and_grows_slowly(
    slope: float, before: list[float], after: list[float], change: float, loss: float
) -> None:
    from scaling.runner.compute.optimizer import if_finite

    changes, told = if_finite(
        tensors([0.0], [slope]), {"trainable": tensors([slope])}, tensors(*before), tensors(0.5)[0]
    )
    assert [old + by for old, by in zip(before, numbers(changes["loss_scale"]), strict=True)] == after
    assert numbers(changes["trainable"]) == [[change]]
    assert float(told) == pytest.approx(loss, nan_ok=True)
