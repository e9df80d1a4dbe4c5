"""What this machine can do, found out by doing it: a step on the device, a lock in the results folder, data on disk."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from scaling import machine
from scaling.datasets.known import SYNTHETIC
from scaling.results import lock
from scaling.runner import environment
from scaling.runner.compute import devices, precision
from scaling.runner.data import sources
from scaling.schema import Recipe, Variant

OPTIONAL = {
    "jax": "jax",
    "ray": "cluster",
    "tensorflow-datasets": "tfds",
    "tensorboard": "tensorboard",
    "mlflow-skinny": "mlflow",
    "torch": None,
}
"""Packages that some options need, and the extra that brings each; a search with `sampler: gp` needs torch."""

TIGHT_GB = 5.0
"""Free space below which checkpoints of large networks may not fit."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok`, `note` (something is missing that few need) or `problem`, and what was found."""

    about: str
    state: Literal["ok", "note", "problem"]
    found: str


def examine(results: Path) -> Iterator[Finding]:
    """Looks at everything in turn, the slowest last.

    Args:
        results: where records are to be written.
    """
    here = environment.describe()
    yield Finding("machine", "ok", f"{here.device}; {here.memory_gb:g} GB; {here.platform}")
    yield _bfloat16()
    accelerators = ", ".join(devices.detect())
    yield Finding("accelerators", "ok", accelerators or "none: everything runs on the processor")
    yield Finding("versions", "ok", ", ".join(f"{name} {version}" for name, version in here.versions.items()))
    yield _extras()
    yield _tried("results folder", lambda: _results(results))
    yield from _data()
    yield _tried("training", _training)


def _tried(about: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:
        return Finding(about, "problem", f"{type(error).__name__}: {error}".splitlines()[0])


def _bfloat16() -> Finding:
    """Whether the processor multiplies in bfloat16, and what that is worth (docs/devices.md)."""
    instructions = machine.bfloat16_instructions()
    if instructions is None:
        return Finding("bfloat16 on the processor", "note", "not known: this system does not name its instructions")
    if not instructions:
        found = "no instructions for it: mixed_bfloat16 is computed by way of float32 there"
        return Finding("bfloat16 on the processor", "note", found)
    found = f"{', '.join(instructions)}; `scaling latency --precision mixed_bfloat16` shows whether it is faster"
    if not precision.INSTRUCTIONS.isdisjoint(instructions):
        found += (
            f"; `precision: auto` trains networks of {precision.LEAST_MACS:,.0f} multiply-accumulates or more in it"
        )
    return Finding("bfloat16 on the processor", "ok", found)


def _extras() -> Finding:
    missing = [name if extra is None else f"{name} ({extra})" for name, extra in OPTIONAL.items() if not _has(name)]
    if not missing:
        return Finding("optional packages", "ok", "all there")
    return Finding("optional packages", "note", f"not installed: {', '.join(missing)}; the extra is in brackets")


def _has(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _results(results: Path) -> Finding:
    """Whether a line can be written, forced to disk and locked there: network file systems may refuse the last."""
    made = [place for place in (results, *results.parents) if not place.exists()]
    results.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=results, prefix=".doctor-") as name,
        lock.exclusive_lock(Path(name)),
        (Path(name) / "line").open("wb") as file,
    ):
        file.write(b"line\n")
        os.fsync(file.fileno())
    free = shutil.disk_usage(results).free / 1e9
    with contextlib.suppress(OSError):  # somebody else has put something into it since
        for place in made:
            place.rmdir()
    state: Literal["ok", "note"] = "ok" if free >= TIGHT_GB else "note"
    return Finding("results folder", state, f"{results.absolute()}: can be written and locked; {free:.0f} GB free")


def _data() -> Iterator[Finding]:
    for name, folder in sources.locations().items():
        if folder != "":  # else it is made when it is needed
            yield Finding(f"data: {name}", "note" if folder is None else "ok", str(folder or "not on this machine"))


def _training() -> Finding:
    """Builds a small network, and takes one step of training."""
    import keras
    import numpy as np

    from scaling.runner.compute import backend
    from scaling.runner.compute.program import Program, ProgramKey
    from scaling.runner.training.schedule import rates

    began = time.perf_counter()
    recipe = Recipe(epochs=1, batch_size=8)
    program = Program(ProgramKey.of(Variant(depth=14, width=0.125, resolution=16, stem="small"), SYNTHETIC, recipe))
    program.reset(seed=0)
    images = np.zeros((8, 16, 16, SYNTHETIC.channels), np.uint8)
    loss = float(program.step(images, np.zeros(8, np.int32), rates(recipe, 0, 1))[0])
    where = f"{keras.backend.backend()} on {backend.device_name() or 'the processor'}"
    if not math.isfinite(loss):
        return Finding("training", "problem", f"{where}: the loss of a first step is {loss}")
    seconds = time.perf_counter() - began
    return Finding("training", "ok", f"{where}: a small network built, compiled and trained a step in {seconds:.1f} s")
