"""A network as data: a tree of layers that can be counted and can be built.

A network is a `Sequence` of nodes. Two nodes hold sequences of their own: `Residual` adds a branch to its shortcut,
`Gate` multiplies its input by a branch (squeeze-and-excitation). `complexity` reads the tree as parameters, MACs and
activations; `build` reads it as a `keras.Model`. Neither knows which family wrote the tree.

All feature maps are channels last, `(batch, height, width, channels)`; after `Tokens` they are `(batch, tokens,
features)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Activation: TypeAlias = Literal["relu", "swish", "sigmoid", "gelu"]

Padding: TypeAlias = Literal["fixed", "same", "valid"]
"""Of convolutions and depthwise ones.

`fixed`: `(kernel - 1) // 2` pixels in front and the rest behind, whatever the image size, as ResNet's released code
and PyTorch do. `same`: TensorFlow's, which on even sizes has one pixel less in front. Both give `ceil(size / stride)`
pixels a side. `valid`: none.
"""


class VarianceScaled(NamedTuple):
    """Random weights of variance `scale / fan`; the default is TensorFlow 1's for kernels."""

    scale: float = 1.0
    mode: Literal["fan_in", "fan_out"] = "fan_in"
    distribution: Literal["truncated_normal", "uniform"] = "truncated_normal"


TF1_KERNEL = VarianceScaled()


class Normal(NamedTuple):
    """Random weights of this standard deviation; `truncated` ones beyond two of them are drawn again."""

    deviation: float
    truncated: bool = False


Initial: TypeAlias = VarianceScaled | Normal
"""Of kernels; biases start at 0."""

RESNET_DENSE = Normal(0.01)
"""Released ResNet code."""


@dataclass(frozen=True)
class Conv:
    """A square convolution."""

    name: str
    filters: int
    kernel: int = 1
    stride: int = 1
    bias: bool = False
    padding: Padding = "fixed"
    initial: Initial = TF1_KERNEL


@dataclass(frozen=True)
class DepthwiseConv:
    """One `kernel` x `kernel` filter a channel."""

    name: str
    kernel: int
    stride: int = 1
    bias: bool = False
    padding: Padding = "fixed"
    initial: Initial = TF1_KERNEL


@dataclass(frozen=True)
class Norm:
    """Batch normalisation with scale and offset; `zero_scale` starts the scale at 0: a residual branch is then off."""

    name: str
    zero_scale: bool = False
    epsilon: float = 1e-5


@dataclass(frozen=True)
class LayerNorm:
    """Normalisation of each position over its channels, with scale and offset."""

    name: str
    epsilon: float = 1e-6


@dataclass(frozen=True)
class Scale:
    """A learned factor for each channel, all `initial` at first."""

    name: str
    initial: float


@dataclass(frozen=True)
class Activate:
    """A pointwise nonlinearity; `gelu` is the exact one."""

    name: str
    kind: Activation


@dataclass(frozen=True)
class Pool:
    """Max or average pooling with `ceil(size / stride)` output pixels a side.

    `fixed` padding, as of PyTorch's ResNets, is with zeros: for maps that are nowhere negative.
    """

    name: str
    kind: Literal["max", "average"]
    size: int
    stride: int
    padding: Literal["same", "fixed"] = "same"


@dataclass(frozen=True)
class GlobalPool:
    """The mean over height and width; `keep_axes` leaves `(batch, 1, 1, channels)`."""

    name: str
    keep_axes: bool = False


@dataclass(frozen=True)
class Dropout:
    """Dropout of single features, off at evaluation."""

    name: str
    rate: float


@dataclass(frozen=True)
class Dense:
    """A fully connected layer with bias, over the last axis."""

    name: str
    units: int
    initial: Initial = RESNET_DENSE


@dataclass(frozen=True)
class Tokens:
    """A feature map as a sequence of its pixels, a class token in front, learned positions added to all."""

    name: str


@dataclass(frozen=True)
class Attention:
    """Softmax attention of `heads` heads on a sequence of queries, keys and values, side by side: a third is left."""

    name: str
    heads: int


@dataclass(frozen=True)
class ClassToken:
    """The first of a sequence."""

    name: str


@dataclass(frozen=True)
class Gate:
    """Input times branch(input): the branch ends in one weight a channel, in (0, 1)."""

    name: str
    branch: tuple[Layer, ...]


@dataclass(frozen=True)
class Residual:
    """branch(input) + shortcut(input); the branch is dropped for a whole image with probability `drop_rate`.

    An empty shortcut is the identity. Kept branches are divided by `1 - drop_rate` (stochastic depth).
    """

    name: str
    branch: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()
    drop_rate: float = 0.0


Layer: TypeAlias = (
    Conv
    | DepthwiseConv
    | Norm
    | LayerNorm
    | Scale
    | Activate
    | Pool
    | GlobalPool
    | Dropout
    | Dense
    | Tokens
    | Attention
    | ClassToken
    | Gate
    | Residual
)


@dataclass(frozen=True)
class Network:
    """A classifier from images `(batch, resolution, resolution, channels)` to logits `(batch, classes)`."""

    name: str
    resolution: int
    channels: int
    layers: Sequence[Layer]


def conv_norm_act(name: str, filters: int, kernel: int, stride: int, activation: Activation) -> tuple[Layer, ...]:
    """The trio that ResNets are made of."""
    return (
        Conv(f"{name}_conv", filters, kernel, stride),
        Norm(f"{name}_norm"),
        Activate(f"{name}_act", activation),
    )


def squeeze_excite(
    name: str, channels: int, reduced: int, activation: Activation, initial: Initial = TF1_KERNEL
) -> Gate:
    """Squeeze-and-excitation on a map of `channels` channels, through `reduced` hidden ones."""
    return Gate(
        f"{name}_se",
        (
            GlobalPool(f"{name}_se_pool", keep_axes=True),
            Conv(f"{name}_se_reduce", reduced, bias=True, initial=initial),
            Activate(f"{name}_se_act", activation),
            Conv(f"{name}_se_expand", channels, bias=True, initial=initial),
            Activate(f"{name}_se_gate", "sigmoid"),
        ),
    )
