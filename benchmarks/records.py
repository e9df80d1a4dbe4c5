"""A hundred thousand records, loaded and drawn as Figure 3: time and memory of the whole process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.made_up import write_records
from benchmarks.processes import environment, scaling
from benchmarks.rows import Measurement, Row, compared

REPEATS = 3

WATCHED = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Seconds and kilobytes of a command, told by a small process: a child's memory begins with that of who started it."""


ROWS = (
    Row("100,000 records loaded and Figure 3 drawn: whole process", "s", "<= 1", note="the peer: 5 seconds"),
    Row("100,000 records loaded and Figure 3 drawn: memory", "GiB", "<= 1", note="the peer: 1 GiB"),
)


def measurements() -> list[Measurement]:
    """Against 5 seconds and 1 GiB."""
    return [Measurement(ROWS, _measured)]


def _measured(of_time: Row, of_memory: Row) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder, "results", "many"), 100_000)
        times, gigabytes = zip(*(_plotted(Path(folder)) for _ in range(REPEATS)), strict=True)
    yield compared(of_time, times, [5.0] * REPEATS)
    yield compared(of_memory, gigabytes, [1.0] * REPEATS)


def _plotted(folder: Path) -> tuple[float, float]:
    """Seconds, and the most GiB that the process had."""
    seconds, kilobytes = watched(scaling("plot", "results/many", "--figure", "regimes"), folder)
    return seconds, kilobytes / 2**20


def watched(command: Sequence[str], folder: Path) -> tuple[float, int]:
    """Runs a command that must succeed: its seconds, and the most memory that its process had (1024 bytes)."""
    told = subprocess.run(
        [sys.executable, "-c", WATCHED, *command], cwd=folder, env=environment(), stdout=subprocess.PIPE, check=True
    )
    took, kilobytes = told.stdout.split()
    return float(took), int(kilobytes)
