"""Arrays as a vector and what is left beside it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from scaling.runner.compute import flat
from scaling.runner.compute.flat import Layout

VALUES = [np.arange(6.0).reshape(2, 3), np.array([7, 8]), np.array(9.0), np.arange(4.0).reshape(1, 2, 2)]
KINDS = ["float32", "int32", "float32", "float32"]


@pytest.fixture
def variables() -> list[keras.Variable]:
    return [keras.Variable(value, dtype=kind) for value, kind in zip(VALUES, KINDS, strict=True)]


@pytest.mark.parametrize(("large", "shapes"), [(100, [(6 + 1 + 4,), (2,)]), (5, [(1 + 4,), (2, 3), (2,)])])
def test_arrays_come_back_in_order(
    variables: list[keras.Variable], monkeypatch: pytest.MonkeyPatch, large: int, shapes: list[tuple[int, ...]]
) -> None:
    monkeypatch.setattr(flat, "LARGE", large)
    layout = Layout.of(variables)
    joined = layout.flat(variables)
    assert [tuple(one.shape) for one in joined] == shapes
    for value, same in zip(VALUES, layout.arrays(joined), strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(same))


@pytest.mark.parametrize("large", [100, 5])
def test_a_number_for_each_array_multiplies_all_of_it(
    variables: list[keras.Variable], monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(flat, "LARGE", large)
    layout = Layout.of(variables)
    products = [
        keras.ops.cast(one, "float32") * number
        for one, number in zip(layout.flat(variables), layout.of_each([2.0, 1.0, 3.0, 0.5]), strict=True)
    ]
    for value, number, got in zip(VALUES, (2.0, 1.0, 3.0, 0.5), layout.arrays(products), strict=True):
        np.testing.assert_array_equal(value * number, keras.ops.convert_to_numpy(got))
