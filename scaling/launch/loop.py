"""What is missing, to workers, to records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scaling.launch.engines import Engine
from scaling.launch.scheduler import Floor, Patience, View
from scaling.launch.stopping import Reason, Stop
from scaling.records import ResultsFolder
from scaling.runner.jobs import Job, Record


@dataclass(frozen=True)
class Tally:
    """What a run did: jobs that ended, of which failed for good, and why it ended early if it did."""

    finished: int = 0
    failed: int = 0
    stopped: Reason | None = None

    def __add__(self, later: Tally) -> Tally:
        return Tally(self.finished + later.finished, self.failed + later.failed, self.stopped or later.stopped)


def run(
    jobs: Sequence[Job],
    results: ResultsFolder,
    engine: Engine,
    view: View,
    patience: Patience,
    more: Callable[[str], Sequence[Job]] = lambda place: (),
    stop: Stop | None = None,
    blame: Callable[[Record], None] = lambda record: None,
) -> Tally:
    """Runs every job that is still missing on the engine's device, and records it as soon as it ends.

    Args:
        jobs: what may be to do, see `missing`.
        results: held for writing by the caller.
        engine: its workers have just been started.
        view: told what happens.
        patience: how failures are met.
        more: asked for further jobs whenever all are recorded, until it has none; told the workers' place.
        stop: asks, once it has a reason, for checkpoints and an early end.
        blame: called with each failed record; raises if it means that the others would fail alike.

    Raises:
        OSError: if a record cannot be written; those before it are safe.
        EngineError: if a worker cannot be started.
    """
    floor = Floor(list(jobs), results, view, patience, blame)
    stop = stop or Stop()
    while stop.reason is None and (floor.busy or floor.waiting or floor.add(more)):
        floor.hand_out(engine)
        for event in engine.events(timeout=0.5):
            floor.take(event)
        for worker in floor.silent():
            engine.kill(worker)
    if stop.reason is not None:
        floor.clear(engine, stop.reason)
    return Tally(floor.finished, floor.failed, stop.reason)
