"""A study's results folder: the only reader and writer of `records.jsonl` and `latency.jsonl`.

One driver at a time appends; a line is on disk before the next trial starts. Whatever else is known about a study is
derived from these two files.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError, field_validator

from scaling.errors import UserError
from scaling.results import lock
from scaling.results.shipped import shipped
from scaling.schema import FailureKind, LatencyRecord, TrainRecord
from scaling.schema.records import known_version

OWN = Path("results")
"""Where a user's runs are."""

REFERENCE = "reference"
"""`results/reference/` ships with the project: shown, but never resumed and never counted as done."""

RecordT = TypeVar("RecordT", bound=BaseModel)

AnyRecordT = TypeVar("AnyRecordT", bound=TrainRecord | LatencyRecord)

BLOCK = 1 << 16
"""Bytes that are read at once from the end of a file."""


class _Epoch(BaseModel):
    """All that a summary keeps of an epoch."""

    train_top1: float


class TrainSummary(TrainRecord):
    """A training record whose history is read no further than its accuracies; to check the rest takes most of the time.

    Runs and results are read as summaries, so that both take the same lines for records.
    """

    history: tuple[_Epoch, ...] = ()  # type: ignore[assignment]


class _OutcomeFailure(BaseModel):
    kind: FailureKind


class TrainOutcome(BaseModel):
    """How a training ended, and nothing else of its record, for those who only count: ten times as fast to read."""

    schema_version: int
    trial_id: str
    failure: _OutcomeFailure | None = None

    _known_version = field_validator("schema_version")(known_version)

    @property
    def ok(self) -> bool:
        return self.failure is None


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
            for record in self.scan():
                if isinstance(record, Skipped):
                    skipped.append(record)
                else:
                    records.append(record)
        return records, skipped

    def last(self, count: int) -> list[RecordT]:
        """The last records of the file, at most `count`, in order; no more of the file is read than that takes."""
        if not self.path.exists():
            return []
        tail = b""
        for block in self._blocks_from_end():
            tail = block + tail
            if tail.count(b"\n") > count:
                break
        parsed = (self._parsed(0, line) for line in tail.splitlines()[-count:] if line.strip())
        return [record for record in parsed if not isinstance(record, Skipped)]

    def append(self, record: RecordT) -> None:
        """Writes one line through to the disk.

        Raises:
            OSError: if it does not fit, with the file's path; the file then ends as it did before.
        """
        line = record.model_dump_json(exclude_none=True).encode() + b"\n"
        with self.path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                written = file.write(line)
                if written != len(line):
                    raise OSError(errno.ENOSPC, f"wrote {written} of {len(line)} bytes; is the disk full?")
                os.fsync(file.fileno())
            except OSError as error:
                file.truncate(before)
                raise OSError(error.errno, error.strerror, str(self.path)) from None

    def mend_last_line(self) -> str | None:
        """Ends the last line where its newline is missing, so that the next record begins a line of its own.

        A whole record (editors and merges drop the newline) gets it; an unfinished line (a writer was killed) is moved
        to `<name>.torn`.

        Returns:
            What was done, for people; None where nothing was to do.
        """
        line = self._unended_line()
        if not line:
            return None
        if not isinstance(self._parsed(0, line), Skipped):
            with self.path.open("ab") as file:
                file.write(b"\n")
            return f"{self.path}: the last record had no newline at its end; it has one now"
        aside = self.path.with_suffix(".torn")
        with aside.open("ab") as file:
            file.write(line + b"\n")
        os.truncate(self.path, self.path.stat().st_size - len(line))
        return f"{self.path}: the last line is unfinished ({len(line)} bytes); it was moved to {aside}"

    def _unended_line(self) -> bytes:
        """What follows the last newline."""
        if not self.path.exists():
            return b""
        tail = b""
        for block in self._blocks_from_end():
            tail = block + tail
            if b"\n" in block:
                break
        return tail[tail.rfind(b"\n") + 1 :]

    def _blocks_from_end(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            start = file.seek(0, os.SEEK_END)
            while start:
                size = min(BLOCK, start)
                start -= size
                file.seek(start)
                yield file.read(size)


class ResultsFolder:
    """`results/<study>/`: the study as it was run, its records, figures and logs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.training: Log[TrainRecord] = Log(path / "records.jsonl", TrainRecord)
        self.latency: Log[LatencyRecord] = Log(path / "latency.jsonl", LatencyRecord)
        self._held: tuple[int, int] | None = None

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
    def weights(self) -> Path:
        return self.path / "weights"

    @property
    def name(self) -> str:
        return self.path.name

    def exists(self) -> bool:
        return self.training.path.exists() or self.latency.path.exists()

    def is_begun(self) -> bool:
        """Whether a run has begun here, with or without records so far."""
        return self.study_file.exists()

    def summaries(self) -> Iterator[TrainSummary | Skipped]:
        """The training records without the details of their histories; see `Log.scan`."""
        return Log(self.training.path, TrainSummary).scan()

    def outcomes(self) -> Iterator[TrainOutcome | Skipped]:
        """How each training ended, as fast as the file can be read; see `Log.scan`."""
        return Log(self.training.path, TrainOutcome).scan()

    def done(self) -> set[str]:
        """Ids of the trials that were trained to success."""
        return {record.trial_id for record in self.summaries() if isinstance(record, TrainSummary) and record.ok}

    def append(self, record: TrainRecord | LatencyRecord) -> None:
        """Writes a record through to the disk, inside `writing`.

        Raises:
            ResultsError: if the folder has vanished or was replaced since `writing` began: what was recorded before is
                not in it, so the record would seem to be the only one.
            OSError: if it does not fit; the file then ends as it did before.
        """
        if self._held is None or self._held != _identity(self.path / lock.LOCK):
            raise ResultsError(f"{self.path}: this folder was removed or replaced while a run was writing to it")
        if isinstance(record, TrainRecord):
            self.training.append(record)
        else:
            self.latency.append(record)

    def check_place(self) -> None:
        """Refuses a place where no folder can be made, whether a run is planned or begun.

        Raises:
            ResultsError: if it is a file, or lies below one.
        """
        nearest = next((path for path in (self.path, *self.path.parents) if os.path.lexists(path)), None)
        if nearest is not None and not nearest.is_dir():
            what = "it is a file" if nearest == self.path else f"{nearest} is a file"
            raise ResultsError(f"{self.path}: results need a folder, but {what}; choose another place")

    @contextlib.contextmanager
    def writing(self) -> Iterator[list[str]]:
        """Holds the folder as its one driver, last lines mended; gives what people should know of that.

        Raises:
            ResultsError: if it is no folder, or cannot be written.
            DriverError: if another driver holds it, named by host and process id.
        """
        self.check_place()
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"{self.path}: cannot be written: {error.strerror}") from None
        with lock.exclusive_lock(self.path):
            self._held = _identity(self.path / lock.LOCK)
            yield [note for log in (self.training, self.latency) if (note := log.mend_last_line())]


def _identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def latest(records: Iterable[AnyRecordT], key: Callable[[AnyRecordT], str]) -> dict[str, AnyRecordT]:
    """The last record of each key, in order of the first; a success is never hidden by a later failure."""
    last: dict[str, AnyRecordT] = {}
    for record in records:
        before = last.get(key(record))
        if supersedes(record.ok, before is not None and before.ok):
            last[key(record)] = record
    return last


def supersedes(ok: bool, before_ok: bool) -> bool:
    """Whether a record takes the place of an earlier one of the same trial: a failure never that of a success."""
    return ok or not before_ok


def find(*paths: Path, begun: bool = False) -> list[ResultsFolder]:
    """The results folders among `paths` and below them, in order of name.

    The runs that ship with the project are the user's only where they are named: below a path that does not lead into
    `reference/` they are left out as long as there is anything else. They stand for `results/` where that is not there.

    Args:
        *paths: results folders, or folders of them.
        begun: also those of runs that have not recorded anything yet.

    Raises:
        ResultsError: if a path does not exist or holds no records.
    """
    results_folders: list[ResultsFolder] = []
    for path in paths:
        folders = _inside(path, begun)
        if not folders and path == OWN:
            folders = _inside(shipped(f"{OWN}/{REFERENCE}"), begun)
        if not folders:
            what = "no records.jsonl or latency.jsonl in it or below; run a study first"
            place = path if path.parent == Path() else path.parent
            nowhere = f"no such folder; `scaling run STUDY --results {place}` makes one"
            if path.exists() and not path.is_dir():
                nowhere = "a file; name the folder of a study's results, or a folder of them"
            raise ResultsError(f"{path}: {what if path.is_dir() else nowhere}")
        results_folders += [folder for folder in folders if not ships_below(path, folder)] or folders
    return results_folders


def _inside(path: Path, begun: bool) -> list[ResultsFolder]:
    """The results folders that a path is, and that lie below it."""
    if not path.is_dir():
        return []
    inside = map(ResultsFolder, [path, *sorted(p for p in path.rglob("*") if p.is_dir())])
    return [folder for folder in inside if folder.exists() or (begun and folder.is_begun())]


def ships_below(path: Path, folder: ResultsFolder) -> bool:
    """Whether a folder holds a run that ships with the project, and `path` does not say so itself."""
    if not folder.path.is_relative_to(path):
        return path == OWN and folder.path.is_relative_to(shipped(f"{OWN}/{REFERENCE}"))
    return REFERENCE in folder.path.relative_to(path).parts[:-1]


def about_reference(paths: Sequence[Path], folders: Sequence[ResultsFolder]) -> str | None:
    """What people should know where `find` gave reference runs that were not asked for."""
    unasked = {str(path): path for path in paths for folder in folders if ships_below(path, folder)}
    if not unasked:
        return None
    return (
        f"there are no runs of your own in {', '.join(unasked)}; these are the runs that ship with the project, "
        "made on another machine"
    )
