"""Where a number is made: versions, device, code. Environment variables are never read into it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from scaling import machine
from scaling.schema import Environment

PACKAGES = ("scaling-study", "keras", "tensorflow", "jax", "jaxlib", "numpy")


def describe(
    backend: str | None = None, accelerator: str | None = None, devices: int = 1, cores: int | None = None
) -> Environment:
    """Describes this process' machine and checkout.

    Args:
        backend: Keras' backend; None where Keras is not loaded: the one it will load.
        accelerator: its name, with the number where there are several; None on a CPU, which is then named with its
            cores, since they decide its speed.
        devices: that share a batch; a CPU in parts is not one in one piece.
        cores: of the processor; None: those that this process may run on.
    """
    cores = cores or len(machine.core_numbers())
    versions = {"python": platform.python_version()} | {
        package: version for package in PACKAGES if (version := _version(package))
    }
    commit = _git("rev-parse", "HEAD")
    return Environment(
        versions=versions | {"backend": backend or configured_backend()},
        platform=f"{platform.system()} {'.'.join(platform.release().split('.')[:2])} {platform.machine()}",
        device=accelerator or _processor(cores, devices),
        cores=cores,
        memory_gb=machine.memory_gb(),
        git_commit=commit,
        git_dirty=bool(_git("status", "--porcelain", "--untracked-files=no")) if commit else None,
    )


def configured_backend() -> str:
    """What Keras takes its backend from, in its order: `KERAS_BACKEND`, its configuration file, TensorFlow."""
    if chosen := os.environ.get("KERAS_BACKEND"):
        return chosen
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((folder / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor(cores: int, devices: int) -> str:
    return f"{_model()}, {cores} core{'s' if cores > 1 else ''}" + (f", as {devices} devices" if devices > 1 else "")


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
