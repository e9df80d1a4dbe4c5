"""What each worker asks a cluster for: an accelerator where there is one, else its share of the processors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scaling.launch.engines import EngineError

ACCELERATORS = ("TPU", "GPU")
PRECISION = 10_000
"""Ray counts resources in ten-thousandths."""

Resources = Mapping[str, float]


@dataclass(frozen=True)
class Shares:
    """How a cluster is divided.

    Attributes:
        workers: how many there are.
        needs: what each of them holds, by Ray's names (`CPU`, `GPU`, `TPU`, `memory` or a name of the cluster's own).
    """

    workers: int
    needs: Resources

    @property
    def kind(self) -> str:
        """What a worker trains on, by the names of `scaling.runner.compute.devices`."""
        return next((name.lower() for name in ACCELERATORS if self.needs.get(name)), "cpu")

    def __str__(self) -> str:
        return ",".join(f"{name}={amount:g}" for name, amount in self.needs.items())


def divide(nodes: Sequence[Resources], workers: int | None = None, needs: Resources | None = None) -> Shares:
    """Divides a cluster among its workers.

    Args:
        nodes: what each node has in all.
        workers: how many; None: one for each accelerator, else for each node that has processors, or as many as `needs`
            leave room for.
        needs: of each worker; None: one accelerator with its part of the processors, else as many processors as all
            workers can have within one node each.
    """
    if needs:
        return Shares(workers or max(1, room(nodes, needs)), needs)
    for accelerator in ACCELERATORS:
        hosts = [node for node in nodes if node.get(accelerator)]
        if hosts:
            cpus = min(node.get("CPU", 0) // node[accelerator] for node in hosts)
            needs = {accelerator: 1, "CPU": cpus}
            return Shares(workers or room(hosts, needs), needs)
    sizes = [cpus for node in nodes if (cpus := node.get("CPU", 0))]
    workers = workers or len(sizes) or 1
    return Shares(workers, {"CPU": _largest(sizes, workers)})


def room(nodes: Sequence[Resources], needs: Resources) -> int:
    """How many workers fit, none of them on more than one node."""
    return sum(
        min((_units(node.get(name, 0)) // _units(need) for name, need in needs.items() if need), default=0)
        for node in nodes
    )


def parse(text: str) -> Resources:
    """Reads `GPU=1,CPU=4`.

    Raises:
        EngineError: if it is something else, with what was expected.
    """
    needs = {}
    for part in text.split(","):
        name, _, amount = part.strip().partition("=")
        try:
            needs[name] = float(amount)
        except ValueError:
            needs[name] = math.nan
        if not name or not 0 < needs[name] < math.inf:
            raise EngineError(f"--resources {text}: {part!r} is not NAME=NUMBER; write it as GPU=1,CPU=4")
    return needs


def _largest(sizes: Sequence[float], workers: int) -> float:
    """The most processors that each of `workers` can have at once, each within one of `sizes`."""
    parts = {math.floor(_units(size) / count) / PRECISION for size in sizes for count in range(1, workers + 1)}
    nodes = [{"CPU": size} for size in sizes]
    return max((part for part in parts if part and room(nodes, {"CPU": part}) >= workers), default=1.0)


def _units(amount: float) -> int:
    return round(amount * PRECISION)
