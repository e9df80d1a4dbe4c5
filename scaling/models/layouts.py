"""What PyTorch, Keras and TensorFlow 1 call the tensors of a layer, and how they lay them out.

A family says which layer is which.

A layout takes a tensor's name in a file to our name for it (`stage2_block1_1_conv/kernel`) and to the order of axes
that makes it ours. It says nothing about shapes or completeness: `weights` holds both against the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from scaling.models.architecture import Conv, Dense, Layer, Norm, Residual

_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
_KERNELS = {"conv": (2, 3, 1, 0), "depthwise": (2, 3, 0, 1), "dense": (1, 0)}
"""PyTorch has (out, in, height, width), for depthwise convolutions (channels, 1, height, width), and (out, in)."""


class Target(NamedTuple):
    """Where a tensor goes: `layer/variable`, and `axes` of the file's tensor in our order."""

    name: str
    axes: tuple[int, ...]


def torch(layer: str, leaf: str, kind: str) -> Target | None:
    """Where PyTorch's `leaf` (`weight`, `bias`, `running_mean` ...) of one of our layers goes.

    Args:
        layer: our name of it.
        leaf: of the tensor's name.
        kind: `conv`, `depthwise`, `dense` or `norm`.
    """
    if kind == "norm":
        return Target(f"{layer}/{_NORM[leaf]}", (0,)) if leaf in _NORM else None
    if leaf == "bias":
        return Target(f"{layer}/bias", (0,))
    return Target(f"{layer}/kernel", _KERNELS[kind]) if leaf == "weight" else None


def keras(layer: str, leaf: str, kind: str) -> Target | None:
    """Where Keras' `leaf` (`kernel`, `gamma` ...) of one of our layers goes; it is laid out as ours."""
    leaf = "kernel" if leaf == "depthwise_kernel" else leaf
    if leaf == "kernel":
        return Target(f"{layer}/kernel", (0, 1) if kind == "dense" else (0, 1, 2, 3))
    return (
        Target(f"{layer}/{leaf}", (0,)) if leaf in {"gamma", "beta", "moving_mean", "moving_variance", "bias"} else None
    )


def in_order(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Layers as the authors' code makes them: of a residual block the shortcut's first."""
    for layer in layers:
        if isinstance(layer, Residual):
            yield from in_order(layer.shortcut)
        yield layer
        yield from in_order(getattr(layer, "branch", ()))


def tensorflow_1(layers: Iterable[Layer]) -> Callable[[str], Target | None]:
    """A layout of variables that were numbered as they were made: `conv2d`, `conv2d_1`, `batch_normalization_7`.

    Those of squeeze-and-excitation are among the convolutions (github.com/tensorflow/tpu, models/official/resnet,
    `resnet_model.py`). All are laid out as ours.
    """
    counts: Counter[str] = Counter()
    ours = {}
    for layer in in_order(layers):
        if kind := {Conv: "conv2d", Norm: "batch_normalization", Dense: "dense"}.get(type(layer)):
            ours[f"{kind}_{counts[kind]}" if counts[kind] else kind] = layer.name, kind
            counts[kind] += 1

    def layout(name: str) -> Target | None:
        module, _, leaf = name.rpartition("/")
        layer, kind = ours.get(module.rpartition("/")[2], ("", ""))
        return keras(layer, leaf, "dense" if kind == "dense" else "conv") if layer else None

    return layout


def as_ours(name: str) -> Target | None:
    """The layout of our own files, of any number of axes."""
    return Target(name, ())


def bookkeeping(name: str) -> bool:
    """Whether a tensor is left out knowingly.

    PyTorch counts batches in each norm (`num_batches_tracked`) and has no use for it with a fixed momentum. Keras
    stores the mean, variance and number of its images' normalisation, which our model is built with. TensorFlow 1
    stores the optimiser's slots and the number of steps.
    """
    if name.endswith((".num_batches_tracked", "/Momentum")) or name == "global_step":
        return True
    return re.fullmatch(r"normalization(_\d+)?/\w+", name) is not None
