"""Files of weights written as timm and Keras 2 write them, from the variables of a network made up without Keras."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from scaling.models.weights import variables
from scaling.schema import Variant

Weights: TypeAlias = dict[str, np.ndarray]


class FakeVariable:
    """What `load_weights` needs of a `keras.Variable`."""

    def __init__(self, name: str, value: np.ndarray) -> None:
        self.name, self.value = name, value

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def assign(self, value: np.ndarray) -> None:
        assert value.shape == self.shape
        self.value = value


class FakeLayer:
    def __init__(self, name: str, weights: list[FakeVariable]) -> None:
        self.name, self.weights = name, weights


class FakeModel:
    """The variables of a network without Keras: from its data, filled with random numbers."""

    def __init__(self, variant: Variant, seed: int) -> None:
        self.layers = [*_layers(variant, np.random.default_rng(seed))]


def _layers(variant: Variant, rng: np.random.Generator) -> Iterator[FakeLayer]:
    def layer(name: str, **shapes: tuple[int, ...]) -> FakeLayer:
        return FakeLayer(name, [FakeVariable(v, rng.random(s).astype("float32")) for v, s in shapes.items()])

    def conv_norm(name: str, kernel: int, inputs: int, outputs: int) -> list[FakeLayer]:
        norm = dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (outputs,))
        return [layer(f"{name}_conv", kernel=(kernel, kernel, inputs, outputs)), layer(f"{name}_norm", **norm)]

    narrow, inputs = int(32 * variant.width), int(64 * variant.width)
    for number, (before, after) in enumerate([(3, narrow), (narrow, narrow), (narrow, inputs), (inputs, inputs)], 1):
        yield from conv_norm(f"stem_{number}", 3, before, after)
    for stage in range(2, 6):
        filters = int(64 * 2 ** (stage - 2) * variant.width)
        for block in (1, 2):
            name = f"stage{stage}_block{block}"
            yield from conv_norm(f"{name}_1", 1, inputs, filters)
            yield from conv_norm(f"{name}_2", 3, filters, filters)
            yield from conv_norm(f"{name}_3", 1, filters, 4 * filters)
            yield layer(f"{name}_se_reduce", kernel=(1, 1, 4 * filters, filters), bias=(filters,))
            yield layer(f"{name}_se_expand", kernel=(1, 1, filters, 4 * filters), bias=(4 * filters,))
            if block == 1:
                yield from conv_norm(f"{name}_shortcut", 1, inputs, 4 * filters)
            inputs = 4 * filters
    yield layer("head_dense", kernel=(inputs, 10), bias=(10,))


def values(model: Any) -> Weights:
    return {name: np.asarray(getattr(v, "value", v)) for name, v in variables(model).items()}


# Our parts of a block, timm's, and Keras 2's after `BlockGroup2__block_0_`.
PARTS = {
    "1_conv": ("conv1", "_conv_1"),
    "1_norm": ("bn1", "batch_norm_1"),
    "2_conv": ("conv2", "_conv_2"),
    "2_norm": ("bn2", "_batch_norm_2"),
    "3_conv": ("conv3", "_conv_3"),
    "3_norm": ("bn3", "_batch_norm_3"),
    "se_reduce": ("se.fc1", "_se_se_reduce"),
    "se_expand": ("se.fc2", "_se_se_expand"),
    "shortcut_conv": ("downsample.1", "_projection_conv"),
    "shortcut_norm": ("downsample.2", "_projection_batch_norm"),
}
STEM = {
    "stem_1_conv": ("conv1.0", "stem_2_stem_conv_1"),
    "stem_1_norm": ("conv1.1", "stem_2_stem_batch_norm_1"),
    "stem_2_conv": ("conv1.3", "stem_2_stem_conv_2"),
    "stem_2_norm": ("conv1.4", "stem_2_stem_batch_norm_2"),
    "stem_3_conv": ("conv1.6", "stem_2_stem_conv_3"),
    "stem_3_norm": ("bn1", "stem_2_stem_batch_norm_3"),
    "stem_4_conv": ("maxpool.0", "stem_2_stem_conv_4"),
    "stem_4_norm": ("maxpool.1", "stem_2_stem_batch_norm_4"),
    "head_dense": ("fc", "predictions"),
}
LEAVES = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
LEAVES |= {"moving_mean": "running_mean", "moving_variance": "running_var"}


def theirs(layer: str) -> tuple[str, str]:
    """What timm and Keras 2 call a layer of ours."""
    if layer in STEM:
        return STEM[layer]
    stage, block, part = re.fullmatch(r"stage(\d)_block(\d+)_(.+)", layer).groups()
    timm, keras_2 = PARTS[part]
    return f"layer{int(stage) - 1}.{int(block) - 1}.{timm}", f"BlockGroup{stage}__block_{int(block) - 1}_{keras_2}"


def as_timm(weights: Weights) -> Weights:
    """Our values under timm's names and in PyTorch's order."""
    out: Weights = {}
    for name, value in weights.items():
        layer, leaf = name.split("/")
        module, _ = theirs(layer)
        order = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[value.ndim]
        out[f"{module}.{LEAVES[leaf]}"] = np.ascontiguousarray(value.transpose(order))
        if leaf == "gamma":
            out[f"{module}.num_batches_tracked"] = np.array(7)
    return out


def as_keras_2(weights: Weights) -> Weights:
    """Our values under Keras 2's names, of a process that had built another model before."""
    out = {"normalization_3/mean": np.zeros(3), "normalization_3/count": np.array(0)}
    return out | {f"{theirs(layer)[1]}/{leaf}": v for n, v in weights.items() for layer, leaf in [n.split("/")]}


def write_timm(path: Path, weights: Weights) -> None:
    pytest.importorskip("safetensors.numpy", reason="the package safetensors is not installed").save_file(weights, path)


def write_keras_2(path: Path, weights: Weights, chunk: int = 40, root: str = "/") -> None:
    """As Keras 2 does, but with attributes split after `chunk` names (it splits after 64 kB)."""
    h5py = pytest.importorskip("h5py")
    groups: dict[str, list[str]] = {"input_1": []}
    for name in weights:
        groups.setdefault(name.split("/")[0], []).append(name)
    with h5py.File(path, "w") as file:
        top, names = file.require_group(root), [name.encode() for name in groups]
        parts = [names[i : i + chunk] for i in range(0, len(names), chunk)]
        for index, part in enumerate(parts):
            top.attrs["layer_names" if len(parts) == 1 else f"layer_names{index}"] = part
        for layer, members in groups.items():
            group = top.create_group(layer)
            group.attrs["weight_names"] = [f"{name}:0".encode() for name in members]
            for name in members:
                group[f"{name}:0"] = weights[name]
