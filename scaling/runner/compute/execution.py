"""How a program is run: what a machine decides and a recipe does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from scaling.errors import UserError

Compile: TypeAlias = Literal["auto", "graph", "xla"]


@dataclass(frozen=True)
class Execution:
    """How a program is compiled and how a batch is shared out.

    Attributes:
        compile: `graph` or `xla` (JAX knows `xla` only); `auto` begins with what the backend compiles fastest and
            leaves the choice to `scaling.runner.compute.compilation.choose`.
        devices: names as `devices.parse` gives them, each of which takes an equal part of every batch;
            empty: the backend's own first device.
        micro_batches: parts of a batch that are computed one after the other, to need less memory. Their gradients are
            averaged and applied once. Batch norm normalises each part by itself, unless the recipe has
            `batch_norm_group`, and moves its statistics by the mean over the parts.
    """

    compile: Compile = "auto"
    devices: tuple[str, ...] = ()
    micro_batches: int = 1


@dataclass(frozen=True)
class StepTime:
    """Seconds of the first step, compilation and all, and of one later on."""

    first: float
    later: float


def micro_batch_size(batch_size: int, devices: int, micro_batches: int, norm_group: int | None = None) -> int:
    """Images computed at once, on all devices together; whole groups of batch norm on each.

    Raises:
        UserError: if the batch cannot be shared out evenly.
    """
    if batch_size % (devices * micro_batches):
        parts = f"{devices} device{'s' if devices > 1 else ''}"
        if micro_batches > 1:
            parts += f" x {micro_batches} micro-batches"
        raise UserError(
            f"batch_size {batch_size} does not divide by {parts}: choose a multiple of {devices * micro_batches}, "
            "or other devices"
        )
    if norm_group and batch_size % (devices * micro_batches * norm_group):
        raise UserError(
            f"batch_norm_group {norm_group}: more than the {batch_size // (devices * micro_batches)} images that a "
            "device computes at once, or no divisor of them"
        )
    return batch_size // micro_batches
