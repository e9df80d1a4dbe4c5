"""Rows of a large study, made small: that each is measured, not how long it took."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import memory, scale
from benchmarks.made_up import write_long_records
from scaling.results.records import ResultsFolder

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason='Ray is not here: pip install "scaling-study[cluster]"')


def test_long_records_are_valid_and_have_all_their_epochs(tmp_path: Path) -> None:
    write_long_records(tmp_path / "long", 3, epochs=7)
    records, skipped = ResultsFolder(tmp_path / "long").training.read()
    assert not skipped
    assert [len(record.history) for record in records] == [7, 7, 7]
    assert len({record.trial_id for record in records}) == 3


def test_a_row_that_was_not_measured_says_so_in_the_table() -> None:
    head, _, *lines = scale.table("a device that nobody has").splitlines()
    assert head == "| what | measured | against |"
    assert all(line.endswith("| not measured |  |") for line in lines)
    assert sum("through Ray" in line for line in lines) == 2


@pytest.mark.slow
def test_every_command_is_measured_on_records_that_it_can_read() -> None:
    rows = list(scale._read(*scale.READING, trials=1000))
    assert [row.name for row in rows] == [row.name for row in scale.READING]
    assert all(row.ours and row.ours > 0 for row in rows)


@pytest.mark.slow
def test_the_size_of_long_records_is_that_of_their_file() -> None:
    few, many = ([row.ours or 0.0 for row in scale._long(*scale.HISTORIES, count=count)] for count in (1, 4))
    assert many[0] == pytest.approx(4 * few[0], rel=0.01)
    assert min(few + many) > 0


@needs_ray
@pytest.mark.slow
def test_every_trial_goes_through_ray_and_workers_that_train_are_waited_for() -> None:
    told = scale._told("ray", trials=100, workers=10, seconds=1.0)
    assert told["cpu_seconds"] > 0
    assert 0 < told["waiting"] < scale.HOSTS


@pytest.mark.slow
@pytest.mark.skipif(not memory.SMAPS.exists(), reason="only Linux tells how much memory processes share")
def test_two_workers_take_more_memory_than_one() -> None:
    one, two = (memory.megabytes(workers, run="", resolution=32) for workers in (1, 2))
    assert two > 1.2 * one
