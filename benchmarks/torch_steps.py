"""The networks of laptop studies, against the same layers in PyTorch: a training step, from equal weights."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.processes import THREADS, Side, in_turn, lacks
from benchmarks.rows import Measurement, Row, compared, lacking
from scaling.datasets import dataset_info
from scaling.generator.sizes import size
from scaling.launch.engines.process import threads
from scaling.launch.pools import operations_at_once
from scaling.schema import Variant

LOSS_STEPS, REPEATS = 3, 15
WAYS = ("eager", "compile")
NEAR = 1e-3
"""Of a loss: they differ by the order of sums, which the steps before make larger."""


@dataclass(frozen=True)
class Network:
    """What is trained, and on pictures like those of which data set.

    Attributes:
        variant: the network.
        dataset: by its name.
        batch: pictures a step.
    """

    variant: Variant
    dataset: str
    batch: int = 128

    def row(self) -> Row:
        named = f"{self.variant.name}, batch {self.batch}, against the same layers in PyTorch"
        return Row(f"{named}: training step", "ms", ">= 1.2")

    @property
    def step_macs(self) -> float:
        """Multiply-accumulates of a batch, forward."""
        return size(self.variant, dataset_info(self.dataset)).macs * self.batch

    def options(self) -> tuple[object, ...]:
        """As a side is told."""
        of = self.variant
        return (of.depth, of.width, of.resolution, of.stem, self.dataset, self.batch, LOSS_STEPS, of.family)


def _laptop(depth: int, width: float, resolution: int, dataset: str) -> Network:
    return Network(Variant(depth=depth, width=width, resolution=resolution, stem="small"), dataset)


NETWORKS = (
    _laptop(14, 0.0625, 14, "fashion_mnist"),
    _laptop(14, 0.25, 14, "fashion_mnist"),
    _laptop(50, 0.0625, 14, "fashion_mnist"),
    _laptop(14, 0.25, 32, "synthetic"),
    _laptop(50, 0.25, 32, "synthetic"),
)


def measurements() -> list[Measurement]:
    """A row for each network."""
    why = lacks("torch") or ("" if shutil.which("c++") else "torch.compile needs a C++ compiler")
    if why:
        return [lacking([network.row()], why) for network in NETWORKS]
    return [Measurement((network.row(),), partial(_measured, network)) for network in NETWORKS]


def _measured(network: Network, row: Row) -> Iterator[Row]:
    """Against the better of PyTorch's two ways."""
    with sides(network) as (ours, *theirs):
        for side in theirs:
            same_losses(ours, side)
        mine, *others = ([1e3 * one for one in times] for times in in_turn([ours, *theirs], "step", REPEATS))
        version = theirs[0].about["version"]
    best = min(others, key=statistics.median)
    told = ", ".join(f"{way} {statistics.median(times):.3g} ms" for way, times in zip(WAYS, others, strict=True))
    yield compared(row, mine, best, f"theirs: PyTorch {version}, channels_last, {told}; the better is the peer")


@contextlib.contextmanager
def sides(network: Network, ways: Sequence[str] = WAYS) -> Iterator[list[Side]]:
    """Ours, and PyTorch with its weights in each of these ways."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        weights = Path(folder, "weights.npz")
        as_trained = threads(THREADS, operations_at_once([network.step_macs]))
        options = (*network.options(), "float32", 0)
        ours = stack.enter_context(Side("ours", *options, SAVE_WEIGHTS=str(weights), **as_trained))
        theirs = (Side("torch_layers", *network.options(), weights, way) for way in ways)
        yield [ours, *map(stack.enter_context, theirs)]


def same_losses(ours: Side, theirs: Side) -> None:
    """As many parameters, and the same losses from one step to the next.

    Raises:
        ValueError: if not.
    """
    mine, other = ours.about["losses"], theirs.about["losses"]
    alike = all(abs(a - b) <= NEAR * b for a, b in zip(mine, other, strict=True))
    if ours.about["params"] != theirs.about["params"] or not alike:
        raise ValueError(f"not the same work: {ours.about} {theirs.about}")
