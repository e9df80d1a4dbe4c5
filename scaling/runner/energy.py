"""Energy where the machine tells it: counters of processor packages (RAPL) and of NVIDIA's GPUs (NVML).

Both count all that the package or the GPU takes, idle or not, whoever made it work.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

Meter: TypeAlias = Callable[[], float]
"""Gives the joules that have been taken so far."""

POWERCAP = Path("/sys/class/powercap")
"""Of Linux; since 2020 most systems let only root read it."""


class Rapl:
    """The sum of the energy counters of a machine's processor packages."""

    def __init__(self, root: Path = POWERCAP) -> None:
        """Begins at zero.

        Raises:
            OSError: where there are none, or they cannot be read.
        """
        self._zones = [zone for zone in sorted(root.glob("*-rapl:*")) if zone.name.count(":") == 1]
        if not self._zones:
            raise FileNotFoundError(f"{root}: no energy counters")
        self._ranges = [_number(zone / "max_energy_range_uj") for zone in self._zones]
        self._last = self._now()
        self._total = 0

    def __call__(self) -> float:
        """Joules since it began; counters that have wrapped around are followed, if they are asked often enough."""
        now = self._now()
        for last, count, wraps_at in zip(self._last, now, self._ranges, strict=True):
            self._total += count - last if count >= last else count + wraps_at - last
        self._last = now
        return self._total / 1e6

    def _now(self) -> list[int]:
        return [_number(zone / "energy_uj") for zone in self._zones]


class Nvml:
    """The sum of the energy counters of some of NVIDIA's GPUs."""

    def __init__(self, gpus: Sequence[int]) -> None:
        """Begins.

        Raises:
            Exception: whatever the driver says where it does not count.
        """
        import pynvml

        pynvml.nvmlInit()
        self._read = pynvml.nvmlDeviceGetTotalEnergyConsumption
        self._gpus = [pynvml.nvmlDeviceGetHandleByIndex(gpu) for gpu in gpus]
        self()

    def __call__(self) -> float:
        """Joules since the driver was loaded."""
        return sum(self._read(gpu) for gpu in self._gpus) / 1e3


def meter(gpus: Sequence[int] | None) -> Meter | None:
    """What tells the joules that a device has taken so far; None where nothing does.

    Args:
        gpus: numbers of the GPUs that compute; None: the processor does.
    """
    try:
        if gpus is None:
            return Rapl()
        return Nvml(gpus) if importlib.util.find_spec("pynvml") else None
    except Exception:  # no counters, no right to read them, no driver: then there is nothing to tell
        return None


def _number(file: Path) -> int:
    return int(file.read_text())
