"""`image_folder:<path>`: folders of image files, one a class. Lists files; opens none."""

from __future__ import annotations

import bisect
import functools
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from scaling.datasets.dataset import TEST_SHARE, DataError, DatasetInfo
from scaling.datasets.known import IMAGENET

PATTERN = "image_folder:<path>"
TITLE = "JPEG, PNG, WebP and GIF files in a folder for each class, perhaps below train/ and val/ or test/"

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
OTHER_IMAGES = (".avif", ".bmp", ".heic", ".heif", ".jfif", ".jp2", ".jxl", ".svg", ".tif", ".tiff")
"""Images that are not read; they are counted by their suffix, so that nobody takes them for read."""

VALIDATION = ("val", "validation")
NAMED = 3
"""Files left out that are named; all are counted."""

FRACTIONS = (0.02, 0.05, 0.1, 0.2)
"""Held out as validation where a study does not say: the first that leaves `ENOUGH` images, else the last.

So few steps, because the fraction is part of a trial's id: most new images change neither.
"""

ENOUGH = 500
"""Validation images: they tell two networks of about 80% accuracy apart where these differ by six points."""

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
        left_out: number of files left out, and of folders not looked into, by reason.
        special: images by name that are no regular files (pipes, sockets, dangling links), left out; by path.
        least: no hash in `train` is less.
    """

    root: Path
    classes: tuple[str, ...]
    train: Sequence[File]
    validation: Sequence[File]
    test: Sequence[File]
    left_out: Mapping[str, int] = field(default_factory=dict)
    special: tuple[str, ...] = ()
    least: float = 0.0


@dataclass(frozen=True)
class _LeftOut:
    counts: Counter[str] = field(default_factory=Counter)
    special: list[str] = field(default_factory=list)


def info(path: str) -> DatasetInfo:
    """What an image folder holds; its images are made RGB, and normalised as ImageNet's are.

    Raises:
        DataError: if it is not one.
    """
    folder = scan(path)
    others = sum(folder.left_out.values())
    left_out = f"; {others} other files left out" if others else ""
    if folder.special:
        named = ", ".join(folder.special[:NAMED]) + (", ..." if len(folder.special) > NAMED else "")
        left_out += f"; {len(folder.special)} that cannot be read left out ({named})"
    return DatasetInfo(
        name=f"image_folder:{path}",
        title=f"image files in {path}{left_out}",
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
        held_out=None if folder.validation else functools.partial(_held_out, path),
    )


def _held_out(path: str, fraction: float) -> int:
    """The number of images that are validated on; a worker, which is sent the path alone, lists them again."""
    return len(cut(scan(path), fraction)[1])


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
    for where in {root, train, *splits.values()}:
        _count_beside(where, left_out)
    others, special = dict(left_out.counts.most_common()), tuple(sorted(left_out.special))
    if len({label for _, label in listed["train"]}) < 2:
        raise DataError(
            f"image_folder:{path}: {len(classes)} folders in {train}; it takes two classes with "
            f"images ({', '.join(SUFFIXES)})"
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


def default_fraction(path: str) -> float | None:
    """The part of the training images that is held out where a study does not say; None: it has its own validation.

    Raises:
        DataError: if it is no image folder.
    """
    folder = scan(path)
    if folder.validation:
        return None
    enough = (fraction for fraction in FRACTIONS if len(cut(folder, fraction)[1]) >= ENOUGH)
    return next(enough, FRACTIONS[-1])


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
        if (where / name).is_dir()
        for path in _walk(where / name, left_out)
    ]
    return sorted(files, key=chance)


def _walk(folder: str | Path, left_out: _LeftOut) -> Iterator[str]:
    """Paths of the regular files that are images by name; reading anything else, a pipe say, could take for ever."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is(entry.is_dir):
                if entry.is_symlink():
                    left_out.counts["linked folders"] += 1
                else:
                    yield from _walk(entry.path, left_out)
            elif not entry.name.lower().endswith(SUFFIXES) or entry.name.startswith("."):
                left_out.counts[_why_left_out(entry.name)] += 1
            elif _is(entry.is_file):
                yield entry.path
            else:
                left_out.special.append(entry.path)


def _why_left_out(name: str) -> str:
    """What a file is that is no image to be read, in the plural."""
    if name.startswith("."):
        return "hidden files"
    suffix = Path(name).suffix.lower()
    return f"{suffix} images, which are not read" if suffix in OTHER_IMAGES else "files that are no images"


def _count_beside(where: Path, left_out: _LeftOut) -> None:
    """Counts the files that lie beside the class folders, and so belong to no class."""
    with os.scandir(where) as entries:
        for entry in entries:
            if not _is(entry.is_dir):
                left_out.counts["files beside the class folders"] += 1


def _is(test: Callable[[], bool]) -> bool:
    """The answer of `is_dir` or `is_file`; no, where a link leads in a circle or through a file."""
    try:
        return test()
    except OSError:
        return False
