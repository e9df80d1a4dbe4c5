"""What a command costs before it does anything, against importing the libraries that it prints with."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.made_up import write_records
from benchmarks.processes import scaling, seconds
from benchmarks.rows import Measurement, Row, compared

REPEATS = 15


PEER = "the peer: `python -c 'import typer, rich'`"
ROWS = (
    Row("scaling --help", "s", "<= 2", note=PEER),
    Row("scaling status, 1,000 records", "s", "<= 4", note=PEER),
)


def measurements() -> list[Measurement]:
    """`--help`, and `status` of a thousand records."""
    return [Measurement(ROWS, _measured)]


def _measured(of_help: Row, of_status: Row) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder, "results", "many"), 1000)
        commands = (
            [sys.executable, "-c", "import typer, rich"],
            scaling("--help"),
            scaling("status", "results/many"),
        )
        rounds = [[seconds(command, Path(folder)) for command in commands] for _ in range(1 + REPEATS)][1:]
    imports, help_, status = (list(one) for one in zip(*rounds, strict=True))
    yield compared(of_help, help_, imports)
    yield compared(of_status, status, imports)
