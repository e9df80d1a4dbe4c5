"""`python -m benchmarks [ROOM...]`: measures the rooms that are named, all of them unless told otherwise."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import rows

ROOMS = (
    "study",
    "small_steps",
    "large_steps",
    "gpu_steps",
    "pipeline",
    "plan",
    "startup",
    "fronts",
    "records",
    "driver",
    "decide",
)
VERSIONS = ("tensorflow", "keras", "jax", "torch", "timm", "moocore", "paretoset", "optuna", "numpy", "pandas")


def main(names: list[str]) -> None:
    """Measures room after room and writes each one's rows as they come."""
    if unknown := set(names) - set(ROOMS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))} (choices: {', '.join(ROOMS)})")
    for name in names or ROOMS:
        for row in (made := importlib.import_module(f"benchmarks.{name}").rows()):
            print(row)  # noqa: T201
        rows.write(name, made, about())


def about() -> dict[str, Any]:
    """Machine, versions and command."""
    installed = {one.metadata["Name"].lower() for one in importlib.metadata.distributions()}
    return {
        "device": f"{_processor()}, {os.cpu_count()} cores",
        "date": datetime.now(UTC).date().isoformat(),
        "command": "make bench",
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in VERSIONS if name in installed},
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
