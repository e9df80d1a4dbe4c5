"""What a command costs before it does anything, against importing the libraries that it prints with."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.made_up import write_records
from benchmarks.processes import scaling, seconds
from benchmarks.rows import Row, compared

REPEATS = 15


def rows() -> list[Row]:
    """`--help`, and `status` of a thousand records."""
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder, "results", "many"), 1000)
        commands = (
            [sys.executable, "-c", "import typer, rich"],
            scaling("--help"),
            scaling("status", "results/many"),
        )
        rounds = [[seconds(command, Path(folder)) for command in commands] for _ in range(1 + REPEATS)][1:]
    imports, help_, status = (list(one) for one in zip(*rounds, strict=True))
    note = "the peer: `python -c 'import typer, rich'`"
    return [
        compared("scaling --help", help_, imports, "s", "<= 2", note),
        compared("scaling status, 1,000 records", status, imports, "s", "<= 4", note),
    ]
