"""Rows are written one by one; what fails stops nothing; what is there is not measured again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import ROOMS
from benchmarks.__main__ import planned as measurements
from benchmarks.here import Here
from benchmarks.measuring import measure
from benchmarks.results import JSON, MARKDOWN, Results
from benchmarks.rows import Measurement, Row, compared, lacking

HERE = Here("a processor, 2 cores", "abc1234", "2026-12-01", {"python": "3.11"})


class Rooms:
    """Rooms of made-up rows, and the names of those that were measured."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.value = 1.0

    def measurement(self, *names: str, device: str = "") -> Measurement:
        return Measurement(tuple(Row(name, "s", "<= 1") for name in names), self._measured, device=device)

    def _measured(self, *rows: Row) -> Iterator[Row]:
        for row in rows:
            self.asked.append(row.name)
            if row.name in self.broken:
                raise RuntimeError(f"{row.name} broke\nas its last line says")
            yield compared(row, [self.value], [2.0])


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


def names(folder: Path) -> list[str]:
    return [row.name for row in Results.read(folder).rows]


def test_each_row_is_in_both_files_before_the_next_is_measured(rooms: Rooms, tmp_path: Path) -> None:
    written: list[tuple[list[str], int]] = []

    def measured(*rows: Row) -> Iterator[Row]:
        for row in rows:
            text = (tmp_path / MARKDOWN).read_text() if (tmp_path / MARKDOWN).exists() else ""
            written.append((names(tmp_path), text.count("| yes |")))
            yield compared(row, [1.0], [2.0])

    rows = tuple(Row(name, "s", "<= 1") for name in "abc")
    assert not measure({"room": lambda: [Measurement(rows, measured)]}, HERE, folder=tmp_path, say=lambda line: None)
    assert written == [([], 0), (["a"], 1), (["a", "b"], 2)]
    assert names(tmp_path) == ["a", "b", "c"]


def test_rows_say_where_when_and_of_what_code_they_are(rooms: Rooms, tmp_path: Path) -> None:
    measure({"room": lambda: [rooms.measurement("a")]}, HERE, folder=tmp_path, say=lambda line: None)
    (row,) = Results.read(tmp_path).rows
    assert (row.room, row.device, row.commit, row.date) == ("room", HERE.device, HERE.commit, HERE.date)
    assert row.seconds is not None
    assert Results.read(tmp_path).versions == {HERE.device: HERE.versions}


def test_a_row_that_raises_is_noted_and_the_rest_goes_on(rooms: Rooms, tmp_path: Path) -> None:
    rooms.broken = {"b"}
    said: list[str] = []
    planned = [rooms.measurement("a", "b", "c"), rooms.measurement("d")]
    failed = measure({"room": lambda: planned}, HERE, folder=tmp_path, say=said.append)
    assert [row.name for row in failed] == ["b", "c"]
    found = {row.name: row for row in Results.read(tmp_path).rows}
    assert [name for name, row in found.items() if row.measured] == ["a", "d"]
    assert found["b"].failure == "as its last line says (2026-12-01 at abc1234)"
    assert "- b: as its last line says" in (tmp_path / MARKDOWN).read_text()
    assert "RuntimeError: b broke" in "\n".join(said)


def test_a_room_that_raises_is_noted_and_the_rest_goes_on(rooms: Rooms, tmp_path: Path) -> None:
    def broken() -> list[Measurement]:
        raise ImportError("cannot import name 'weights'")

    measure({"bad": lambda: [rooms.measurement("old")]}, HERE, folder=tmp_path, say=lambda line: None)
    good = {"good": lambda: [rooms.measurement("a")]}
    (failed,) = measure({"bad": broken, **good}, HERE, folder=tmp_path, say=lambda line: None)
    assert (failed.room, failed.measured) == ("bad", False)
    assert "cannot import name 'weights'" in failed.failure
    assert names(tmp_path) == ["old", "bad: what its rows are", "a"]
    measure({"bad": lambda: [rooms.measurement("old")]}, HERE, folder=tmp_path, say=lambda line: None)
    assert names(tmp_path) == ["old", "a"]


def test_what_fails_later_keeps_the_numbers_it_had(rooms: Rooms, tmp_path: Path) -> None:
    planned = {"room": lambda: [rooms.measurement("a")]}
    measure(planned, HERE, folder=tmp_path, say=lambda line: None)
    (before,) = Results.read(tmp_path).rows
    rooms.broken = {"a"}
    later = replace(HERE, commit="def5678")
    measure(planned, later, folder=tmp_path, say=lambda line: None)
    (after,) = Results.read(tmp_path).rows
    assert after == replace(before, failure="as its last line says (2026-12-01 at def5678)")
    assert "the latest try failed: as its last line says" in (tmp_path / MARKDOWN).read_text()
    rooms.broken = set()
    measure(planned, later, folder=tmp_path, say=lambda line: None)
    (mended,) = Results.read(tmp_path).rows
    assert (mended.failure, mended.commit) == ("", "def5678")


def test_resuming_measures_what_this_device_lacks_of_this_commit(rooms: Rooms, tmp_path: Path) -> None:
    planned = {"room": lambda: [rooms.measurement(name) for name in "abc"]}
    rooms.broken = {"b"}
    measure(planned, HERE, folder=tmp_path, say=lambda line: None)
    rooms.broken, rooms.asked = set(), []
    said: list[str] = []
    measure(planned, HERE, resume=True, folder=tmp_path, say=said.append)
    assert rooms.asked == ["b"]
    assert said[0] == "2 of 3 rows were measured at abc1234 already."
    assert said[1].startswith("row 2 of 3: b")

    for other in (replace(HERE, commit="def5678"), replace(HERE, device="another"), replace(HERE, commit="")):
        rooms.asked = []
        measure(planned, other, resume=True, folder=tmp_path, say=lambda line: None)
        assert rooms.asked == ["a", "b", "c"]

    rooms.asked = []
    measure(planned, HERE, folder=tmp_path, say=lambda line: None)
    assert rooms.asked == ["a", "b", "c"]


def test_an_interrupted_run_keeps_what_it_has(rooms: Rooms, tmp_path: Path) -> None:
    def interrupted(row: Row) -> Iterator[Row]:
        raise KeyboardInterrupt
        yield row

    planned = [rooms.measurement("a"), Measurement((Row("b", "s", "<= 1"),), interrupted), rooms.measurement("c")]
    with pytest.raises(KeyboardInterrupt):
        measure({"room": lambda: planned}, HERE, folder=tmp_path, say=lambda line: None)
    assert names(tmp_path) == ["a"]


def test_two_devices_keep_their_own_rows_and_sections(rooms: Rooms, tmp_path: Path) -> None:
    other = replace(HERE, device="another, 16 cores", versions={"python": "3.13"})
    planned = {"room": lambda: [rooms.measurement("a", "b")]}
    measure(planned, HERE, folder=tmp_path, say=lambda line: None)
    rooms.value = 4.0
    measure(planned, other, folder=tmp_path, say=lambda line: None)
    results = Results.read(tmp_path)
    assert {row.key: row.ours for row in results.rows} == {
        (name, device): ours for device, ours in ((HERE.device, 1.0), (other.device, 4.0)) for name in "ab"
    }
    first, second = (tmp_path / MARKDOWN).read_text().split("## On ")[1:]
    assert first.startswith(HERE.device)
    assert second.startswith(other.device)
    assert first.count("| yes |") == second.count("| **no** |") == 2
    assert "python 3.11." in first
    assert "python 3.13." in second


def test_a_row_on_an_accelerator_is_the_accelerators(rooms: Rooms, tmp_path: Path) -> None:
    planned = {"room": lambda: [rooms.measurement("a", device="a GPU")]}
    measure(planned, HERE, folder=tmp_path, say=lambda line: None)
    measure(planned, replace(HERE, device="another"), folder=tmp_path, say=lambda line: None)
    (row,) = Results.read(tmp_path).rows
    assert row.device == "a GPU"


def test_what_a_machine_lacks_is_said_until_another_has_it(rooms: Rooms, tmp_path: Path) -> None:
    without = {"room": lambda: [lacking([Row("a", "s", "<= 1")], "no GPU here")]}
    measured = {"room": lambda: [rooms.measurement("a", device="a GPU")]}
    measure(without, HERE, folder=tmp_path, say=lambda line: None)
    assert "- a: no GPU here" in (tmp_path / MARKDOWN).read_text()
    for once in (measured, without):
        measure(once, HERE, folder=tmp_path, say=lambda line: None)
        assert [row.device for row in Results.read(tmp_path).rows] == ["a GPU"]


def test_a_row_that_nobody_measures_any_more_goes(rooms: Rooms, tmp_path: Path) -> None:
    other = replace(HERE, device="another")
    for here in (HERE, other):
        measure({"room": lambda: [rooms.measurement("old name")]}, here, folder=tmp_path, say=lambda line: None)
    measure({"room": lambda: [rooms.measurement("new name")]}, HERE, folder=tmp_path, say=lambda line: None)
    assert {row.key for row in Results.read(tmp_path).rows} == {("new name", HERE.device), ("old name", "another")}


def test_time_left_is_told_where_all_that_is_left_was_timed_before(rooms: Rooms, tmp_path: Path) -> None:
    planned = {"room": lambda: [rooms.measurement("a"), lacking([Row("b", "s", "<= 1")], "no GPU here")]}
    said: list[str] = []
    measure(planned, HERE, folder=tmp_path, say=said.append)
    assert [line for line in said if line.startswith("row ")] == ["row 1 of 2: a", "row 2 of 2: b"]
    results = Results.read(tmp_path)
    rows = tuple(replace(row, seconds=720.0) if row.name == "a" else row for row in results.rows)
    replace(results, rows=rows).write(tmp_path)
    said.clear()
    measure(planned, HERE, folder=tmp_path, say=said.append)
    assert said[0] == "row 1 of 2: a (about 12 min left)"


def test_rows_that_come_otherwise_than_planned_are_a_failure(tmp_path: Path) -> None:
    def other(row: Row) -> Iterator[Row]:
        yield replace(row, name="b")

    wrong = [Measurement((Row("a", "s", "<= 1"),), one) for one in (other, lambda row: [])]
    failed = measure({"room": lambda: wrong}, HERE, folder=tmp_path, say=lambda line: None)
    assert [(row.name, row.measured) for row in failed] == [("a", False)] * 2


def test_the_shipped_rows_have_the_targets_of_their_rooms() -> None:
    """And are met, or missed, by them."""
    targets = {row.name: row.target for room in ROOMS for one in measurements(room) for row in one.rows}
    for row in Results.read().rows:
        assert targets.get(row.name, row.target) == row.target, row.name
        if row.ratio is not None and row.target:
            sign, wanted = row.target.split()
            assert row.met == (row.ratio <= float(wanted) if sign == "<=" else row.ratio >= float(wanted)), row.name


def test_the_shipped_rows_are_as_they_would_be_written(tmp_path: Path) -> None:
    results = Results.read()
    assert len({row.key for row in results.rows}) == len(results.rows)
    assert {row.device for row in results.rows} == set(results.versions)
    results.write(tmp_path)
    for name in (JSON, MARKDOWN):
        assert (tmp_path / name).read_text() == (Path(__file__).parents[2] / "benchmarks" / name).read_text()
