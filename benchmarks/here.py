"""What rows are measured on and with: this machine, this code, and what is installed."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.results import Versions

PACKAGES = ("tensorflow", "keras", "jax", "torch", "timm", "moocore", "paretoset", "optuna", "numpy", "pandas")

MEASURED = ("scaling", "benchmarks", "pyproject.toml")
NOT_MEASURED = (":!benchmarks/results.json", ":!benchmarks/*.md")
"""Paths whose changes make times that were taken before others, and those among them whose changes do not."""


@dataclass(frozen=True)
class Here:
    """A machine, and the code on it.

    Attributes:
        device: its processor and the number of its cores.
        commit: the latest that changed what is measured; empty where changes are not committed, or nobody knows.
        date: today.
        versions: of what is installed.
    """

    device: str
    commit: str
    date: str
    versions: Versions


def find() -> Here:
    """This machine, now."""
    installed = {one.metadata["Name"].lower() for one in importlib.metadata.distributions()}
    versions = {name: importlib.metadata.version(name) for name in PACKAGES if name in installed}
    return Here(
        device=f"{_processor()}, {os.cpu_count()} cores",
        commit=commit(ROOT),
        date=datetime.now(UTC).date().isoformat(),
        versions={"python": platform.python_version(), **versions},
    )


def commit(root: Path) -> str:
    """The latest commit that changed what is measured; empty where that has changed since, or without git."""
    paths = ["--", *MEASURED, *NOT_MEASURED]
    try:
        if _git(root, "status", "--porcelain", *paths):
            return ""
        return _git(root, "log", "-1", "--format=%h", *paths)
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
