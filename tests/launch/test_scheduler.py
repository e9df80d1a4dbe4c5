"""Who does what next, and what becomes a record."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from scaling.launch.engines import EngineError
from scaling.launch.loop import RunSummary, run
from scaling.launch.missing import Outcomes
from scaling.launch.retry import RetryPolicy
from scaling.launch.scheduler import STOPPED, Gate
from scaling.launch.stopping import Stop
from scaling.results.records import ResultsError, ResultsFolder
from scaling.runner.jobs import Died, Event, Finished, Job, Position, Ready, Record, TimeJob, TrainJob
from scaling.schema import Trial, Variant
from tests.builders import environment, latency_record, results_folder, train_record, trial

A, A2, B = trial(depth=14, stem="small"), trial(depth=14, stem="small", seed=1), trial(depth=26, stem="small")
TRAIN_A, TRAIN_A2, TRAIN_B = TrainJob(A), TrainJob(A2), TrainJob(B)


def timing(variant: Variant) -> TimeJob:
    return TimeJob(latency_record(variant).request, "synthetic", 1.0)


Result = Record | str

TIME_A, TIME_B = timing(A.variant), timing(B.variant)


class Script:
    """An engine that does what it is told, at once: each job's results in order, a record or the reason of a death."""

    def __init__(self, results: Mapping[str, Result | list[Result]], workers: int = 2) -> None:
        self._results = {name: [*given] if isinstance(given, list) else [given] for name, given in results.items()}
        self.workers = max(1, workers)
        self.pending: list[Event] = [Ready(number, environment()) for number in range(workers)]
        self.order: list[str] = []
        self.beside: list[tuple[str, ...]] = []
        self.restarts: list[int] = []
        self._busy: dict[int, Job] = {}

    def submit(self, number: int, job: Job) -> None:
        self.order.append(job.id)
        self._busy[number] = job
        self.beside.append(tuple(sorted(other.id for other in self._busy.values())))

    def events(self, timeout: float) -> Iterator[Event]:
        pending, self.pending = self.pending, []
        yield from pending
        for number, job in list(self._busy.items()):
            del self._busy[number]
            result = self._results[job.id].pop(0)
            yield Died(number, result) if isinstance(result, str) else Finished(number, result)

    def restart(self, number: int) -> None:
        self.restarts.append(number)
        if not self.pending and not any(isinstance(event, Died) for event in self.pending):
            self.pending.append(Ready(number, environment()))

    def interrupt(self) -> None: ...
    def kill(self, number: int) -> None: ...


class Silent:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.skips: list[Job] = []

    def started(self, worker: int, job: Job) -> None: ...
    def moved(self, worker: int, job: Job, position: Position) -> None: ...
    def finished(self, worker: int, job: Job, record: Record, retried: bool) -> None: ...
    def refresh(self) -> None: ...

    def noted(self, note: str) -> None:
        self.notes.append(note)

    def skipped(self, job: Job) -> None:
        self.skips.append(job)


def drive(
    jobs: list[Job],
    folder: ResultsFolder,
    engine: Script,
    policy: RetryPolicy | None = None,
    view: Silent | None = None,
    stop: Stop | None = None,
    gate: Gate | None = None,
) -> RunSummary:
    outcomes, policy = Outcomes.read(folder), policy or RetryPolicy()
    return run(jobs, folder, outcomes, engine, view or Silent(), policy, stop=stop, gate=gate)


class Doorkeeper:
    """A gate that admits some trials, and knows what was timed when it was asked."""

    def __init__(self, engine: Script, *admitted: Trial) -> None:
        self._engine, self._admitted = engine, {of.id for of in admitted}
        self.places: list[str] = []
        self.asked_after: list[int] = []

    def ready_at(self, place: str) -> None:
        self.places.append(place)

    def admits(self, job: TrainJob) -> bool:
        self.asked_after.append(len(self._engine.order))
        return job.id in self._admitted


def test_timings_come_before_a_gate_is_asked_and_what_it_refuses_is_neither_run_nor_recorded(tmp_path: Path) -> None:
    timings = {TIME_A.id: latency_record(A.variant), TIME_B.id: ["exit code -9", latency_record(B.variant)]}
    engine, view = Script({TRAIN_A.id: train_record(A), TRAIN_A2.id: train_record(A2), **timings}), Silent()
    folder, gate = results_folder(tmp_path), Doorkeeper(engine, A, A2)
    with folder.writing():
        summary = drive([TRAIN_A, TRAIN_B, TRAIN_A2, TIME_A, TIME_B], folder, engine, view=view, gate=gate)
    assert (summary.succeeded, summary.failed) == (4, 0)
    assert summary.finished == "2 trainings and 2 timings finished"
    assert set(engine.order[:3]) == {TIME_A.id, TIME_B.id}
    assert min(gate.asked_after) == 3
    assert set(gate.places) == {environment().place}
    assert view.skips == [TRAIN_B]
    assert {record.trial_id for record in folder.training.read()[0]} == {A.id, A2.id}


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
        summary = drive(jobs, folder, engine, RetryPolicy(retries=0))
    assert (summary.succeeded, summary.failed) == (3, 2)
    assert sorted(engine.order) == sorted(job.id for job in jobs)
    assert all(len(beside) == 1 for beside in engine.beside if TIME_A.id in beside or TIME_B.id in beside)
    kinds = {r.trial_id: r.failure and r.failure.kind for r in folder.training.read()[0]}
    assert kinds == {TRAIN_A.id: None, TRAIN_A2.id: "nan", TRAIN_B.id: "crash"}
    assert len(folder.latency.read()[0]) == 2


def test_a_timing_made_on_the_engines_device_is_not_made_again(tmp_path: Path) -> None:
    folder = results_folder(tmp_path, [], [latency_record(A.variant, device=environment().device)])
    engine, view = Script({}), Silent()
    with folder.writing():
        assert drive([TIME_A], folder, engine, view=view).ended == 0
    assert engine.order == []
    assert view.skips == [TIME_A]


def test_a_retried_job_is_recorded_each_time_and_counted_once(tmp_path: Path) -> None:
    engine = Script({TRAIN_A.id: ["exit code -9", "exit code -9", train_record(A)]})
    folder = results_folder(tmp_path)
    with folder.writing():
        summary = drive([TRAIN_A], folder, engine, RetryPolicy(retries=2))
    assert (summary.succeeded, summary.failed) == (1, 0)
    assert [record.failure and record.failure.kind for record in folder.training.read()[0]] == ["crash", "crash", None]


def test_a_worker_that_never_starts_ends_the_run_with_what_its_log_says(tmp_path: Path) -> None:
    engine = Script({}, workers=0)
    engine.pending = [Died(0, "exit code 1")] * 3
    folder = results_folder(tmp_path)
    (folder.logs / "worker-0.log").write_text("Traceback ...\n\nValueError: no backend 'torchflow'\n")
    with folder.writing(), pytest.raises(EngineError, match=r"3 times: exit code 1; .*no backend 'torchflow'"):
        drive([TRAIN_A], folder, engine)
    assert engine.restarts == [0, 0]


def test_the_others_go_on_without_a_worker_that_never_starts(tmp_path: Path) -> None:
    engine = Script({TRAIN_A.id: train_record(A)}, workers=2)
    engine.pending = [*[Died(0, "exit code 1")] * 3, Ready(1, environment())]
    folder, view = results_folder(tmp_path), Silent()
    with folder.writing():
        assert drive([TRAIN_A], folder, engine, view=view).succeeded == 1
    assert any("The run goes on without it" in note for note in view.notes)


def test_a_worker_that_starts_at_last_is_given_work(tmp_path: Path) -> None:
    engine = Script({TRAIN_A.id: train_record(A)}, workers=0)
    engine.pending = [Died(0, "killed"), Died(0, "killed"), Ready(0, environment())]
    folder = results_folder(tmp_path)
    with folder.writing():
        assert drive([TRAIN_A], folder, engine).succeeded == 1


def test_a_run_that_is_stopped_records_what_did_not_end_as_interrupted(tmp_path: Path) -> None:
    stop = Stop()

    class Stopping(Script):
        def submit(self, number: int, job: Job) -> None:
            super().submit(number, job)
            stop.ask(signal.SIGTERM)

    engine = Stopping({TRAIN_A.id: train_record(A, failure="preempted"), TRAIN_B.id: "killed"})
    folder = results_folder(tmp_path)
    with folder.writing():
        summary = drive([TRAIN_A, TRAIN_B], folder, engine, stop=stop)
    assert (summary.failed, summary.interrupted, summary.stopped) == (0, 2, True)
    assert {record.failure.kind for record in folder.training.read()[0] if record.failure} == {"interrupted"}


def test_a_timing_that_is_stopped_is_not_said_to_have_run_out_of_memory(tmp_path: Path) -> None:
    stop = Stop()

    class Stopping(Script):
        def submit(self, number: int, job: Job) -> None:
            super().submit(number, job)
            stop.ask(signal.SIGTERM)

    folder = results_folder(tmp_path)
    with folder.writing():
        drive([TIME_A], folder, Stopping({TIME_A.id: "ended by SIGKILL (memory)"}), stop=stop)
    (record,) = folder.latency.read()[0]
    assert record.failure
    assert (record.failure.kind, record.failure.message) == ("interrupted", STOPPED)


def test_a_folder_that_vanishes_ends_the_run_rather_than_beginning_another(tmp_path: Path) -> None:
    class Vanishing(Script):
        def submit(self, number: int, job: Job) -> None:
            super().submit(number, job)
            shutil.rmtree(tmp_path / "study")
            (tmp_path / "study" / "logs").mkdir(parents=True)

    folder = results_folder(tmp_path / "study")
    with pytest.raises(ResultsError, match="removed or replaced"), folder.writing():
        drive([TRAIN_A], folder, Vanishing({TRAIN_A.id: train_record(A)}))
    assert not folder.training.path.exists()


def test_a_worker_that_died_gets_nothing_before_it_is_ready_again(tmp_path: Path) -> None:
    """Its trial goes to another; an idle worker whose machine is taken away stops nothing."""

    class Losing(Script):
        def __init__(self) -> None:
            super().__init__({TRAIN_A.id: train_record(A)})
            self.pending = [Ready(0, environment())]
            self.given: list[int] = []

        def submit(self, number: int, job: Job) -> None:
            self.given.append(number)
            super().submit(number, job)

        def events(self, timeout: float) -> Iterator[Event]:
            if self._busy.pop(0, None):
                yield Died(0, "its node is gone", preempted=True)
                yield Died(0, "nor did it start again", preempted=True)
                self.pending = [Ready(1, environment())]
            else:
                yield from super().events(timeout)

    engine, folder = Losing(), results_folder(tmp_path)
    with folder.writing():
        assert drive([TRAIN_A], folder, engine).succeeded == 1
    assert engine.given == [0, 1]
    assert [r.failure and r.failure.kind for r in folder.training.read()[0]] == ["preempted", None]
