"""The driver's own cost: tens of thousands of trials on workers that answer at once, every record written through.

The weights of each trial are an empty file, and the driver deletes those that are on no front, as `scaling run` does.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.processes import environment
from benchmarks.rows import Measurement, Row, compared

if TYPE_CHECKING:
    from scaling.launch.engines import Engine
    from scaling.runner.jobs import Event

TRIALS, WORKERS = 50_000, 1_000
NAME = f"driver of {TRIALS:,} trials and {WORKERS:,} workers"
ROWS = (
    Row(f"{NAME}: processor time", "s", "<= 1", note="the peer: 60 s; a fake engine that answers at once"),
    Row(f"{NAME}: memory", "MB", "<= 1", note="the peer: 500 MB"),
    Row(f"{NAME}: weights, the most files at once", "files", "<= 0.01", note="the peer: a file for each trial"),
)


def measurements() -> list[Measurement]:
    """Against 60 s of processor time and 500 MB; a fifth of the trials shows whether it grows in proportion."""
    return [Measurement(ROWS, _measured)]


def _measured(of_time: Row, of_memory: Row, of_weights: Row) -> Iterator[Row]:
    fifth, whole = _driven(TRIALS // 5), _driven(TRIALS)
    growth = whole["cpu_seconds"] / fifth["cpu_seconds"]
    note = f"{of_time.note}; {growth:.2f} times the time of a fifth of the trials"
    yield compared(of_time, [whole["cpu_seconds"]], [60.0], note)
    yield compared(of_memory, [whole["megabytes"]], [500.0])
    yield compared(of_weights, [whole["weight_files"]], [TRIALS])


def _driven(trials: int) -> dict[str, float]:
    """Processor time and the most memory of a process that drives so many trials."""
    command = [sys.executable, "-m", "benchmarks.driver", str(trials)]
    told = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True, text=True).stdout
    measured: dict[str, float] = json.loads(told.splitlines()[-1])
    return measured


def drive(trials: int, workers: int, engine: Callable[[int, Path], Engine] | None = None) -> dict[str, float]:
    """Runs a study to the end, in this process.

    Args:
        trials: how many; whole thousands, or fifties below a thousand.
        workers: how many.
        engine: makes it, of the number of workers and the folder for weights; None: `FakeEngine`.

    Returns:
        The processor time of this process so far (s), the most memory it has had (MB), the time of the run itself (s),
        and the most files of weights that there were at once.
    """
    from rich.console import Console

    from scaling.generator.study import check
    from scaling.launch import RetryPolicy, loop
    from scaling.launch.keeping import Keeper
    from scaling.launch.missing import Outcomes, missing
    from scaling.launch.progress.broadcast import Broadcast
    from scaling.launch.progress.estimate import RunProgress
    from scaling.launch.progress.views import PlainView
    from scaling.launch.workload import jobs, works
    from scaling.results.records import ResultsFolder

    epochs, seeds = min(20, trials // 50), max(1, trials // 1000)
    study = check(
        {
            "study": "many",
            "question": "What does a driver cost?",
            "dataset": {"name": "imagenet"},
            "grid": [{"depth": [14, 26, 50, 101, 200], "width": [0.25, 0.5, 1.0, 1.5, 2.0], "resolution": [128, 160]}],
            "across": {"epochs": list(range(1, 1 + epochs)), "seed": list(range(seeds))},
            "latency": {"phases": []},
        }
    )

    class Watched(Keeper):
        """Counts the files before it deletes some: never are there more."""

        most = 0

        def tidy(self) -> None:
            self.most = max(self.most, len(list(folder.weights.iterdir())))
            super().tidy()

    with tempfile.TemporaryDirectory() as path, Path("/dev/null").open("w") as nowhere:
        folder = ResultsFolder(Path(path, "many"))
        with folder.writing():
            outcomes, policy = Outcomes.read(folder), RetryPolicy()
            todo = missing(jobs(study), outcomes, "made up", policy)
            progress = RunProgress(todo, works(todo), workers=workers)
            view = Broadcast(PlainView(progress, Console(file=nowhere, width=200)), progress, folder.path)
            folder.weights.mkdir()
            keeper = Watched(folder, "best", str(folder.weights))
            began = time.perf_counter()
            made = (engine or FakeEngine)(workers, folder.weights)
            summary = loop.run(todo, folder, outcomes, made, view, policy, on_record=keeper.recorded)
            keeper.tidy()
            seconds = time.perf_counter() - began
            if summary.succeeded != trials:
                raise AssertionError(f"{summary.succeeded} of {trials} trials were recorded")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1e3,
        "loop_seconds": seconds,
        "weight_files": keeper.most,
    }


class FakeEngine:
    """Workers that are ready at once and finish every job before they are asked."""

    def __init__(self, workers: int, weights: Path) -> None:
        from benchmarks.made_up import ENVIRONMENT
        from scaling.runner.jobs import Ready

        self.workers, self._weights, self._random = workers, weights, np.random.default_rng(0)
        self._events: list[Event] = [Ready(number, ENVIRONMENT) for number in range(workers)]

    def submit(self, number: int, job: object) -> None:
        from benchmarks.made_up import record_of
        from scaling.runner.jobs import Finished, TrainJob

        if not isinstance(job, TrainJob):
            raise TypeError(f"{job}: this engine only trains")
        self._events.append(Finished(number, record_of(job.trial, self._random, with_history=False)))

    def events(self, timeout: float) -> Iterator[Event]:
        from scaling.models.trained import path_of
        from scaling.runner.jobs import Finished
        from scaling.schema import TrainRecord

        events, self._events = self._events[:100], self._events[100:]
        for event in events:
            if isinstance(event, Finished) and isinstance(event.record, TrainRecord):
                Path(path_of(str(self._weights), event.record.trial_id)).touch()
            yield event

    def interrupt(self) -> None: ...
    def kill(self, number: int) -> None: ...
    def restart(self, number: int) -> None: ...


if __name__ == "__main__":
    print(json.dumps(drive(int(sys.argv[1]), WORKERS)))  # noqa: T201
