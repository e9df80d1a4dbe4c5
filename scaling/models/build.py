"""A network as a Keras model: of our kernels, to be trained, or of Keras' own layers alone, to be given away."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from scaling.models import Head, check, describe, family_of
from scaling.models.architecture import (
    Activate,
    Attention,
    ClassToken,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Gate,
    GlobalPool,
    Initial,
    Layer,
    LayerNorm,
    Norm,
    Normal,
    Pool,
    Residual,
    Scale,
    Tokens,
)
from scaling.models.initial import drawn
from scaling.models.keras_layers import ClassTokenAndPositions, FirstToken, LayerScale, SelfAttention
from scaling.models.kernels import BatchNorm, Conv2D, MaxPooling2D
from scaling.models.weights import variables
from scaling.schema import Variant


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
    frozen: Callable[[str], bool] = lambda layer: False,
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
        frozen: whether a layer of this name is not trained; its batch norm keeps its statistics.

    Returns:
        A model from images `(batch, resolution, resolution, channels)`, any number type, in [0, 255], to logits
        `(batch, classes)`. Its weights are meaningless until `initialize` or weights from elsewhere set them.

    Raises:
        ValueError: as `scaling.models.describe`; and of a family from outside, where its function gives no such model.
    """
    check(variant)
    anew: Callable[[], keras.Model] | None = None
    family, scale = family_of(variant.family), [1 / (255 * s) for s in std]
    offset = [-m / s for m, s in zip(mean, std, strict=True)]
    with _dtype_policy(precision):
        images = keras.Input((variant.resolution, variant.resolution, len(mean)), name="images")
        normalized = kl.Rescaling(scale, offset)(images)
        if family.model is None:
            rates = {"dropout": dropout, "stochastic_depth": stochastic_depth}
            network = describe(variant, channels=len(mean), classes=classes, **rates)
            logits = _Builder().sequence(network.layers, normalized)
        else:
            anew = functools.partial(family.model, variant, Head(len(mean), classes, dropout, stochastic_depth))
            logits = anew()(normalized)
        logits = kl.Activation("linear", dtype="float32", name="logits")(logits)
    model = keras.Model(images, logits, name=variant.family.replace(":", "."))
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, kl.BatchNormalization):
            if norm_group and not isinstance(layer, BatchNorm):
                raise ValueError(
                    f"family {variant.family!r} has Keras' own batch norm, which knows no batch_norm_group"
                )
            layer.momentum, layer.group, layer.synchronized = norm_momentum, norm_group, norm_synchronized
        layer.trainable = not frozen(layer.name)
    model.anew = anew
    return model


def plain(
    variant: Variant,
    values: Mapping[str, NDArray[Any]],
    *,
    classes: int,
    mean: Sequence[float],
    std: Sequence[float],
    by_error_function: bool = False,
) -> keras.Model:
    """A trained network for others: of Keras' own layers alone, so that it is loaded where this package is not.

    Args:
        variant: what to build.
        values: of all weights, named as by `scaling.models.weights.variables`.
        classes, mean, std: as of `build`.
        by_error_function: whether GELU is written out, for converters that do not know it.

    Returns:
        A model from images `(batch, resolution, resolution, channels)`, float32 in [0, 255], to logits
        `(batch, classes)`. Where the family is from outside, its layers are those of its function.
    """
    family = family_of(variant.family)
    images = keras.Input((variant.resolution, variant.resolution, len(mean)), name="images")
    normalized = kl.Rescaling([1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)])(images)
    if family.model is not None:
        logits = family.model(variant, Head(len(mean), classes))(normalized)
    else:
        network = describe(variant, channels=len(mean), classes=classes)
        logits = _PlainBuilder(values, by_error_function).sequence(network.layers, normalized)
    model = keras.Model(images, logits, name=variant.family.replace(":", "."))
    model.anew = None if family.model is None else family.model
    for name, variable in variables(model).items():
        variable.assign(values[name])
    return model


def initialize(model: keras.Model, seed: int) -> None:
    """Gives every variable the value of `initial_values`."""
    values = initial_values(model, seed)
    for variable in model.variables:
        variable.assign(values[variable.path])


def initial_values(model: keras.Model, seed: int) -> dict[str, NDArray[Any]]:
    """What training from `seed` begins with, by variables' paths: a function of the seed and of their places alone.

    A model that has been trained is with them as good as a new one, so that the program compiled for it can be used
    again. A family from outside draws its own, from Keras' seed.
    """
    values: dict[str, NDArray[Any]] = {}
    if model.anew is not None:
        keras.utils.set_random_seed(seed)
        for own, other in zip(model.variables, model.anew().variables, strict=True):
            if own.path in values:
                raise ValueError(f"family: two variables are called {own.path}; give their layers names of their own")
            values[own.path] = keras.ops.convert_to_numpy(other)
        return values
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
    return ((layer, variable) for layer in model.layers for variable in layer.variables)


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


class _Builder:
    """Reads layers as Keras calls, named as the data names them."""

    convolution: type[kl.Conv2D] = Conv2D

    def initializer(self, initial: Initial) -> keras.initializers.Initializer:
        return _Later(_initializer(initial))

    def sequence(self, layers: Iterable[Layer], x: keras.KerasTensor) -> keras.KerasTensor:
        for layer in layers:
            x = self._layer(layer, x)
        return x

    def _layer(self, layer: Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        match layer:
            case Conv() | DepthwiseConv():
                return _convolved(layer, x, self.convolution, self.initializer(layer.initial))
            case Pool(padding="fixed"):
                padded = _zero_padded(layer.name, layer.size, x)
                return self.whole(replace(layer, padding="same"), padded, "valid")
            case Dense(name=name, units=units, initial=initial):
                return kl.Dense(units, kernel_initializer=self.initializer(initial), name=name)(x)
            case Gate(name=name, branch=branch):
                return kl.Multiply(name=name)([x, self.sequence(branch, x)])
            case Residual(name=name, branch=branch, shortcut=shortcut, drop_rate=rate):
                out = self.sequence(branch, x)
                if rate:
                    whole_image = (None, *(1 for _ in out.shape[1:]))
                    out = kl.Dropout(rate, noise_shape=whole_image, name=f"{name}_drop")(out)
                return kl.Add(name=name)([self.sequence(shortcut, x), out])
            case Dropout(rate=0):
                return x
            case _:
                return self.whole(layer, x)

    def whole(self, layer: Layer, x: keras.KerasTensor, padding: str = "same") -> keras.KerasTensor:
        """A layer that has no layers in it; `padding` is of pooling."""
        return _keras_layer(layer, padding)(x)


class _PlainBuilder(_Builder):
    """Without layers of ours: what Keras has none for is written as operations, and its weights as constants."""

    convolution = kl.Conv2D

    def initializer(self, initial: Initial) -> keras.initializers.Initializer:
        return _initializer(initial)

    def __init__(self, values: Mapping[str, NDArray[Any]], by_error_function: bool) -> None:
        self._values, self._by_error_function = values, by_error_function

    def whole(self, layer: Layer, x: keras.KerasTensor, padding: str = "same") -> keras.KerasTensor:
        match layer:
            case Norm(name=name, epsilon=epsilon):
                return kl.BatchNormalization(epsilon=epsilon, name=name)(x)
            case Pool(name=name, kind="max", size=size, stride=stride):
                return kl.MaxPooling2D(size, stride, padding=padding, name=name)(x)
            case Scale(name=name):
                return keras.ops.multiply(x, self._values[f"{name}/gamma"])
            case Tokens(name=name):
                _, height, width, channels = x.shape
                pixels = kl.ZeroPadding1D((1, 0))(kl.Reshape((height * width, channels))(x))
                offsets = np.array(self._values[f"{name}/positions"])
                offsets[:, 0] += self._values[f"{name}/class_token"][:, 0]
                return keras.ops.add(pixels, offsets)
            case Attention(heads=heads):
                _, tokens, channels = x.shape
                parts = kl.Reshape((tokens, 3, heads, channels // (3 * heads)))(x)
                mixed = keras.ops.dot_product_attention(parts[:, :, 0], parts[:, :, 1], parts[:, :, 2])
                return kl.Reshape((tokens, channels // 3))(mixed)
            case ClassToken():
                return x[:, 0]
            case Activate(kind="gelu") if self._by_error_function:
                return x * (0.5 * (1.0 + keras.ops.erf(x * math.sqrt(0.5))))
            case _:
                return super().whole(layer, x, padding)


def _keras_layer(layer: Layer, padding: str = "same") -> keras.Layer:
    """Of a layer that is one of Keras, and has no layers in it; `padding` is of pooling."""
    match layer:
        case Norm(name=name, zero_scale=zero, epsilon=epsilon):
            return BatchNorm(epsilon=epsilon, gamma_initializer="zeros" if zero else "ones", name=name)
        case LayerNorm(name=name, epsilon=epsilon):
            return kl.LayerNormalization(epsilon=epsilon, name=name)
        case Scale(name=name, initial=value):
            return LayerScale(value, name=name)
        case Activate(name=name, kind=kind):
            return kl.Activation(kind, name=name)
        case Pool(name=name, kind=kind, size=size, stride=stride):
            pool = MaxPooling2D if kind == "max" else kl.AveragePooling2D
            return pool(size, stride, padding=padding, name=name)
        case GlobalPool(name=name, keep_axes=keep):
            return kl.GlobalAveragePooling2D(keepdims=keep, name=name)
        case Dropout(name=name, rate=rate):
            return kl.Dropout(rate, name=name)
        case Tokens(name=name):
            return ClassTokenAndPositions(_Later(_initializer(Normal(0.02, truncated=True))), name=name)
        case Attention(name=name, heads=heads):
            return SelfAttention(heads, name=name)
        case ClassToken(name=name):
            return FirstToken(name=name)
        case _:
            raise TypeError(f"no layer that can be built: {layer!r}")


def _convolved(
    layer: Conv | DepthwiseConv,
    x: keras.KerasTensor,
    kind: type[kl.Conv2D],
    initializer: keras.initializers.Initializer,
) -> keras.KerasTensor:
    padding = layer.padding
    if padding == "fixed":
        padding = "same" if layer.stride == 1 else "valid"
        if layer.stride > 1 and layer.kernel > 1:
            x = _zero_padded(layer.name, layer.kernel, x)
    rest = {"padding": padding, "use_bias": layer.bias, "name": layer.name}
    if isinstance(layer, DepthwiseConv):
        return kl.DepthwiseConv2D(layer.kernel, layer.stride, depthwise_initializer=initializer, **rest)(x)
    return kind(layer.filters, layer.kernel, layer.stride, kernel_initializer=initializer, **rest)(x)


def _zero_padded(name: str, kernel: int, x: keras.KerasTensor) -> keras.KerasTensor:
    before = (kernel - 1) // 2
    pad = (before, kernel - 1 - before)
    return kl.ZeroPadding2D((pad, pad), name=f"{name}_pad")(x)


def _initializer(initial: Initial) -> keras.initializers.Initializer:
    if isinstance(initial, Normal):
        kind = keras.initializers.TruncatedNormal if initial.truncated else keras.initializers.RandomNormal
        return kind(stddev=initial.deviation)
    return keras.initializers.VarianceScaling(initial.scale, initial.mode, initial.distribution)
