"""A network read as cost: parameters, multiply-accumulates and activations, without building it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

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
    Layer,
    LayerNorm,
    Network,
    Norm,
    Padding,
    Pool,
    Residual,
    Scale,
    Tokens,
)


@dataclass(frozen=True)
class Complexity:
    """What one forward pass of one image costs.

    Attributes:
        params: trainable parameters (batch-norm statistics are not trained and not counted; the paper, timm and pycls
            count the same way).
        macs: multiply-accumulates of convolutions, dense layers and the two products of attention. The ResNet-RS
            paper's "FLOPs" are twice this.
        activations: output elements of convolutions and dense layers, as pycls counts them (arXiv 2003.13678, 3.1).
    """

    params: int = 0
    macs: int = 0
    activations: int = 0

    def __add__(self, other: Complexity) -> Complexity:
        return Complexity(self.params + other.params, self.macs + other.macs, self.activations + other.activations)

    def __rmul__(self, times: int) -> Complexity:
        return Complexity(times * self.params, times * self.macs, times * self.activations)


@dataclass(frozen=True)
class _Map:
    """The shape of a feature map: `rows` x `columns` pixels of `channels` channels; a sequence has one column."""

    rows: int
    columns: int
    channels: int

    @property
    def pixels(self) -> int:
        return self.rows * self.columns

    def strided(self, kernel: int, stride: int, padding: Padding = "fixed") -> _Map:
        """After a convolution or pooling."""
        over = kernel - 1 if padding == "valid" else 0
        rows, columns = (-(-(size - over) // stride) for size in (self.rows, self.columns))
        return replace(self, rows=rows, columns=columns)


def count(network: Network) -> Complexity:
    """Counts the whole network at its resolution."""
    return sum(layer_costs(network), Complexity())


def layer_costs(network: Network) -> Iterator[Complexity]:
    """The cost of each of the network's own layers in turn, with all that stands inside it."""
    shape = _Map(network.resolution, network.resolution, network.channels)
    for layer in network.layers:
        shape, cost = _layer(layer, shape)
        yield cost


def _sequence(layers: Iterable[Layer], shape: _Map) -> tuple[_Map, Complexity]:
    total = Complexity()
    for layer in layers:
        shape, cost = _layer(layer, shape)
        total += cost
    return shape, total


def _layer(layer: Layer, shape: _Map) -> tuple[_Map, Complexity]:
    match layer:
        case Conv(filters=filters, kernel=kernel, stride=stride, bias=bias, padding=padding):
            out = replace(shape.strided(kernel, stride, padding), channels=filters)
            return _weighted(out, kernel * kernel * shape.channels, bias)
        case DepthwiseConv(kernel=kernel, stride=stride, bias=bias, padding=padding):
            return _weighted(shape.strided(kernel, stride, padding), kernel * kernel, bias)
        case Dense(units=units):
            return _weighted(replace(shape, channels=units), shape.channels, bias=True)
        case Norm() | LayerNorm():
            return shape, Complexity(params=2 * shape.channels)
        case Scale():
            return shape, Complexity(params=shape.channels)
        case Pool(size=size, stride=stride):
            return shape.strided(size, stride), Complexity()
        case GlobalPool() | ClassToken():
            return _Map(1, 1, shape.channels), Complexity()
        case Activate() | Dropout():
            return shape, Complexity()
        case Tokens():
            sequence = _Map(shape.pixels + 1, 1, shape.channels)
            return sequence, Complexity(params=(sequence.pixels + 1) * shape.channels)
        case Attention():
            out = replace(shape, channels=shape.channels // 3)
            return out, Complexity(macs=2 * shape.pixels * shape.pixels * out.channels)
        case Gate(branch=branch):
            _, cost = _sequence(branch, shape)
            return shape, cost
        case Residual(branch=branch, shortcut=shortcut):
            out, branch_cost = _sequence(branch, shape)
            _, shortcut_cost = _sequence(shortcut, shape)
            return out, branch_cost + shortcut_cost


def _weighted(out: _Map, weights: int, bias: bool) -> tuple[_Map, Complexity]:
    """Of a layer with so many weights for each output channel."""
    elements = out.pixels * out.channels
    return out, Complexity((weights + bias) * out.channels, weights * elements, elements)
