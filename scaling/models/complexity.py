"""A network read as cost: parameters, multiply-accumulates and activations, without building it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scaling.models.architecture import (
    Activate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Gate,
    GlobalPool,
    Layer,
    Network,
    Norm,
    Pool,
    Residual,
)


@dataclass(frozen=True)
class Complexity:
    """What one forward pass of one image costs.

    Attributes:
        params: trainable parameters (batch-norm statistics are not trained and not counted; the paper, timm and pycls
            count the same way).
        macs: multiply-accumulates of convolutions and dense layers. The ResNet-RS paper's "FLOPs" are twice this.
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
    """The shape of a feature map: `size` x `size` pixels of `channels` channels."""

    size: int
    channels: int

    @property
    def elements(self) -> int:
        return self.size * self.size * self.channels


def count(network: Network) -> Complexity:
    """Counts the whole network at its resolution."""
    return sum(layer_costs(network), Complexity())


def layer_costs(network: Network) -> Iterator[Complexity]:
    """The cost of each of the network's own layers in turn, with all that stands inside it."""
    shape = _Map(network.resolution, network.channels)
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
        case Conv(filters=filters, kernel=kernel, stride=stride, bias=bias):
            out = _Map(_strided(shape.size, stride), filters)
            weights = kernel * kernel * shape.channels
            return out, Complexity((weights + bias) * filters, weights * out.elements, out.elements)
        case DepthwiseConv(kernel=kernel, stride=stride):
            out = _Map(_strided(shape.size, stride), shape.channels)
            weights = kernel * kernel
            return out, Complexity(weights * shape.channels, weights * out.elements, out.elements)
        case Dense(units=units):
            return _Map(1, units), Complexity((shape.channels + 1) * units, shape.channels * units, units)
        case Norm():
            return shape, Complexity(params=2 * shape.channels)
        case Pool(stride=stride):
            return _Map(_strided(shape.size, stride), shape.channels), Complexity()
        case GlobalPool():
            return _Map(1, shape.channels), Complexity()
        case Activate() | Dropout():
            return shape, Complexity()
        case Gate(branch=branch):
            _, cost = _sequence(branch, shape)
            return shape, cost
        case Residual(branch=branch, shortcut=shortcut):
            out, branch_cost = _sequence(branch, shape)
            _, shortcut_cost = _sequence(shortcut, shape)
            return out, branch_cost + shortcut_cost


def _strided(size: int, stride: int) -> int:
    return -(-size // stride)
