"""`image_folder:<path>`: folders of JPEG and PNG files, one a class. Lists files; opens none."""

from __future__ import annotations

import bisect
import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from scaling.datasets.dataset import TEST_SHARE, DataError, DatasetInfo
from scaling.datasets.known import IMAGENET

PATTERN = "image_folder:<path>"
TITLE = "JPEG and PNG files in a folder for each class, perhaps below train/ and val/ or test/"

SUFFIXES = (".jpg", ".jpeg", ".png")
VALIDATION = ("val", "validation")
NAMED = 3
"""Files left out that are named; all are counted."""

File: TypeAlias = tuple[str, int]
"""Path below the root, and label."""


@dataclass(frozen=True, eq=False)
class Folder:
    """The files of an image folder, each split in the order of the files' hashes.

    Attributes:
        root: the folder.
        classes: names of the class folders, sorted; a label is an index into them.
        train: files to train on, and to cut validation from.
        validation: of a validation folder that stands beside a test folder; else validation is cut from `train`.
        test: of `test/`, else of `val/`, else a tenth of all.
        others: number of files that are neither JPEG nor PNG, left out.
        special: images by name that are no regular files (pipes, sockets, dangling links), left out; by path.
        least: no hash in `train` is less.
    """

    root: Path
    classes: tuple[str, ...]
    train: Sequence[File]
    validation: Sequence[File]
    test: Sequence[File]
    others: int
    special: tuple[str, ...] = ()
    least: float = 0.0


@dataclass(frozen=True)
class _LeftOut:
    others: list[str] = field(default_factory=list)
    special: list[str] = field(default_factory=list)


def info(path: str) -> DatasetInfo:
    """What an image folder holds; its images are made RGB, and normalised as ImageNet's are.

    Raises:
        DataError: if it is not one.
    """
    folder = scan(path)
    left_out = f"; {folder.others} other files left out" if folder.others else ""
    if folder.special:
        named = ", ".join(folder.special[:NAMED]) + (", ..." if len(folder.special) > NAMED else "")
        left_out += f"; {len(folder.special)} that cannot be read left out ({named})"
    return DatasetInfo(
        name=f"image_folder:{path}",
        title=f"JPEG and PNG files in {path}{left_out}",
        classes=len(folder.classes),
        channels=IMAGENET.channels,
        size=IMAGENET.size,
        train=len(folder.train),
        validation=len(folder.validation) or None,
        test=len(folder.test),
        mean=IMAGENET.mean,
        std=IMAGENET.std,
        flip=IMAGENET.flip,
        labels=folder.classes,
    )


@functools.lru_cache(maxsize=4)
def scan(path: str) -> Folder:
    """Lists an image folder.

    Raises:
        DataError: if there is no such folder, it has no two classes with images, or a split has a class of its own.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DataError(f"image_folder:{path}: there is no such folder")
    splits = _splits(root)
    train = splits.pop("train", root)
    classes = tuple(_folders(train))
    left_out = _LeftOut()
    listed = {name: _files(root, where, classes, left_out) for name, where in {"train": train, **splits}.items()}
    others, special = len(left_out.others), tuple(sorted(left_out.special))
    if len({label for _, label in listed["train"]}) < 2:
        raise DataError(
            f"image_folder:{path}: {len(classes)} folders in {train}; it takes two classes with JPEG or PNG files"
        )
    validation = listed.get("validation", [])
    if "test" in listed:
        return Folder(root, classes, listed["train"], validation, listed["test"], others, special)
    if validation:
        return Folder(root, classes, listed["train"], [], validation, others, special)
    first = max(1, bisect.bisect_left(listed["train"], TEST_SHARE, key=chance))
    return Folder(root, classes, listed["train"][first:], [], listed["train"][:first], others, special, TEST_SHARE)


def cut(folder: Folder, fraction: float) -> tuple[Sequence[File], Sequence[File]]:
    """Files to train on, and files to validate on: those of the least hashes, so that a new file moves no other.

    One file at least is validated on, unless the fraction is 0; only that one may move.
    """
    if folder.validation or not fraction:
        return folder.train, folder.validation
    below = folder.least + (1 - folder.least) * fraction
    held_out = max(1, bisect.bisect_left(folder.train, below, key=chance))
    return folder.train[held_out:], folder.train[:held_out]


def chance(file: File) -> float:
    """A number in [0, 1) that is the file's own: a hash of its path below the root."""
    return int.from_bytes(hashlib.blake2b(os.fsencode(file[0]), digest_size=8).digest()) / 2**64


def _splits(root: Path) -> dict[str, Path]:
    """`train` and what else there is of `validation` and `test`; nothing where the root's folders are classes."""
    names = _folders(root)
    if "train" not in names or not set(names) <= {"train", "test", *VALIDATION}:
        return {}
    if set(VALIDATION) <= set(names):
        raise DataError(f"image_folder:{root}: has both {' and '.join(VALIDATION)}; keep one")
    return {"validation" if name in VALIDATION else name: root / name for name in names}


def _folders(where: Path) -> list[str]:
    with os.scandir(where) as entries:
        return sorted(entry.name for entry in entries if _is(entry.is_dir) and not entry.name.startswith("."))


def _files(root: Path, where: Path, classes: Sequence[str], left_out: _LeftOut) -> list[File]:
    """The images of a split, in the order of their hashes."""
    if strange := [name for name in _folders(where) if name not in classes]:
        raise DataError(f"{where / strange[0]}: no such class to train on (classes: {', '.join(classes[:10])})")
    files = [
        (os.path.relpath(path, root), label)
        for label, name in enumerate(classes)
        for path in _walk(where / name, left_out)
    ]
    return sorted(files, key=chance)


def _walk(folder: str | Path, left_out: _LeftOut) -> Iterator[str]:
    """Paths of the regular files that are images by name; reading anything else, a pipe say, could take for ever."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is(entry.is_dir):
                if not entry.is_symlink():
                    yield from _walk(entry.path, left_out)
            elif not entry.name.lower().endswith(SUFFIXES) or entry.name.startswith("."):
                left_out.others.append(entry.name)
            elif _is(entry.is_file):
                yield entry.path
            else:
                left_out.special.append(entry.path)


def _is(test: Callable[[], bool]) -> bool:
    """The answer of `is_dir` or `is_file`; no, where a link leads in a circle or through a file."""
    try:
        return test()
    except OSError:
        return False
