"""What others call the tensors of a ResNet-RS, and how they lay them out.

A layout takes a tensor's name in a file to our name for it (`stage2_block1_1_conv/kernel`) and to the order of axes
that makes it ours. It says nothing about shapes or completeness: `weights` holds both against the model.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Target(NamedTuple):
    """Where a tensor goes: `layer/variable`, and `axes` of the file's tensor in our order."""

    name: str
    axes: tuple[int, ...]


def target(name: str) -> Target | None:
    """Where a tensor of either layout goes; None for a name of neither."""
    return timm(name) or keras_2(name)


def ignored(name: str) -> bool:
    """Whether a tensor is left out knowingly.

    PyTorch counts batches in each norm (`num_batches_tracked`) and has no use for it with a fixed momentum. Keras 2
    stores the mean and variance of its images' normalisation, which our model is built with.
    """
    return name.endswith(".num_batches_tracked") or re.fullmatch(r"normalization(_\d+)?/\w+", name) is not None


# timm/models/resnet.py: a deep stem is a Sequential of conv, norm, act, ...; `maxpool` kept its name when a strided
# convolution took its place.
_TIMM_STEM = {
    "conv1.0": "stem_1_conv",
    "conv1.1": "stem_1_norm",
    "conv1.3": "stem_2_conv",
    "conv1.4": "stem_2_norm",
    "conv1.6": "stem_3_conv",
    "bn1": "stem_3_norm",
    "maxpool.0": "stem_4_conv",
    "maxpool.1": "stem_4_norm",
    "fc": "head_dense",
}
_TIMM_BLOCK = {
    "conv1": "1_conv",
    "bn1": "1_norm",
    "conv2": "2_conv",
    "bn2": "2_norm",
    "conv3": "3_conv",
    "bn3": "3_norm",
    "se.fc1": "se_reduce",
    "se.fc2": "se_expand",
    "downsample.1": "shortcut_conv",
    "downsample.2": "shortcut_norm",
}
_NORM = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}


def timm(name: str) -> Target | None:
    """Names of timm's `resnetrs*`: `layer1.0.conv1.weight`; kernels are (out, in, height, width), dense (out, in)."""
    module, _, leaf = name.rpartition(".")
    if block := re.fullmatch(r"layer([1-4])\.(\d+)\.(.+)", module):
        stage, index, part = block.groups()
        layer = f"stage{int(stage) + 1}_block{int(index) + 1}_{_TIMM_BLOCK[part]}" if part in _TIMM_BLOCK else None
    else:
        layer = _TIMM_STEM.get(module)
    if layer is None:
        return None
    if layer.endswith("_norm"):
        return Target(f"{layer}/{_NORM[leaf]}", (0,)) if leaf in _NORM else None
    if leaf == "bias":
        return Target(f"{layer}/bias", (0,))
    return Target(f"{layer}/kernel", (1, 0) if layer == "head_dense" else (2, 3, 1, 0)) if leaf == "weight" else None


# keras 2, keras/applications/resnet_rs.py; the stem's number counts the stems built before it in that process, and the
# first norm of a block has one underscore less than the others.
_KERAS_2 = [
    (r"stem_\d+_stem_conv_([1-4])", r"stem_\1_conv"),
    (r"stem_\d+_stem_batch_norm_([1-4])", r"stem_\1_norm"),
    (r"BlockGroup([2-5])__block_(\d+)__conv_([1-3])", r"stage\1_block\2_\3_conv"),
    (r"BlockGroup([2-5])__block_(\d+)__?batch_norm_([1-3])", r"stage\1_block\2_\3_norm"),
    (r"BlockGroup([2-5])__block_(\d+)__se_se_(reduce|expand)", r"stage\1_block\2_se_\3"),
    (r"BlockGroup([2-5])__block_(\d+)__projection_conv", r"stage\1_block\2_shortcut_conv"),
    (r"BlockGroup([2-5])__block_(\d+)__projection_batch_norm", r"stage\1_block\2_shortcut_norm"),
    (r"predictions", r"head_dense"),
]
_KERAS_2_LEAVES = {"gamma", "beta", "moving_mean", "moving_variance", "bias"}


def keras_2(name: str) -> Target | None:
    """Names of Keras 2's `ResNetRS*`: `BlockGroup2__block_0__conv_1/kernel`, laid out as ours, blocks from 0."""
    module, _, leaf = name.rpartition("/")
    for pattern, ours in _KERAS_2:
        if match := re.fullmatch(pattern, module):
            layer = re.sub(r"_block(\d+)", lambda m: f"_block{int(m[1]) + 1}", match.expand(ours))
            if leaf == "kernel":
                return Target(f"{layer}/kernel", (0, 1) if layer == "head_dense" else (0, 1, 2, 3))
            return Target(f"{layer}/{leaf}", (0,)) if leaf in _KERAS_2_LEAVES else None
    return None
