"""Folders that data sets are looked for in."""

from __future__ import annotations

import os
from pathlib import Path

from scaling.datasets import DataError

DATA_DIR = "SCALING_DATA_DIR"


def chosen(*below: str) -> tuple[Path, ...]:
    """The folder that `SCALING_DATA_DIR` names and these below it; none where it is not set."""
    root = os.environ.get(DATA_DIR)
    return tuple(Path(root) / name for name in ("", *below)) if root else ()


def check_that_keras_cache_is_searched() -> None:
    """Keras' downloader writes to its cache, so that it is of no use where another folder was chosen.

    Raises:
        DataError: if `SCALING_DATA_DIR` is set.
    """
    if os.environ.get(DATA_DIR):
        raise DataError(f"Keras' downloader writes to {keras_cache()}, which is not searched while {DATA_DIR} is set")


def keras_cache() -> Path:
    """Where Keras' downloader puts data sets."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"
