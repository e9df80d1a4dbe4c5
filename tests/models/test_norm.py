from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from scaling.models.norm import BatchNorm


def passed(kind: type[keras.layers.BatchNormalization], training: bool) -> dict[str, np.ndarray]:
    """Outputs, gradients and statistics after one batch that is far from normal."""
    random = np.random.default_rng(0)
    images, slopes = (random.normal(3, 2, (4, 5, 5, 6)).astype("float32") for _ in range(2))
    layer = kind(momentum=0.7, epsilon=1e-5)
    layer.build(images.shape)
    layer.set_weights([random.uniform(0.5, 1.5, 6) for _ in range(4)])
    with tf.GradientTape() as tape:
        inputs = tf.Variable(images)
        outputs = layer(inputs, training=training)
    gradients = tape.gradient(outputs, [inputs, layer.gamma.value, layer.beta.value], slopes)
    return {
        "outputs": outputs.numpy(),
        "mean": np.array(layer.moving_mean),
        "variance": np.array(layer.moving_variance),
        **{f"gradient {i}": value.numpy() for i, value in enumerate(gradients)},
    }


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere it is Keras' own")
@pytest.mark.parametrize("training", [True, False])
def test_it_is_keras_own_batch_norm(training: bool) -> None:
    ours, theirs = passed(BatchNorm, training), passed(keras.layers.BatchNormalization, training)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-4, atol=1e-4, err_msg=name)
