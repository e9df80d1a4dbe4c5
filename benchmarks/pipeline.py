"""JPEGs of a folder as training batches: random resized crop to 224, mirroring, RandAugment, normalisation."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.made_up import write_photos
from benchmarks.processes import GARDEN, THREADS, Side, in_turn
from benchmarks.rows import Measurement, Row, compared, lacking

RESOLUTION, BATCH, MAGNITUDE = 224, 128, 10
WARM, TIMED, REPEATS = 2, 10, 5
PHOTOS, COPIES = 200, 10
CASES = ((2, "bicubic", 1), (2, "bilinear", 1), (0, "bicubic", 1), (2, "bicubic", THREADS))
"""Layers of RandAugment, the Model Garden's way of resizing (ours is bicubic), cores."""

NEAR, NEAR_DISTORTED = 0.01, 0.1
"""Between the means, and the deviations, of what the two sides make of the same pictures: their RandAugment fills what
it uncovers with a reflection, ours with grey, as first released."""


def measurements() -> list[Measurement]:
    """As each side resizes and alike, without RandAugment, and on all cores."""
    why = _missing()
    rows = {case: Row(_name(*case), "pictures/s per core", ">= 1") for case in CASES}
    if why:
        return [lacking(rows.values(), why)]
    return [Measurement((row,), functools.partial(_measured, *case)) for case, row in rows.items()]


@functools.cache
def _photos() -> tuple[tempfile.TemporaryDirectory[str], float]:
    """A folder of pictures that stays as long as this process, and their mean size in bytes."""
    folder = tempfile.TemporaryDirectory()
    return folder, write_photos(Path(folder.name, "photos"), PHOTOS, COPIES)


def _missing() -> str:
    if not hasattr(os, "sched_setaffinity"):
        return "this system cannot keep a process to one core"
    return "" if GARDEN.exists() else f"not installed: {GARDEN} is missing"


def _name(layers: int, method: str, cores: int) -> str:
    augmented = f"{layers} layers of RandAugment" if layers else "no RandAugment"
    on = "one core" if cores == 1 else f"{cores} cores"
    return f"JPEG folder at {RESOLUTION}, {augmented}, {on}, against the Model Garden's input, {method}"


def _measured(layers: int, method: str, cores: int, row: Row) -> Iterator[Row]:
    folder, size = _photos()
    photos = Path(folder.name, "photos")
    options = (photos, RESOLUTION, BATCH, layers, MAGNITUDE, WARM, TIMED, cores)
    with Side("ours_input", *options) as ours, Side("garden_input", *options, method, python=GARDEN) as garden:
        _check(ours, garden, NEAR_DISTORTED if layers else NEAR)
        read = in_turn([ours, garden], "read", REPEATS)
    mine, others = ([rate / cores for rate in one] for one in read)
    theirs = f"theirs as TFRecords, with TensorFlow {garden.about['version']}"
    note = f"JPEGs of {size / 1e3:.0f} kB from the page cache, {theirs}; both normalised float32"
    yield compared(row, mine, others, note, more=True)


def _check(ours: Side, garden: Side, near: float) -> None:
    """The same shape, and as bright and as varied on average."""
    mine, other = ours.about, garden.about
    alike = all(abs(mine[what] / other[what] - 1) < near for what in ("mean", "deviation"))
    if mine["shape"] != other["shape"] or not alike:
        raise ValueError(f"not the same work: {mine} {other}")
