"""Decoded images of a run: one copy a machine, in files that all of its workers map, instead of one in each worker.

The files lie in `/dev/shm`, where a file is memory, or among the machine's temporary files where that is too small. Who
uses a folder of them has it locked. The kernel opens that lock when the process ends, however it does; so a folder that
nobody has locked is of no use any more, and whoever comes next, or goes last, removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pieces: TypeAlias = Mapping[str, Sequence[NDArray[Any]]]
"""Arrays by name, each cut into pieces of one shape."""

MEMORY = Path("/dev/shm")  # noqa: S108 (where each user has a folder that nobody else can write to)

MAKING, PART, WHOLE = "making", "part", "whole"
"""In the folder of a copy: what its maker has locked, what is being written, and what is complete."""

ROOM = 0.5
"""Of the free space that a copy may take: others, as Ray, want some of it too."""

_mapped: list[weakref.finalize[..., Any]] = []
"""Calling one opens the lock on a copy that this process has mapped; it happens by itself when the arrays are gone."""


@dataclass(frozen=True)
class Copies:
    """The decoded images of a data set.

    Attributes:
        run: whose workers share them; another run's files, versions and devices may differ. Empty: nobody shares.
        of: the data set, and all else that decides what its images are.
    """

    run: str = ""
    of: str = ""

    def get(self, what: str, make: Callable[[], Pieces]) -> Pieces:
        """This machine's copy, not to be written to; the first worker to ask makes it, and the others wait.

        Args:
            what: the part of the data set.
            make: decodes it. Where no folder has room, each worker keeps what it makes.
        """
        if not self.run:
            return make()
        key = hashlib.sha256("\n".join((self.run, self.of, what)).encode()).hexdigest()[:32]
        try:
            return _shared(key, make)
        except OSError:  # a folder that somebody else has removed, say
            return make()


def _shared(key: str, make: Callable[[], Pieces]) -> Pieces:
    with contextlib.ExitStack() as locks:
        claims = [claim for place in places() if (claim := _claim(place / key, locks))]
        made: Pieces | None = None
        with _alone(claims[0].folder / MAKING) if claims else contextlib.nullcontext():
            if not any(claim.is_whole for claim in claims):
                made = make()
                any(claim.write(made) for claim in claims)
        for claim in claims:
            if claim.is_whole:
                return claim.mapped()
    return made or make()


def sweep() -> None:
    """Removes what nobody uses: also what runs have left that were killed."""
    for place in places():
        with contextlib.suppress(OSError):
            if place.exists():
                with _alone(place):
                    _remove_unused(place)
                    place.rmdir()  # if it is empty


@contextlib.contextmanager
def swept() -> Iterator[None]:
    """Removes what nobody uses before and after the block."""
    sweep()
    try:
        yield
    finally:
        sweep()


def leave() -> None:
    """Says that this process is about to end, and removes what nobody else uses; what it has mapped stays readable."""
    for unlock in _mapped:
        unlock()
    sweep()


def places() -> list[Path]:
    """This user's folders on this machine, the best first; each is there as long as there is something in it."""
    return [Path(where) / f"scaling-{os.getuid()}" for where in (MEMORY, tempfile.gettempdir()) if Path(where).is_dir()]


@dataclass(frozen=True)
class _Claim:
    """A folder for one copy, and the open file by which this process has it locked."""

    folder: Path
    lock: int

    @property
    def is_whole(self) -> bool:
        return (self.folder / WHOLE).is_dir()

    def write(self, pieces: Pieces) -> bool:
        """Puts a copy here, in one step for all who look; whether there was room."""
        part = self.folder / PART
        size = sum(piece.nbytes for each in pieces.values() for piece in each)
        if size > ROOM * shutil.disk_usage(self.folder).free:
            return False
        shutil.rmtree(part, ignore_errors=True)  # of a worker that was killed here
        try:
            part.mkdir()
            for name, each in pieces.items():
                _save(part / f"{name}.npy", each)
            part.rename(self.folder / WHOLE)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            return False
        return True

    def mapped(self) -> Pieces:
        """The copy, locked for as long as its arrays are there."""
        return {file.stem: self._pieces(file) for file in (self.folder / WHOLE).iterdir()}

    def _pieces(self, file: Path) -> Sequence[NDArray[Any]]:
        array = np.load(file, mmap_mode="r")
        _mapped[:] = [unlock for unlock in _mapped if unlock.alive]
        _mapped.append(weakref.finalize(array.base, os.close, os.dup(self.lock)))
        return list(np.asarray(array))


def _save(file: Path, pieces: Sequence[NDArray[Any]]) -> None:
    """Writes pieces as one array, which is never in memory as a whole."""
    first = pieces[0] if pieces else np.empty(0)
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (len(pieces), *first.shape),
    }
    with file.open("wb") as content:
        np.lib.format.write_array_header_1_0(content, header)
        for piece in pieces:
            content.write(np.ascontiguousarray(piece).data)


def _claim(folder: Path, locks: contextlib.ExitStack) -> _Claim | None:
    """Locks a folder for a copy, which is made where there is none; None where that cannot be."""
    try:
        with _alone(folder.parent):
            folder.mkdir(exist_ok=True)
            lock = _locked(folder, fcntl.LOCK_SH)
            locks.callback(os.close, lock)
            _remove_unused(folder.parent)
    except OSError:
        return None
    return _Claim(folder, lock)


def _remove_unused(place: Path) -> None:
    for folder in place.iterdir():
        with contextlib.suppress(OSError):  # somebody has it locked
            os.close(_locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB))
            shutil.rmtree(folder)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Has a folder to itself, which is made where there is none."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # who had it before has removed it
            lock = _locked(folder, fcntl.LOCK_EX)
            if folder.exists() and os.path.samestat(os.fstat(lock), folder.stat()):
                break
            os.close(lock)
    try:
        yield
    finally:
        os.close(lock)


def _locked(folder: Path, how: int) -> int:
    """Opens and locks a folder of this user's."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(lock).st_uid != os.getuid():
            raise PermissionError(f"{folder} is somebody else's")
        fcntl.flock(lock, how)
    except BaseException:
        os.close(lock)
        raise
    return lock
