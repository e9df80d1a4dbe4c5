"""One decoded copy for all processes of a run: the same bytes, whatever dies, and nothing left of it."""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from scaling.runner import data
from scaling.runner.data import shared
from scaling.runner.data.memory import InMemory
from scaling.runner.data.shared import Copies, Pieces
from scaling.schema import Dataset
from tests.runner.data.mapped import copies_of

CHILD = """
import os, signal, sys, tempfile
from pathlib import Path
from scaling.runner.data import shared
from tests.runner.data.test_shared import digest, loaded
shared.MEMORY, tempfile.tempdir = Path(sys.argv[1]), sys.argv[2]
if sys.argv[3] == "dies":
    save = shared._save
    def half(file, pieces):
        if file.name.startswith("validation"):
            file.write_bytes(b"half of it")
            os.kill(os.getpid(), signal.SIGKILL)
        save(file, pieces)
    shared._save = half
images = loaded("one run")
print(digest(images), flush=True)
sys.stdin.readline()
"""


class Places(NamedTuple):
    memory: Path
    temporary: Path

    def files(self) -> set[Path]:
        return {file for place in self for file in place.rglob("*")}


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """A machine of the test's own."""
    made = Places(tmp_path / "memory", tmp_path / "temporary")
    for place in made:
        place.mkdir()
    monkeypatch.setattr(shared, "MEMORY", made.memory)
    monkeypatch.setattr(tempfile, "tempdir", str(made.temporary))
    yield made
    data.load.cache_clear()


@pytest.fixture
def small_memory(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage

    def told(folder: Path) -> Any:
        return usage(folder)._replace(free=1000) if places.memory in Path(folder).parents else usage(folder)

    monkeypatch.setattr(shutil, "disk_usage", told)


def loaded(run: str) -> InMemory:
    images = data.load(Dataset(name="synthetic", train_examples=300), 8, run=run)
    assert isinstance(images, InMemory)
    return images


def digest(images: InMemory) -> str:
    batches = [*images.training(32, 0, 1, data.Augmentation(flip=True)), *images.evaluation("test", 100)]
    return hashlib.sha256(b"".join(array.tobytes() for batch in batches for array in batch)).hexdigest()


def started(places: Places, how: str = "lives") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, places), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def made() -> Pieces:
    numbers = np.arange(3 * 2**16, dtype=np.int32)
    return {"numbers": list(numbers.reshape(3, 8, -1)), "none": [], "names": [np.array(["Ä", "b.jpg"])]}


def never() -> Pieces:
    raise AssertionError("it has been made already")


def test_two_processes_have_the_same_file_and_the_bytes_of_one_that_is_alone(places: Places) -> None:
    alone = digest(loaded(""))
    assert not places.files()
    with started(places) as one, started(places) as other:
        assert one.stdout
        assert other.stdout
        assert one.stdout.readline().strip() == other.stdout.readline().strip() == alone
        (copy,) = copies_of(one.pid)
        assert copies_of(other.pid) == {copy}
        assert copy.is_relative_to(places.memory)
        one.kill()
        one.wait()
        shared.sweep()
        assert copy.exists()
        other.kill()
    shared.sweep()
    assert not places.files()


def test_a_process_that_is_killed_while_it_writes_leaves_nothing_wrong(places: Places) -> None:
    with started(places, "dies") as victim:
        pass
    assert victim.returncode == -signal.SIGKILL
    assert any(file.read_bytes() == b"half of it" for file in places.files() if file.is_file())
    assert digest(loaded("one run")) == digest(loaded(""))
    gc.collect()
    shared.sweep()
    assert not places.files()


@pytest.mark.usefixtures("small_memory")
def test_where_memory_is_too_small_the_copy_is_among_the_temporary_files(places: Places) -> None:
    first = Copies("run").get("numbers", made)
    second = Copies("run").get("numbers", never)
    for pieces in (first, second):
        for name, each in made().items():
            assert len(pieces[name]) == len(each)
            assert all((one == other).all() for one, other in zip(pieces[name], each, strict=True))
    (copy,) = copies_of(os.getpid())
    assert copy.is_relative_to(places.temporary)
    del first, second, pieces, each
    gc.collect()
    shared.sweep()
    assert not places.files()


def test_a_disk_that_is_full_after_all_is_no_error(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, pieces: object) -> None:
        file.write_bytes(b"as much as there was room for")
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(shared, "_save", full)
    for _ in range(2):
        assert (Copies("run").get("numbers", made)["numbers"][1] == made()["numbers"][1]).all()
    assert not copies_of(os.getpid())
    assert not [file for file in places.files() if file.is_file()]
    shared.sweep()
    assert not places.files()


def test_what_nobody_uses_any_more_is_removed_when_the_next_is_asked_for(places: Places) -> None:
    first = loaded("run")
    (copy,) = copies_of(os.getpid())
    second = Copies("run").get("numbers", made)
    assert copies_of(os.getpid()) > {copy}
    del first
    data.load.cache_clear()
    gc.collect()
    third = Copies("run").get("others", made)
    assert not copy.exists()
    assert len(copies_of(os.getpid())) == 2
    assert (second["numbers"][2] == third["numbers"][2]).all()


def test_who_leaves_can_still_read(places: Places) -> None:
    pieces = Copies("run").get("numbers", made)
    shared.leave()
    assert not places.files()
    assert (pieces["numbers"][2] == made()["numbers"][2]).all()


def test_other_runs_and_other_questions_have_copies_of_their_own() -> None:
    pieces = [
        Copies(*of).get(what, made)
        for of, what in ((("run",), "a"), (("run",), "b"), (("run", "of"), "a"), (("other",), "a"))
    ]
    assert len(copies_of(os.getpid())) == len(pieces) == 4
    with pytest.raises(ValueError, match="read-only"):
        pieces[0]["numbers"][0][0, 0] = 1


def test_a_folder_that_another_user_has_put_there_is_not_used(places: Places) -> None:
    (elsewhere := places.memory / "elsewhere").mkdir()
    (places.memory / f"scaling-{os.getuid()}").symlink_to(elsewhere)
    pieces = Copies("run").get("numbers", made)
    (copy,) = copies_of(os.getpid())
    assert copy.is_relative_to(places.temporary)
    assert not list(elsewhere.iterdir())
    del pieces


def test_a_run_removes_what_another_has_left(places: Places) -> None:
    left = places.memory / f"scaling-{os.getuid()}" / ("0" * 32) / "whole"
    left.mkdir(parents=True)
    (left / "train_images.npy").write_bytes(b"of a machine that lost its power")
    with shared.swept():
        assert not places.files()
        Copies("run").get("numbers", made)
    assert not places.files()
