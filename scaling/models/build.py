"""A network as a Keras model. With `scaling.models.kernels` all of this package that imports Keras."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras.src.applications.efficientnet import EfficientNet  # the general one; `keras.applications` exports B0 to B7
from numpy.typing import NDArray

from scaling.models import describe
from scaling.models.architecture import (
    Activate,
    Conv,
    Dense,
    Dropout,
    Gate,
    GlobalPool,
    Layer,
    Norm,
    Pool,
    Residual,
)
from scaling.models.initial import drawn
from scaling.models.kernels import BatchNorm, Conv2D, MaxPooling2D, of_these
from scaling.schema import Variant

NORM_EPSILON = 1e-5
"""Of ResNet-RS (released code); EfficientNet keeps 1e-3."""


def build(
    variant: Variant,
    *,
    classes: int,
    mean: Sequence[float],
    std: Sequence[float],
    dropout: float = 0.0,
    stochastic_depth: float = 0.0,
    norm_momentum: float = 0.9,
    norm_group: int | None = None,
    norm_synchronized: bool = False,
    precision: str = "float32",
) -> keras.Model:
    """Builds a variant.

    Args:
        variant: what to build.
        classes: number of logits.
        mean, std: per image channel, in [0, 1] units; their number is the number of channels.
        dropout, stochastic_depth: rates, see `scaling.schema.Recipe`.
        norm_momentum: of the batch-norm statistics.
        norm_group: images that are normalised together in training; None: all there are.
        norm_synchronized: whether replicas of TensorFlow normalise by the statistics of all their images together.
        precision: a Keras dtype policy; logits are float32 whatever it is.

    Returns:
        A model from images `(batch, resolution, resolution, channels)`, any number type, in [0, 255], to logits
        `(batch, classes)`. Its weights are meaningless until `initialize` or weights from elsewhere set them.

    Raises:
        ValueError: as `scaling.models.describe`.
    """
    network = describe(variant, channels=len(mean), classes=classes, dropout=dropout, stochastic_depth=stochastic_depth)
    with _dtype_policy(precision):
        images = keras.Input((network.resolution, network.resolution, network.channels), name="images")
        if variant.family == "efficientnet":
            logits = _efficientnet(variant, classes, mean, std, dropout, stochastic_depth, images)
        else:
            scale, offset = [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
            logits = _Builder().sequence(network.layers, kl.Rescaling(scale, offset)(images))
        logits = kl.Activation("linear", dtype="float32", name="logits")(logits)
    model = keras.Model(images, logits, name=variant.family)
    if variant.family == "efficientnet":  # by the same kernels, or the families' times would not compare
        model = keras.models.clone_model(model, clone_function=of_these)
    for layer in model.layers:
        if isinstance(layer, kl.BatchNormalization):
            layer.momentum, layer.group, layer.synchronized = norm_momentum, norm_group, norm_synchronized
    return model


def initialize(model: keras.Model, seed: int) -> None:
    """Gives every variable the value of `initial_values`."""
    values = initial_values(model, seed)
    for variable in model.variables:
        variable.assign(values[variable.path])


def initial_values(model: keras.Model, seed: int) -> dict[str, NDArray[Any]]:
    """What training from `seed` begins with, by variables' paths: a function of the seed and of their places alone.

    A model that has been trained is with them as good as a new one, so that the program compiled for it can be used
    again.
    """
    values = {variable.path: keras.ops.convert_to_numpy(variable.value) for variable in _constants(model)}
    for index, (layer, variable) in enumerate(_variables(model)):
        values[variable.path] = _initial_value(layer, variable, _fold(seed, index))
    return values


def _initial_value(layer: keras.Layer, variable: keras.Variable, seed: int) -> NDArray[Any]:
    if "seed_generator" in variable.path:
        return np.array([seed, 0], variable.dtype)
    initializer = getattr(layer, _initializer_name(layer, variable))
    initializer = initializer.meant if isinstance(initializer, _Later) else initializer
    value = drawn(type(initializer).__name__, initializer.get_config(), variable.shape, seed)
    if value is not None:
        return value
    plain: NDArray[Any] = keras.ops.convert_to_numpy(initializer(variable.shape, dtype=variable.dtype))
    return plain


class _Later(keras.initializers.Initializer):
    """Zeros, until `initialize` gives what is meant: JAX would compile a program for each shape of random weights."""

    def __init__(self, meant: keras.initializers.Initializer) -> None:
        self.meant = meant

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[np.float32]:
        return np.zeros(shape, dtype or "float32")


def _variables(model: keras.Model) -> Iterable[tuple[keras.Layer, keras.Variable]]:
    for layer in model.layers:
        if not isinstance(layer, kl.Normalization):
            for variable in layer.variables:
                yield layer, variable


def _constants(model: keras.Model) -> Iterable[keras.Variable]:
    """Of the normalisation that `keras.applications` has in its networks, which changes nothing."""
    return (one for layer in model.layers if isinstance(layer, kl.Normalization) for one in layer.variables)


def _initializer_name(layer: keras.Layer, variable: keras.Variable) -> str:
    if isinstance(layer, kl.DepthwiseConv2D) and variable.name == "kernel":
        return "depthwise_initializer"
    return f"{variable.name}_initializer"


def _fold(seed: int, index: int) -> int:
    """A 31-bit seed for the `index`-th variable."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{index}".encode()).digest()[:4], "big") >> 1


@contextlib.contextmanager
def _dtype_policy(precision: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _efficientnet(
    variant: Variant,
    classes: int,
    mean: Sequence[float],
    std: Sequence[float],
    dropout: float,
    stochastic_depth: float,
    images: keras.KerasTensor,
) -> keras.KerasTensor:
    """`keras.applications`' network; it divides by 255 itself, so what it gets is 255 times the normalised image."""
    scale, offset = [1 / s for s in std], [-255 * m / s for m, s in zip(mean, std, strict=True)]
    return EfficientNet(
        width_coefficient=variant.width,
        depth_coefficient=variant.depth,
        default_size=variant.resolution,
        dropout_rate=dropout,
        drop_connect_rate=stochastic_depth,
        weights=None,
        input_tensor=kl.Rescaling(scale, offset)(images),
        classes=classes,
        classifier_activation=None,
    ).output


class _Builder:
    """Reads layers as Keras calls, named as the data names them."""

    def sequence(self, layers: Iterable[Layer], x: keras.KerasTensor) -> keras.KerasTensor:
        for layer in layers:
            x = self._layer(layer, x)
        return x

    def _layer(self, layer: Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        match layer:
            case Conv():
                return self._conv(layer, x)
            case Norm(name=name, zero_scale=zero):
                return BatchNorm(
                    epsilon=NORM_EPSILON,
                    gamma_initializer="zeros" if zero else "ones",
                    name=name,
                )(x)
            case Activate(name=name, kind=kind):
                return kl.Activation(kind, name=name)(x)
            case Pool(name=name, kind=kind, size=size, stride=stride):
                pool = MaxPooling2D if kind == "max" else kl.AveragePooling2D
                return pool(size, stride, padding="same", name=name)(x)
            case GlobalPool(name=name, keep_axes=keep):
                return kl.GlobalAveragePooling2D(keepdims=keep, name=name)(x)
            case Dropout(name=name, rate=rate):
                return kl.Dropout(rate, name=name)(x) if rate else x
            case Dense(name=name, units=units):
                # Released code: normal with deviation 0.01.
                initializer = _Later(keras.initializers.RandomNormal(stddev=0.01))
                return kl.Dense(units, kernel_initializer=initializer, name=name)(x)
            case Gate(name=name, branch=branch):
                return kl.Multiply(name=name)([x, self.sequence(branch, x)])
            case Residual(name=name, branch=branch, shortcut=shortcut, drop_rate=rate):
                out = self.sequence(branch, x)
                if rate:
                    out = kl.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(out)
                return kl.Add(name=name)([self.sequence(shortcut, x), out])
            case _:
                raise TypeError(f"no ResNet-RS layer: {layer!r}")

    def _conv(self, layer: Conv, x: keras.KerasTensor) -> keras.KerasTensor:
        if layer.stride > 1 and layer.kernel > 1:
            before = (layer.kernel - 1) // 2
            pad = (before, layer.kernel - 1 - before)
            x = kl.ZeroPadding2D((pad, pad), name=f"{layer.name}_pad")(x)
        return Conv2D(
            layer.filters,
            layer.kernel,
            layer.stride,
            padding="same" if layer.stride == 1 else "valid",
            use_bias=layer.bias,
            kernel_initializer=_Later(keras.initializers.VarianceScaling()),  # TF1's default, as in the released code
            name=layer.name,
        )(x)
