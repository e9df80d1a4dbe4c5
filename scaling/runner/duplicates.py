"""Files of the same content: sizes first, then a hash of those that share one."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

from scaling.machine import cores
from scaling.runner.tracked import Tracked, untracked


@dataclass(frozen=True)
class ImageFile:
    """A file of an image folder: its path below the root, its class and its split."""

    path: str
    label: int
    split: str


Copies = tuple[ImageFile, ...]
"""Files of one content, two or more."""


def duplicates(root: Path, files: Sequence[ImageFile], tracked: Tracked = untracked) -> list[Copies]:
    """The files that are exact copies of each other; files that cannot be read are copies of none.

    Args:
        root: that their paths are below.
        files: among which copies are looked for.
        tracked: shows progress.
    """
    by_size = _grouped(files, (_size(root / file.path) for file in files))
    alike = [file for same in by_size.values() for file in same]
    with ThreadPool(cores()) as pool:
        hashes = pool.imap((lambda file: _digest(root / file.path)), alike, chunksize=16)
        by_content = _grouped(alike, tracked(hashes, "comparing files of one size", len(alike)))
    return [tuple(copies) for copies in by_content.values()]


def _grouped(files: Sequence[ImageFile], keys: Iterable[object]) -> dict[object, list[ImageFile]]:
    """The files that share a key with another one; those whose key is None are left out."""
    groups = defaultdict(list)
    for file, key in zip(files, keys, strict=True):
        if key is not None:
            groups[key].append(file)
    return {key: same for key, same in groups.items() if len(same) > 1}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _digest(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError:
        return None


def across(copies: Iterable[Copies], field: str) -> Iterator[Copies]:
    """Those copies that do not share a `field`: `split` or `label`."""
    return (same for same in copies if len({getattr(file, field) for file in same}) > 1)
