"""Measures room after room; each row is written as soon as it is there, and one that fails stops no other."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from benchmarks.here import Here
from benchmarks.results import HERE, Results
from benchmarks.rows import Measurement, Row
from scaling.launch.progress.views import duration

Room = Callable[[], Sequence[Measurement]]
"""Says what a room would measure, and measures nothing yet."""

LONGEST_FAILURE = 300
"""Characters of what went wrong; all of it is printed."""


def measure(
    rooms: Mapping[str, Room],
    here: Here,
    *,
    resume: bool = False,
    folder: Path = HERE,
    say: Callable[[str], None] = print,
) -> tuple[Row, ...]:
    """Measures the rows of rooms.

    Args:
        rooms: by name.
        here: what they are measured on and with.
        resume: whether rows are left alone that were measured on their device at this commit.
        folder: where the results are.
        say: told how far it is.

    Returns:
        The rows that failed.
    """
    planned = [_planned(name, room) for name, room in rooms.items()]
    run = _Run(planned, here, resume, folder, say)
    return tuple(row for each in planned for row in run.room(each))


@dataclass(frozen=True)
class _Planned:
    """A room's measurements; not all of them where it could not say what they are."""

    room: str
    measurements: tuple[Measurement, ...]
    whole: bool = True


def _planned(name: str, room: Room) -> _Planned:
    try:
        return _Planned(name, tuple(room()))
    except Exception as error:
        raised = error

    def fail(row: Row) -> Iterator[Row]:
        del row
        raise raised

    return _Planned(name, (Measurement((Row(f"{name}: what its rows are", "", ""),), fail),), whole=False)


class _Run:
    def __init__(
        self, planned: Sequence[_Planned], here: Here, resume: bool, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._here, self._folder, self._say = here, folder, say
        self._results = Results.read(folder)
        self._resume = resume and bool(here.commit)
        self._number = 0
        everything = [one for each in planned for one in each.measurements]
        self._total = sum(len(one.rows) for one in everything)
        done = [one for one in everything if self._is_done(one)]
        self._waiting = [row for one in everything if not (one.missing or one in done) for row in self._keyed(one)]
        if resume and not here.commit:
            say("What is measured has changed since its latest commit, or is in no repository: all rows are measured.")
        if there := sum(len(one.rows) for one in done):
            say(f"{there} of {self._total} rows were measured at {here.commit} already.")

    def room(self, planned: _Planned) -> list[Row]:
        """Measures a room; its rows that failed."""
        failed = [row for one in planned.measurements for row in self._measured(planned.room, one)]
        if planned.whole:
            devices = {self._device(one) for one in planned.measurements}
            names = {row.name for one in planned.measurements for row in one.rows}
            self._write(self._results.only(planned.room, devices, names))
        return failed

    def _measured(self, room: str, measurement: Measurement) -> list[Row]:
        """Measures rows that belong together; those that failed."""
        rows = [replace(row, room=room) for row in self._keyed(measurement)]
        if self._is_done(measurement):
            self._number += len(rows)
            return []
        stream, left = measurement.measured(), list(rows)
        try:
            while left:
                self._announce(left[0])
                began = perf_counter()
                done = next(stream)
                took = perf_counter() - began
                self._keep(replace(done, room=room, device=left[0].device, failure="", seconds=took))
                del left[0]
            next(stream, None)  # its processes end
        except Exception as error:
            self._say(traceback.format_exc())
            self._number += max(0, len(left) - 1)
            return [self._failed(row, error) for row in left or rows[-1:]]
        return []

    def _failed(self, row: Row, error: Exception) -> Row:
        *_, last = [line for line in f"{type(error).__name__}: {error}".splitlines() if line.strip()]
        when = " at ".join(filter(None, (self._here.date, self._here.commit)))
        failed = replace(row, failure=f"{last.strip()[:LONGEST_FAILURE]} ({when})")
        self._keep(failed)
        return failed

    def _keep(self, row: Row) -> None:
        """Writes a row at once."""
        here = self._here
        row = replace(row, commit=here.commit, date=here.date)
        self._write(self._results.with_row(row, here.versions))
        self._waiting = [one for one in self._waiting if one.key != row.key]
        self._say(f"  {told(row)}")

    def _write(self, results: Results) -> None:
        self._results = results
        results.write(self._folder)

    def _announce(self, row: Row) -> None:
        self._number += 1
        left = self._seconds_left()
        rest = "" if left is None else f" (about {duration(left)} left)"
        self._say(f"row {self._number} of {self._total}: {row.name}{rest}")

    def _seconds_left(self) -> float | None:
        """As long as the rows that wait took before on their devices; None where one of them was never measured."""
        before = [self._results.row(*row.key) for row in self._waiting]
        took = [row.seconds for row in before if row is not None and row.seconds is not None]
        return sum(took) if took and len(took) == len(before) else None

    def _is_done(self, measurement: Measurement) -> bool:
        if not self._resume:
            return False
        before = [self._results.row(*row.key) for row in self._keyed(measurement)]
        return all(row and row.measured and row.commit == self._here.commit for row in before)

    def _keyed(self, measurement: Measurement) -> list[Row]:
        return [replace(row, device=self._device(measurement)) for row in measurement.rows]

    def _device(self, measurement: Measurement) -> str:
        return measurement.device or self._here.device


def told(row: Row) -> str:
    """A row's numbers, or why there are none, for people who wait."""
    if not row.measured:
        return f"not measured: {row.failure or row.note}"
    numbers = [f"{row.ours:.4g} {row.unit}"]
    numbers += [f"the peer {row.peer:.4g}"] if row.peer is not None else []
    numbers += [f"ratio {row.ratio:.3g}"] if row.ratio is not None else []
    met = {True: "met", False: "missed", None: ""}[row.met]
    return ", ".join(numbers) + (f" ({row.target}: {met})" if met else "")
