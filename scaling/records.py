"""A study's results folder: the only reader and writer of `records.jsonl` and `latency.jsonl`.

One driver at a time appends; a line is on disk before the next trial starts. Whatever else is known about a study is
derived from these two files.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from scaling import driver
from scaling.errors import UserError
from scaling.schema import FailureKind, LatencyRecord, TrainRecord

REFERENCE = "reference"
"""`results/reference/` ships with the project: shown, but never resumed and never counted as done."""

UNFINISHED: frozenset[FailureKind] = frozenset({"interrupted", "preempted"})
"""Failures that a later run goes on with by itself."""

RecordT = TypeVar("RecordT", TrainRecord, LatencyRecord)


@dataclass(frozen=True)
class Skipped:
    """A line that is no record, and why."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class ResultsError(UserError):
    """A results folder that cannot be used as it stands; the message says what to do."""


@contextlib.contextmanager
def collection_paused() -> Iterator[None]:
    """No search for garbage while many records are made that all stay: it took four fifths of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class Log(Generic[RecordT]):
    """One JSON-lines file of one kind of record."""

    path: Path
    kind: type[RecordT]

    def scan(self) -> Iterator[RecordT | Skipped]:
        """Reads record by record, and names every line that is none (torn, foreign or damaged).

        Raises:
            ResultsError: if a line comes from a newer version of the toolkit.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield self._parsed(number, line)

    def _parsed(self, number: int, line: bytes) -> RecordT | Skipped:
        try:
            return self.kind.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"] == ("schema_version",) and "newer" in first["msg"]:
                raise ResultsError(f"{self.path}:{number}: {first['msg']}") from None
            place = ".".join(map(str, first["loc"]))
            return Skipped(self.path, number, f"{place}: {first['msg']}" if place else first["msg"])

    def read(self) -> tuple[list[RecordT], list[Skipped]]:
        """Reads every record, and every line that is none.

        Raises:
            ResultsError: if a line comes from a newer version of the toolkit.
        """
        records: list[RecordT] = []
        skipped: list[Skipped] = []
        with collection_paused():
            for one in self.scan():
                if isinstance(one, Skipped):
                    skipped.append(one)
                else:
                    records.append(one)
        return records, skipped

    def append(self, record: RecordT) -> None:
        """Writes one line through to the disk.

        Raises:
            OSError: if it does not fit; the file then ends as it did before.
        """
        line = record.model_dump_json(exclude_none=True).encode() + b"\n"
        with self.path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                written = file.write(line)
                if written != len(line):
                    raise OSError(f"{self.path}: wrote {written} of {len(line)} bytes; is the disk full?")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise

    def set_torn_line_aside(self) -> int:
        """Moves an unfinished last line (a writer was killed) to `<name>.torn`; returns its number of bytes."""
        if not self.path.exists():
            return 0
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        torn = data[whole:]
        if torn:
            with self.path.with_suffix(".torn").open("ab") as aside:
                aside.write(torn + b"\n")
            os.truncate(self.path, whole)
        return len(torn)


class ResultsFolder:
    """`results/<study>/`: the study as it was run, its records, figures and logs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.training: Log[TrainRecord] = Log(path / "records.jsonl", TrainRecord)
        self.latency: Log[LatencyRecord] = Log(path / "latency.jsonl", LatencyRecord)

    @property
    def study_file(self) -> Path:
        return self.path / "study.yaml"

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_reference(self) -> bool:
        """Whether it came with the project."""
        return REFERENCE in self.path.parts[:-1]

    def exists(self) -> bool:
        return self.training.path.exists() or self.latency.path.exists()

    def done(self) -> set[str]:
        """Ids of the trials that were trained to success."""
        records, _ = self.training.read()
        return {record.trial_id for record in records if record.ok}

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the folder as its one driver, torn lines set aside.

        Raises:
            ResultsError: if it cannot be written.
            DriverError: if another driver holds it, named by host and process id.
        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"{self.path}: cannot be written: {error.strerror}") from None
        with driver.seat(self.path):
            self.training.set_torn_line_aside()
            self.latency.set_torn_line_aside()
            yield


def latest(records: Iterable[RecordT], key: Callable[[RecordT], str]) -> dict[str, RecordT]:
    """The last record of each key, in order of the first; a success is never hidden by a later failure."""
    found: dict[str, RecordT] = {}
    for record in records:
        before = found.get(key(record))
        if supersedes(record.ok, before is not None and before.ok):
            found[key(record)] = record
    return found


def supersedes(ok: bool, before_ok: bool) -> bool:
    """Whether a record takes the place of an earlier one of the same trial: a failure never that of a success."""
    return ok or not before_ok


def find(*paths: Path) -> list[ResultsFolder]:
    """The results folders among `paths` and below them, in order of name.

    Raises:
        ResultsError: if a path does not exist or holds no records.
    """
    found: list[ResultsFolder] = []
    for path in paths:
        if not path.is_dir():
            raise ResultsError(f"{path}: no such folder")
        inside = [path, *sorted(p for p in path.rglob("*") if p.is_dir())]
        folders = [folder for p in inside if (folder := ResultsFolder(p)).exists()]
        if not folders:
            raise ResultsError(f"{path}: no records.jsonl or latency.jsonl in it or below; run a study first")
        found += folders
    return found
