"""Where the records of a folder were made: devices, versions and code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scaling.reports.page import cells
from scaling.reports.page.page import Cell, Table, TableColumn
from scaling.schema import Environment

_COLUMNS = (
    TableColumn("Device"),
    TableColumn("Backend"),
    TableColumn("Trainings", numeric=True),
    TableColumn("Timings", numeric=True),
    TableColumn("Cores", numeric=True),
    TableColumn("Memory (GB)", numeric=True),
    TableColumn("Platform"),
    TableColumn("Commit"),
    TableColumn("Versions"),
)


def environments_table(environments: Sequence[tuple[Environment, int, int]], file: Path) -> Table | None:
    """One row an environment, with how many trainings and timings were made in it."""
    rows = (_row(*counted) for counted in environments)
    return cells.table(_COLUMNS, rows, len(environments), "Each environment that a record was made in.", file)


def _row(environment: Environment, trainings: int, timings: int) -> tuple[Cell, ...]:
    versions = {name: version for name, version in environment.versions.items() if name != "backend"}
    return (
        cells.text(environment.device),
        cells.text(environment.versions.get("backend")),
        cells.number(trainings),
        cells.number(timings),
        cells.number(environment.cores),
        cells.number(environment.memory_gb),
        cells.text(environment.platform),
        _commit(environment),
        cells.text(", ".join(f"{name} {version}" for name, version in versions.items())),
    )


def _commit(environment: Environment) -> Cell:
    if environment.git_commit is None:
        return cells.UNKNOWN
    return Cell(environment.git_commit[:12] + (" and changes" if environment.git_dirty else ""))
