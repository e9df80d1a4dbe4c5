"""The memory that workers of one machine take: with one decoded copy of the images for all, and with one each."""

from __future__ import annotations

import multiprocessing
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Measurement, Row, compared, lacking

if TYPE_CHECKING:
    from scaling.runner.jobs import TrainJob

WORKERS = (2, 8)
RESOLUTION = 128
"""Of `synthetic`, which is on every machine: its 11,000 images take 541 MB, about three times what CIFAR-100's take."""

SMAPS = Path("/proc/self/smaps_rollup")
_NOTE = "the peer: a decoded copy each; both: proportional set size after a training of one epoch"
ROWS = tuple(
    Row(f"{count} workers of one machine, one decoded copy: memory", "MB", "<= 1", note=_NOTE) for count in WORKERS
)


def measurements() -> list[Measurement]:
    """Workers as `scaling run` starts them, of few cores if there are not enough."""
    if not SMAPS.exists():
        return [lacking(ROWS, f"{SMAPS} is missing: only Linux tells how much memory processes share")]
    return [
        Measurement((row,), lambda row, count=count: _measured(row, count))
        for row, count in zip(ROWS, WORKERS, strict=True)
    ]


def _measured(row: Row, workers: int) -> Iterator[Row]:
    shared, each = megabytes(workers, run="benchmark"), megabytes(workers, run="")
    yield compared(row, [shared], [each])


def megabytes(workers: int, run: str, resolution: int = RESOLUTION) -> float:
    """What so many workers take together, after each has trained for an epoch on all images.

    Args:
        workers: how many, each a process of its own.
        run: under which they share decoded images; empty: they do not.
        resolution: of the images.

    Returns:
        The sum of their proportional set sizes, in 1e6 bytes: a page that several processes have counts in parts.
    """
    from scaling import machine
    from scaling.launch.engines.local import LocalEngine
    from scaling.launch.engines.process import Placement
    from scaling.runner.compute import devices
    from scaling.runner.data import shared
    from scaling.runner.jobs import Finished, Ready, WorkerConfig

    placements = [Placement((devices.CPU,), cores) for cores in machine.core_shares(machine.core_numbers(), workers)]
    with tempfile.TemporaryDirectory() as folder, shared.swept():
        config = WorkerConfig(logs=folder, checkpoints=folder, run=run)
        with LocalEngine(placements, config) as engine:
            left = workers
            while left:
                for event in engine.events(timeout=1.0):
                    if isinstance(event, Ready):
                        engine.submit(event.worker, _job(event.worker, resolution))
                    elif isinstance(event, Finished) and event.record.ok:
                        left -= 1
                    elif not hasattr(event, "position"):
                        raise RuntimeError(f"a worker did not train: {event}")
            return sum(_proportional(child.pid or 0) for child in multiprocessing.active_children())


def _job(seed: int, resolution: int) -> TrainJob:
    from scaling.runner.jobs import TrainJob
    from scaling.schema import Dataset, Recipe, Trial, Variant

    variant, recipe = Variant(depth=14, width=0.0625, resolution=resolution), Recipe(epochs=1, batch_size=32)
    return TrainJob(Trial(dataset=Dataset(name="synthetic"), variant=variant, recipe=recipe, seed=seed))


def _proportional(process: int) -> float:
    """A process' proportional set size, in 1e6 bytes."""
    (kilobytes,) = re.findall(r"^Pss: +(\d+) kB$", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    return int(kilobytes) * 1024 / 1e6
