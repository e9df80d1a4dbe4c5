"""Files that appear whole or not at all, in a local folder or wherever TensorFlow's file systems reach (`gs://...`)."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def is_remote(path: str) -> bool:
    """Whether a path is a URL."""
    return "://" in path


def exists(path: str) -> bool:
    """Whether there is something of this name."""
    if not is_remote(path):
        return os.path.lexists(path)
    from tensorflow.io import gfile

    return bool(gfile.exists(path))


def names(folder: str, suffix: str) -> list[str]:
    """Names of a folder's files that end so; none where there is no folder."""
    if not is_remote(folder):
        return sorted(file.name for file in Path(folder).glob(f"*{suffix}"))
    from tensorflow.io import gfile

    return sorted(path.rpartition("/")[2] for path in gfile.glob(f"{folder.rstrip('/')}/*{suffix}"))


def size_of(folder: str, suffix: str) -> int:
    """Bytes of a folder's files that end so; 0 where there is no folder."""
    if not is_remote(folder):
        sizes = []
        for file in Path(folder).glob(f"*{suffix}"):
            with contextlib.suppress(FileNotFoundError):  # another worker's, or deleted meanwhile
                sizes.append(file.stat().st_size)
        return sum(sizes)
    from tensorflow.io import gfile

    return sum(gfile.stat(path).length for path in gfile.glob(f"{folder.rstrip('/')}/*{suffix}"))


def remove(path: str) -> None:
    """Deletes a file, if there is one."""
    if not is_remote(path):
        Path(path).unlink(missing_ok=True)
        return
    from tensorflow.io import gfile

    if gfile.exists(path):
        gfile.remove(path)


def rename(path: str, target: str) -> None:
    """Renames a file, over another one if need be.

    Raises:
        OSError: if it cannot be renamed.
    """
    if not is_remote(path):
        Path(path).replace(target)
        return
    from tensorflow.io import gfile

    gfile.rename(path, target, overwrite=True)


@contextlib.contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of the one before when the block ends without an error.

    Raises:
        OSError: if it does not fit, or the folder cannot be written.
    """
    if is_remote(path):
        from tensorflow.io import gfile

        # An object appears whole when its upload ends; `copy` gives the archive a local file that it can seek in.
        with tempfile.NamedTemporaryFile() as draft:
            yield draft.file
            draft.flush()
            gfile.makedirs(path.rpartition("/")[0])
            gfile.copy(draft.name, f"{path}.part", overwrite=True)
            gfile.rename(f"{path}.part", path, overwrite=True)
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft_path = target.with_suffix(".part")
    try:
        with draft_path.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft_path.replace(target)
    except BaseException:
        draft_path.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def reading(path: str) -> Iterator[IO[bytes]]:
    """A file to read and seek in.

    Raises:
        FileNotFoundError: if there is none.
        OSError: if it cannot be read, or is no regular file: a pipe would keep its reader waiting for ever.
    """
    if not is_remote(path):
        local = Path(path)
        if local.exists() and not local.is_file():
            raise OSError(f"{path}: not a regular file")
        with local.open("rb") as file:
            yield file
        return
    from tensorflow.io import gfile

    if not gfile.exists(path):
        raise FileNotFoundError(path)
    with tempfile.NamedTemporaryFile() as copy:
        gfile.copy(path, copy.name, overwrite=True)
        with Path(copy.name).open("rb") as file:
            yield file
