from __future__ import annotations

import keras
import numpy as np

from scaling.runner.compute.flat import Layout


def test_arrays_come_back_from_their_vector_in_order() -> None:
    values = [np.arange(6.0).reshape(2, 3), np.array([7, 8]), np.array(9.0), np.arange(4.0).reshape(1, 2, 2)]
    kinds = ["float32", "int32", "float32", "float32"]
    variables = [keras.Variable(value, dtype=kind) for value, kind in zip(values, kinds, strict=True)]
    layout = Layout.of(variables)
    flat = layout.flat(variables)
    assert [tuple(one.shape) for one in flat] == [(6 + 1 + 4,), (2,)]
    for value, same in zip(values, layout.arrays(flat), strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(same))
