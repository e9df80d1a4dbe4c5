"""A worker of this process: what it trains in where the recipe leaves that to its device, and what it records of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scaling import machine
from scaling.results.frame import load_results
from scaling.runner.compute import precision
from scaling.runner.jobs import Event, Note, TrainJob, WorkerConfig
from scaling.schema import TrainRecord
from tests import builders

pytestmark = pytest.mark.slow

TRIAL = builders.trial(
    train_examples=256,
    width=0.0625,
    resolution=8,
    stem="small",
    epochs=2,
    recipe={"batch_size": 32, "precision": "auto"},
)


@pytest.fixture(autouse=True)
def _no_handlers_left() -> Iterator[None]:
    package = logging.getLogger("scaling")
    before = [*package.handlers]
    yield
    package.handlers[:] = before


@dataclass
class Told:
    """A channel that keeps what it is told."""

    events: list[Event] = field(default_factory=list)

    def send(self, event: Event) -> None:
        self.events.append(event)


@dataclass
class After:
    """A flag that is set once it was asked so often."""

    times: float

    def is_set(self) -> bool:
        self.times -= 1
        return self.times < 0


def trained(folder: Path, steps: float = float("inf")) -> tuple[TrainRecord, list[str]]:
    """What a new worker records of the trial, stopped after some steps, and what it notes."""
    from scaling.runner.worker import Worker

    (folder / "logs").mkdir(exist_ok=True)
    told = Told()
    config = WorkerConfig(logs=str(folder / "logs"), checkpoints=str(folder / "checkpoints"), compile="graph")
    record = Worker(0, config, (), told, After(steps)).do(TrainJob(TRIAL))
    assert isinstance(record, TrainRecord)
    assert record.trial_id == TRIAL.id
    return record, [event.note for event in told.events if isinstance(event, Note)]


def test_a_trial_keeps_the_precision_it_began_with_wherever_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins where bfloat16 pays, and goes on where it would have begun in float32."""
    with monkeypatch.context() as elsewhere:
        (tmp_path / "cpuinfo").write_text("flags\t: fpu avx512_bf16\n")
        elsewhere.setattr(machine, "PROCESSOR", tmp_path / "cpuinfo")
        elsewhere.setattr(precision, "LEAST_MACS", 1)
        begun, _ = trained(tmp_path, steps=10)
    assert begun.failure is not None
    assert (begun.failure.kind, begun.precision) == ("interrupted", "mixed_bfloat16")
    resumed, notes = trained(tmp_path)
    assert resumed.failure is None
    assert (resumed.precision, len(resumed.history), notes) == ("mixed_bfloat16", 2, [])
    assert resumed.train_seconds is not None
    assert resumed.train_seconds > sum(epoch.seconds for epoch in resumed.history)
    alone, _ = trained(tmp_path)
    assert alone.failure is None
    assert alone.precision == "float32"
    assert alone.history[0].train_loss != resumed.history[0].train_loss
    for name, records, computed in (("both", [begun, resumed], "mixed_bfloat16"), ("alone", [alone], "float32")):
        folder = builders.results_folder(tmp_path / name, records)
        assert load_results(folder.path)["precision"].tolist() == [computed]
