"""Our kernels compute what Keras' own do; `test_replicas` has JAX' turn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from scaling.models.kernels import BatchNorm, Conv2D, MaxPooling2D


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


def differentiated(layer: keras.Layer, images: np.ndarray) -> list[np.ndarray]:
    """Outputs, and gradients for pictures and weights of a slope that differs from place to place."""
    random = np.random.default_rng(1)
    layer.build(images.shape)
    layer.set_weights([random.normal(0, 1, weight.shape) for weight in layer.weights])
    slopes = random.normal(0, 1, layer.compute_output_shape(images.shape)).astype("float32")
    if keras.backend.backend() == "jax":
        import jax

        trainable = [weight.value for weight in layer.trainable_variables]
        outputs, back = jax.vjp(lambda weights, x: layer.stateless_call(weights, [], x)[0], trainable, images)
        weights, inputs = back(slopes)
        return [np.asarray(one) for one in (outputs, inputs, *weights)]
    with tf.GradientTape() as tape:
        inputs = tf.Variable(images)
        outputs = layer(inputs)
    gradients = tape.gradient(outputs, [inputs, *(weight.value for weight in layer.trainable_variables)], slopes)
    return [np.asarray(one) for one in (outputs, *gradients)]


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (Conv2D, keras.layers.Conv2D, {"filters": 5, "kernel_size": 1}),
        (Conv2D, keras.layers.Conv2D, {"filters": 5, "kernel_size": 1, "use_bias": False}),
        (Conv2D, keras.layers.Conv2D, {"filters": 5, "kernel_size": 1, "strides": 2}),
        (Conv2D, keras.layers.Conv2D, {"filters": 5, "kernel_size": 3, "padding": "same"}),
        (MaxPooling2D, keras.layers.MaxPooling2D, {"pool_size": 3, "strides": 2, "padding": "same"}),
        (MaxPooling2D, keras.layers.MaxPooling2D, {"pool_size": 2, "strides": 2, "padding": "same"}),
    ],
)
@pytest.mark.parametrize("pixels", [7, 8])
def test_layers_are_keras_own(ours: type, theirs: type, options: dict[str, Any], pixels: int) -> None:
    images = np.random.default_rng(0).normal(0, 1, (3, pixels, pixels + 1, 4)).astype("float32")
    for got, want in zip(
        differentiated(ours(**options), images), differentiated(theirs(**options), images), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)
