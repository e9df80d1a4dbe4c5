"""Our ResNet-RS against that of `keras.applications` in Keras 2, which Keras 3 has not. Run by `make test-peers`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.models.weights import load_weights
from scaling.schema import Variant
from tests.peers.comparison import compare, norm_values, ours, pictures

# Keras 2's own deprecations are no concern of ours.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def random_keras_2(keras_2: Any, variant: Variant) -> Any:
    """Keras 2's network to logits, pictures normalised inside, batch norm with random scale, offset and statistics."""
    keras_2.utils.set_random_seed(1)
    shape = (variant.resolution, variant.resolution, 3)
    make = getattr(keras_2.applications, f"ResNetRS{variant.depth:g}")
    network = make(weights=None, input_shape=shape, classifier_activation=None)
    rng = np.random.default_rng(3)
    for layer in network.layers:
        if isinstance(layer, keras_2.layers.BatchNormalization):
            last = layer.name.endswith(("_batch_norm_3", "_projection_batch_norm"))
            layer.set_weights([*norm_values(rng, layer.gamma.shape[0], last).values()])
    return network


@pytest.mark.parametrize(
    "variant", [Variant(depth=50, resolution=160), Variant(depth=101, resolution=97)], ids=lambda variant: variant.name
)
def test_our_logits_are_keras_2_s(variant: Variant, tmp_path: Path) -> None:
    keras_2 = pytest.importorskip("tf_keras", reason="tf-keras is not installed: make test-peers")
    network = random_keras_2(keras_2, variant)
    network.save_weights(tmp_path / "keras_2.h5")
    load_weights(model := ours(variant), variant, tmp_path / "keras_2.h5")
    images = pictures(variant)
    compare("Keras 2", variant, np.asarray(model(images)), np.asarray(network(images)))
