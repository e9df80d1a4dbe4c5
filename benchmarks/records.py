"""A hundred thousand records, loaded and drawn as Figure 3: time and memory of the whole process."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.made_up import write_records
from benchmarks.processes import environment, scaling
from benchmarks.rows import Row, compared

REPEATS = 3


def rows() -> list[Row]:
    """Against 5 seconds and 1 GiB."""
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder, "results", "many"), 100_000)
        times, gigabytes = zip(*(_plotted(Path(folder)) for _ in range(REPEATS)), strict=True)
    name = "100,000 records loaded and Figure 3 drawn"
    limits = [5.0] * REPEATS, [1.0] * REPEATS
    return [
        compared(f"{name}: whole process", times, limits[0], "s", "<= 1", "the peer: 5 seconds"),
        compared(f"{name}: memory", gigabytes, limits[1], "GiB", "<= 1", "the peer: 1 GiB"),
    ]


def _plotted(folder: Path) -> tuple[float, float]:
    """Seconds, and the most GiB that the process had."""
    began = time.perf_counter()
    command = scaling("plot", "results/many", "--figure", "regimes")
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    _, process.returncode, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed")
    return took, used.ru_maxrss / 2**20
