"""Who does what next, and what becomes a record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scaling.launch.engines import EngineError
from scaling.launch.loop import run
from scaling.launch.missing import missing
from scaling.launch.scheduler import Patience, choose
from scaling.records import ResultsFolder
from scaling.runner.jobs import Died, Event, Finished, Job, Position, Ready, Record, TimeJob, TrainJob
from scaling.schema import FailureKind, Variant
from tests.builders import environment, latency_record, results_folder, train_record, trial

A, A2, B = trial(depth=14, stem="small"), trial(depth=14, stem="small", seed=1), trial(depth=26, stem="small")
TRAIN_A, TRAIN_A2, TRAIN_B = TrainJob(A), TrainJob(A2), TrainJob(B)


def timing(variant: Variant) -> TimeJob:
    return TimeJob(latency_record(variant).request, "synthetic", 1.0)


TIME_A, TIME_B = timing(A.variant), timing(B.variant)


@pytest.mark.parametrize(
    ("waiting", "last", "running", "expected"),
    [
        ([TRAIN_B, TRAIN_A2], A.variant, [], TRAIN_A2),  # what is compiled goes on
        ([TIME_A, TRAIN_A2], A.variant, [], TRAIN_A2),  # trainings before the timing of the same variant
        ([TRAIN_B, TIME_A], A.variant, [], TIME_A),  # then the timing, while its program is there
        ([TRAIN_B, TIME_A], A.variant, [TRAIN_A], TRAIN_B),  # but never beside a training
        ([TRAIN_A2, TRAIN_B], None, [TRAIN_A], TRAIN_B),  # a variant nobody has
        ([TRAIN_A2], None, [TRAIN_A], TRAIN_A2),
        ([TIME_A], None, [TRAIN_B], None),
        ([TRAIN_B], None, [TIME_A], None),  # nothing beside a timing
        ([], None, [], None),
    ],
)
def test_choose(waiting: list[Job], last: Variant | None, running: list[Job], expected: Job | None) -> None:
    assert choose(waiting, last, running) == expected


class Script:
    """An engine of two workers that does what it is told, at once."""

    def __init__(self, results: dict[str, Record | str], workers: int = 2) -> None:
        self._results = results
        self._pending: list[Event] = [Ready(number, environment()) for number in range(workers)]
        self.order: list[str] = []
        self.beside: list[tuple[str, ...]] = []
        self._busy: dict[int, Job] = {}

    def submit(self, number: int, job: Job) -> None:
        self.order.append(job.id)
        self._busy[number] = job
        self.beside.append(tuple(sorted(other.id for other in self._busy.values())))

    def events(self, timeout: float) -> Iterator[Event]:
        yield from self._pending
        self._pending = []
        for number, job in list(self._busy.items()):
            del self._busy[number]
            result = self._results[job.id]
            yield Died(number, result) if isinstance(result, str) else Finished(number, result)


class Silent:
    def started(self, worker: int, job: Job) -> None: ...
    def moved(self, worker: int, job: Job, position: Position) -> None: ...
    def noted(self, note: str) -> None: ...
    def finished(self, worker: int, job: Job, record: Record, again: bool) -> None: ...


def test_everything_is_recorded_once_and_timings_run_alone(tmp_path: Path) -> None:
    jobs: list[Job] = [TRAIN_A, TRAIN_A2, TRAIN_B, TIME_A, TIME_B]
    engine = Script(
        {
            TRAIN_A.id: train_record(A),
            TRAIN_A2.id: train_record(TRAIN_A2.trial, failure="nan"),
            TRAIN_B.id: "exit code -9",
            TIME_A.id: latency_record(A.variant),
            TIME_B.id: latency_record(B.variant),
        }
    )
    folder = results_folder(tmp_path)
    with folder.writing():
        tally = run(jobs, folder, engine, Silent(), Patience(retries=0))
    assert (tally.finished, tally.failed) == (5, 2)
    assert sorted(engine.order) == sorted(job.id for job in jobs)
    assert all(len(beside) == 1 for beside in engine.beside if TIME_A.id in beside or TIME_B.id in beside)
    kinds = {r.trial_id: r.failure and r.failure.kind for r in folder.training.read()[0]}
    assert kinds == {TRAIN_A.id: None, TRAIN_A2.id: "nan", TRAIN_B.id: "crash"}
    assert len(folder.latency.read()[0]) == 2


@pytest.mark.parametrize(
    ("retry", "expected"),
    [((), []), (("any",), [TRAIN_A2.id, TRAIN_B.id]), (("oom",), [TRAIN_B.id])],
)
def test_missing_leaves_failures_alone_unless_told(
    tmp_path: Path, retry: tuple[FailureKind, ...], expected: list[str]
) -> None:
    folder = results_folder(
        tmp_path,
        [train_record(A), train_record(TRAIN_A2.trial, failure="nan"), train_record(B, failure="oom")],
    )
    assert [job.id for job in missing([TRAIN_A, TRAIN_A2, TRAIN_B], folder, environment().place, retry)] == expected


def test_a_timing_counts_only_on_its_device(tmp_path: Path) -> None:
    folder = results_folder(tmp_path, [], [latency_record(A.variant, device="this")])
    assert missing([TIME_A], folder, environment("this").place) == []
    assert missing([TIME_A], folder, environment("another").place) == [TIME_A]


def test_a_timing_made_on_the_engines_device_is_not_made_again(tmp_path: Path) -> None:
    folder = results_folder(tmp_path, [], [latency_record(A.variant, device=environment().device)])
    engine = Script({})
    with folder.writing():
        assert run([TIME_A], folder, engine, Silent(), Patience()).finished == 0
    assert engine.order == []


def test_a_worker_that_cannot_start_stops_the_run(tmp_path: Path) -> None:
    engine = Script({}, workers=0)
    engine._pending = [Died(0, "no Keras")] * 3
    folder: ResultsFolder = results_folder(tmp_path)
    with folder.writing(), pytest.raises(EngineError, match=r"no Keras; see .*worker-0\.log"):
        run([TRAIN_A], folder, engine, Silent(), Patience())


def test_a_worker_that_starts_at_last_is_given_work(tmp_path: Path) -> None:
    engine = Script({TRAIN_A.id: train_record(A)}, workers=0)
    engine._pending = [Died(0, "killed"), Died(0, "killed"), Ready(0, environment())]
    folder = results_folder(tmp_path)
    with folder.writing():
        assert run([TRAIN_A], folder, engine, Silent(), Patience()).finished == 1


def test_a_worker_that_died_gets_nothing_before_it_is_ready_again(tmp_path: Path) -> None:
    """Its trial goes to another; an idle worker whose machine is taken away stops nothing."""

    class Losing(Script):
        def __init__(self) -> None:
            super().__init__({TRAIN_A.id: train_record(A)})
            self._pending = [Ready(0, environment())]
            self.given: list[int] = []

        def submit(self, number: int, job: Job) -> None:
            self.given.append(number)
            super().submit(number, job)

        def events(self, timeout: float) -> Iterator[Event]:
            if self._busy.pop(0, None):
                yield Died(0, "its node is gone", preempted=True)
                yield Died(0, "nor did it start again", preempted=True)
                self._pending = [Ready(1, environment())]
            else:
                yield from super().events(timeout)

    engine, folder = Losing(), results_folder(tmp_path)
    with folder.writing():
        assert run([TRAIN_A], folder, engine, Silent(), Patience()).finished == 1
    assert engine.given == [0, 1]
    assert [r.failure and r.failure.kind for r in folder.training.read()[0]] == ["preempted", None]
