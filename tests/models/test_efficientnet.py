"""EfficientNet as data is `keras.applications`' network, weight by weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scaling.models.families import efficientnet
from scaling.models.names import parse
from scaling.models.weights import variables

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["efficientnet_b0@64", "efficientnet_b0@75", "efficientnet_b3@96"])
def test_logits_are_those_of_keras_applications_with_its_weights(name: str) -> None:
    """At even and odd resolutions, since TensorFlow's padding depends on that; random statistics of batch norm too."""
    import keras

    from scaling.models.build import build

    variant = parse(name)
    ours = build(variant, classes=10, mean=(0.0,) * 3, std=(1.0,) * 3)
    factory = {"b0": keras.applications.EfficientNetB0, "b3": keras.applications.EfficientNetB3}
    shape = (variant.resolution, variant.resolution, 3)
    theirs = factory[name.split("_")[1].split("@")[0]](
        weights=None, classes=10, classifier_activation=None, input_shape=shape
    )
    random = np.random.default_rng(0)
    own = variables(ours)
    taken: set[str] = set()
    for path, variable in variables(theirs).items():
        if path.startswith("normalization"):
            continue
        target = efficientnet.keras(path)
        assert target, path
        value = spread(path, variable, random)
        variable.assign(value)
        own[target.name].assign(value.transpose(target.axes))
        taken.add(target.name)
    assert taken == own.keys()
    images = random.integers(0, 256, (4, *shape)).astype("float32")
    got, want = (np.asarray(model(images, training=False)) for model in (ours, theirs))
    assert np.ptp(want) > 0.1
    np.testing.assert_allclose(got, want, atol=1e-5 * max(1.0, float(np.abs(want).max())))


def spread(path: str, variable: Any, random: np.random.Generator) -> Any:
    """Weights about 1 for scales and variances, about 0 for the rest, so that activations stay in range."""
    shape = tuple(variable.shape)
    if path.endswith(("gamma", "moving_variance")):
        return random.uniform(0.8, 1.2, shape).astype("float32")
    fan = max(1, int(np.prod(shape[:-1]))) if len(shape) > 1 else 100
    return (random.standard_normal(shape) / np.sqrt(fan)).astype("float32")
