"""The loss is cross-entropy to smoothed labels."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed_labels_spread_their_share_over_all_classes(smoothing: float) -> None:
    from keras import ops

    from scaling.runner.compute.objective import cross_entropy

    logits = np.random.default_rng(0).standard_normal((6, 5)).astype("float32")
    labels = np.arange(6, dtype="int32") % 5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    target = (1 - smoothing) * np.eye(5)[labels] + smoothing / 5
    expected = -(target * np.log(probabilities)).sum(axis=1)
    found = ops.convert_to_numpy(cross_entropy(ops.convert_to_tensor(logits), ops.convert_to_tensor(labels), smoothing))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
