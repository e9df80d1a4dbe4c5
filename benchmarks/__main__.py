"""`python -m benchmarks [ROOM...]`: measures the rooms that are named, all of them unless told otherwise."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from functools import partial

from benchmarks import here
from benchmarks.measuring import measure
from benchmarks.rows import Measurement

ROOMS = (
    "study",
    "small_steps",
    "torch_steps",
    "large_steps",
    "gpu_steps",
    "pipeline",
    "plan",
    "startup",
    "fronts",
    "records",
    "driver",
    "scale",
    "memory",
    "decide",
)


def main() -> None:
    """Measures room after room; 1 where a row failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures ours against others.")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all unless some are named")
    parser.add_argument("--resume", action="store_true", help="leave rows alone that are of this device and commit")
    options = parser.parse_args()
    if unknown := set(options.rooms) - set(ROOMS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))} (choices: {', '.join(ROOMS)})")
    rooms = {name: partial(planned, name) for name in options.rooms or ROOMS}
    if failed := measure(rooms, here.find(), resume=options.resume, say=partial(print, flush=True)):
        sys.exit(f"{len(failed)} rows failed: {'; '.join(row.name for row in failed)}")


def planned(room: str) -> Sequence[Measurement]:
    """What a room measures."""
    found: Sequence[Measurement] = importlib.import_module(f"benchmarks.{room}").measurements()
    return found


if __name__ == "__main__":
    main()
