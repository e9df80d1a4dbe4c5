"""Networks of the paper in bfloat16 on a GPU: a training step and a forward pass against timm's on the same one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.processes import Side, environment, in_turn, lacks, same_work
from benchmarks.rows import Row, compared
from scaling.models import names
from scaling.runner.compute import devices

LOSS_STEPS, TIMED, REPEATS = 20, 20, 5
PHASES = {"step": "training step", "forward": "inference"}
BACKEND = os.environ.get("KERAS_BACKEND", "jax")

SEES_GPU = {
    "torch": ("import torch; torch.cuda.get_device_name()", "its wheel must suit the driver: pytorch.org"),
    "jax": ("import jax; jax.devices('gpu')", 'pip install "jax[cuda13]"'),
    "tensorflow": (
        "import tensorflow as tf; tf.config.list_physical_devices('GPU')[0]",
        'pip install "tensorflow[and-cuda]"',
    ),
}
"""Code that fails where a package computes on no GPU, and what helps."""


@dataclass(frozen=True)
class Network:
    """A network by our name and by timm's, and pictures a step: so many that a card of 40 GB holds both sides."""

    ours: str
    theirs: str
    batch: int

    def row(self, phase: str) -> str:
        return f"{self.ours} in bfloat16 on a GPU, batch {self.batch}, against timm: {PHASES[phase]}"


NETWORKS = (
    Network("resnet_rs_50@160", "resnetrs50", 128),
    Network("resnet_rs_152@256", "resnetrs152", 64),
    Network("efficientnet_b0@224", "efficientnet_b0", 128),
    Network("efficientnet_b4@380", "efficientnet_b4", 32),
)


def rows() -> list[Row]:
    """Two for each network, measured where there is a GPU."""
    gpus = [device for device in devices.detect() if devices.kind_of(device) == "gpu"]
    if why := _unseen(gpus[0]) if gpus else "no GPU here":
        return [Row(network.row(phase), "ms", ">= 1", note=why) for network in NETWORKS for phase in PHASES]
    return [row for network in NETWORKS for row in measured(network, gpus[0])]


def measured(network: Network, device: str, timed: int = TIMED, repeats: int = REPEATS) -> list[Row]:
    """Both sides in turn on one device, ours as a worker of `scaling run` is started there.

    Args:
        network: which.
        device: `gpu:0`; `cpu:0` to try it.
        timed: steps that are timed as one.
        repeats: of that.
    """
    place = devices.visible((device,))
    variant = names.parse(network.ours)
    shape = (variant.depth, variant.width, variant.resolution, variant.stem, "imagenet", network.batch, LOSS_STEPS)
    mine = (*shape, variant.family, "mixed_bfloat16", timed)
    theirs = (network.theirs, variant.resolution, network.batch, LOSS_STEPS, "channels_last", _torch_s(device), timed)
    with Side("ours", *mine, KERAS_BACKEND=BACKEND, **place) as ours, Side("timm_step", *theirs, **place) as timm:
        same_work([ours, timm])
        times = {phase: in_turn([ours, timm], phase, repeats) for phase in PHASES}
    note = f"{ours.about['device'] or device}; ours on {BACKEND}; theirs by torch.compile, autocast, channels_last"
    in_ms = {phase: [[1e3 * one for one in side] for side in sides] for phase, sides in times.items()}
    return [compared(network.row(phase), *sides, "ms", ">= 1", note) for phase, sides in in_ms.items()]


def _torch_s(device: str) -> str:
    """What PyTorch calls it; of several GPUs a side sees one."""
    return "cuda" if devices.kind_of(device) == "gpu" else "cpu"


def _unseen(device: str) -> str:
    """Why not both sides can compute on it; empty where they can."""
    if missing := lacks("timm", "torch", BACKEND):
        return missing
    for package in ("torch", BACKEND):
        code, cure = SEES_GPU[package]
        command, where = [sys.executable, "-c", code], environment(**devices.visible((device,)))
        if subprocess.run(command, env=where, capture_output=True).returncode:
            return f"{package} computes on no GPU here: {cure}"
    return ""
