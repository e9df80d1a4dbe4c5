"""EfficientNet as data is `keras.applications`' network, weight by weight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.models.families import efficientnet
from scaling.models.names import parse
from scaling.models.weights import load_weights, variables
from tests.models.weight_files import write_keras_2

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


def test_weights_that_keras_wrote_are_read_into_its_logits(tmp_path: Path) -> None:
    """A file in the layout of Keras' released weights, and with a layer less, which is named."""
    import keras

    from scaling.models.build import build

    theirs = keras.applications.EfficientNetB0(
        weights=None, classes=10, classifier_activation=None, input_shape=(64, 64, 3)
    )
    random = np.random.default_rng(0)
    held = {}
    for path, variable in variables(theirs).items():
        if not path.startswith("normalization"):
            variable.assign(spread(path, variable, random))
        held[path] = np.asarray(variable)
    write_keras_2(tmp_path / "b0.h5", held)
    variant = parse("efficientnet_b0@64")
    ours = build(variant, classes=10, mean=(0.0,) * 3, std=(1.0,) * 3)
    load_weights(ours, variant, tmp_path / "b0.h5")
    images = random.integers(0, 256, (4, 64, 64, 3)).astype("float32")
    got, want = (np.asarray(model(images, training=False)) for model in (ours, theirs))
    np.testing.assert_allclose(got, want, atol=1e-5 * max(1.0, float(np.abs(want).max())))
    write_keras_2(tmp_path / "less.h5", {path: value for path, value in held.items() if "block2b_se" not in path})
    with pytest.raises(ValueError, match=r"less\.h5: not this network\n  missing: block2_2_se_reduce/kernel"):
        load_weights(ours, variant, tmp_path / "less.h5")


def spread(path: str, variable: Any, random: np.random.Generator) -> Any:
    """Weights about 1 for scales and variances, about 0 for the rest, so that activations stay in range."""
    shape = tuple(variable.shape)
    if path.endswith(("gamma", "moving_variance")):
        return random.uniform(0.8, 1.2, shape).astype("float32")
    fan = max(1, int(np.prod(shape[:-1]))) if len(shape) > 1 else 100
    return (random.standard_normal(shape) / np.sqrt(fan)).astype("float32")
