"""Clipping, momentum and loss scaling, against the same in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scaling.runner.compute.rates import Rates

pytestmark = pytest.mark.slow

RATES = Rates(0.1, momentum=0.9, weight_decay=0.01)


def tensors(*values: Any) -> list[Any]:
    from keras import ops

    return [ops.convert_to_tensor(np.asarray(value, np.float32)) for value in values]


def numbers(values: list[Any]) -> list[Any]:
    return [np.asarray(value).tolist() for value in values]


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_in_both_forms(nesterov: bool) -> None:
    from scaling.runner.compute.optimizer import OPTIMIZERS

    state = {"trainable": tensors([1.0, -2.0], [3.0]), "velocity": tensors([0.5, 0.5], [1.0])}
    optimizer = OPTIMIZERS["nesterov" if nesterov else "sgd"]
    changes = optimizer.changes(state, tensors([0.1, 0.2], [0.3]), [True, False], RATES, clips=False)
    after = {name: [old + by for old, by in zip(state[name], changes[name], strict=True)] for name in state}
    gradients = [np.array([0.1 + 0.01, 0.2 - 0.02]), np.array([0.3])]
    velocity = [0.9 * np.array([0.5, 0.5]) + gradients[0], 0.9 * np.array([1.0]) + gradients[1]]
    moves = [0.9 * v + g for v, g in zip(velocity, gradients, strict=True)] if nesterov else velocity
    for got, want in zip(after["velocity"], velocity, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)
    for got, weight, move in zip(after["trainable"], ([1.0, -2.0], [3.0]), moves, strict=True):
        np.testing.assert_allclose(got, np.array(weight) - 0.1 * move, rtol=1e-6)


def test_clipping_shortens_all_gradients_as_one_vector_before_the_penalty() -> None:
    from scaling.runner.compute.optimizer import OPTIMIZERS, clipped

    gradients = tensors([3.0, 0.0], [4.0])  # 5 long
    assert numbers(clipped(gradients, 5.0)) == [[3.0, 0.0], [4.0]]
    assert numbers(clipped(gradients, 100.0)) == [[3.0, 0.0], [4.0]]
    np.testing.assert_allclose(np.concatenate(clipped(gradients, 1.0)), [0.6, 0, 0.8], rtol=1e-6)
    assert numbers(clipped(tensors([0.0]), 1.0)) == [[0.0]]
    state = {"trainable": tensors([10.0, 10.0], [10.0]), "velocity": tensors([0.0, 0.0], [0.0])}
    changes = OPTIMIZERS["sgd"].changes(state, gradients, [True, True], RATES._replace(clip_norm=1.0), clips=True)
    np.testing.assert_allclose(np.concatenate(changes["velocity"]), [0.7, 0.1, 0.9], rtol=1e-6)


def test_rmsprop_is_that_of_keras_but_for_the_first_mean_square() -> None:
    import keras

    from scaling.runner.compute.optimizer import OPTIMIZERS

    random = np.random.default_rng(0)
    first = [random.normal(size=shape).astype(np.float32) for shape in ((3, 2), (4,))]
    rates = Rates(0.016, momentum=0.9, weight_decay=0.0)
    theirs = keras.optimizers.RMSprop(rates.learning_rate, rho=0.9, momentum=rates.momentum, epsilon=0.001)
    weights = [keras.Variable(array) for array in first]
    theirs.build(weights)
    for mean_square in theirs._velocities:
        mean_square.assign(np.ones(mean_square.shape))
    optimizer = OPTIMIZERS["rmsprop"]
    state: dict[str, Any] = {"trainable": first, **optimizer.init(first)}
    for _ in range(5):
        gradients = [random.normal(size=array.shape).astype(np.float32) for array in first]
        changes = optimizer.changes(state, tensors(*gradients), [0.0, 0.0], rates, clips=False)
        assert changes.keys() == state.keys() == {"trainable", *optimizer.slots}
        state = {name: [old + by for old, by in zip(state[name], changes[name], strict=True)] for name in state}
        theirs.apply(tensors(*gradients), weights)
    for got, weight, before in zip(state["trainable"], weights, first, strict=True):
        np.testing.assert_allclose(got, keras.ops.convert_to_numpy(weight), rtol=1e-5, atol=1e-6)
        assert np.abs(got - before).min() > 1e-3


def test_rmsprop_first_step_in_numbers() -> None:
    """TensorFlow 1's kernel: the mean square begins at 1, epsilon is under the root, the penalty is in the gradient."""
    from scaling.runner.compute.optimizer import OPTIMIZERS

    state = {"trainable": tensors([2.0]), "mean_square": tensors([1.0]), "velocity": tensors([0.5])}
    changes = OPTIMIZERS["rmsprop"].changes(state, tensors([0.3]), [1.0], RATES, clips=False)
    gradient = 0.3 + 0.01 * 2.0
    square = 1 + (gradient**2 - 1) * 0.1
    velocity = 0.9 * 0.5 + 0.1 * gradient / (square + 0.001) ** 0.5
    expected = {"trainable": -velocity, "mean_square": square - 1, "velocity": velocity - 0.5}
    for name, change in expected.items():
        np.testing.assert_allclose(changes[name][0], [change], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("gradient", "before", "after", "change", "loss"),
    [
        (1.0, [8.0, 0.0], [8.0, 1.0], 1.0, 0.5),
        (1.0, [8.0, 1999.0], [16.0, 0.0], 1.0, 0.5),
        (np.inf, [8.0, 1999.0], [4.0, 0.0], 0.0, 0.5),
        (np.nan, [8.0, 5.0], [4.0, 0.0], 0.0, 0.5),
        (np.nan, [1.0, 5.0], [1.0, 0.0], 0.0, np.nan),  # no scale is to blame
    ],
)
def test_the_scale_of_the_loss_falls_at_once_and_grows_slowly(
    gradient: float, before: list[float], after: list[float], change: float, loss: float
) -> None:
    from scaling.runner.compute.optimizer import if_finite

    changes, told = if_finite(
        tensors([0.0], [gradient]), {"trainable": tensors([gradient])}, tensors(*before), tensors(0.5)[0]
    )
    assert [old + by for old, by in zip(before, numbers(changes["loss_scale"]), strict=True)] == after
    assert numbers(changes["trainable"]) == [[change]]
    assert float(told) == pytest.approx(loss, nan_ok=True)
