"""Networks of the paper in bfloat16 on a GPU: a training step and a forward pass against timm's on the same one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.processes import Side, environment, in_turn, lacks, same_work
from benchmarks.rows import Measurement, Row, compared, lacking
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

    def rows(self) -> tuple[Row, ...]:
        """Of each phase, not yet measured."""
        named = f"{self.ours} in bfloat16 on a GPU, batch {self.batch}, against timm"
        return tuple(Row(f"{named}: {phase}", "ms", ">= 1") for phase in PHASES.values())


NETWORKS = (
    Network("resnet_rs_50@160", "resnetrs50", 128),
    Network("resnet_rs_152@256", "resnetrs152", 64),
    Network("efficientnet_b0@224", "efficientnet_b0", 128),
    Network("efficientnet_b4@380", "efficientnet_b4", 32),
)


def measurements() -> list[Measurement]:
    """Two rows for each network, measured where there is a GPU."""
    gpus = [device for device in devices.detect() if devices.kind_of(device) == "gpu"]
    if why := _unseen(gpus[0]) if gpus else "no GPU here":
        return [lacking(network.rows(), why) for network in NETWORKS]
    name = gpu_name(gpus[0])
    return [Measurement(one.rows(), partial(measured, one, gpus[0]), device=name) for one in NETWORKS]


def measured(network: Network, device: str, *rows: Row, timed: int = TIMED, repeats: int = REPEATS) -> Iterator[Row]:
    """Both sides in turn on one device, ours as a worker of `scaling run` is started there.

    Args:
        network: which.
        device: `gpu:0`; `cpu:0` to try it.
        rows: of each phase.
        timed: steps that are timed as one.
        repeats: of that.
    """
    place = devices.visible((device,))
    variant = names.parse(network.ours)
    shape = (variant.depth, variant.width, variant.resolution, variant.stem, "imagenet", network.batch, LOSS_STEPS)
    mine = (*shape, variant.family, "mixed_bfloat16", timed)
    theirs = (
        network.theirs,
        variant.resolution,
        network.batch,
        LOSS_STEPS,
        "channels_last",
        _torch_s(device),
        timed,
    )
    with (
        Side("ours", *mine, KERAS_BACKEND=BACKEND, **place) as ours,
        Side("timm_step", *theirs, **place) as timm,
    ):
        same_work([ours, timm])
        note = f"{ours.about['device'] or device}; ours on {BACKEND}; theirs by torch.compile, autocast, channels_last"
        for row, phase in zip(rows, PHASES, strict=True):
            our_ms, timm_ms = ([1e3 * one for one in side] for side in in_turn([ours, timm], phase, repeats))
            yield compared(row, our_ms, timm_ms, note)


def gpu_name(device: str) -> str:
    """What its maker calls `gpu:0`; as it is called here where nobody tells."""
    chosen = devices.visible((device,))["CUDA_VISIBLE_DEVICES"]
    ask = ["nvidia-smi", f"--id={chosen}", "--query-gpu=name", "--format=csv,noheader"]
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return device
    return told or device


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
