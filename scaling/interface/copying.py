"""Studies and notebooks that ship, written into the current folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from scaling.errors import UserError, did_you_mean
from scaling.generator.study import available
from scaling.results.shipped import shipped


def notebooks() -> dict[str, Path]:
    """The notebooks that ship, by name."""
    return {file.stem: file for file in sorted(shipped("notebooks").glob("*.ipynb"))}


def copy_here(name: str, folder: Path = Path()) -> Path:
    """Copies a study file or a notebook that ships, to be changed.

    Args:
        name: as `scaling studies` lists it, or of a notebook, as `fig3_depth_vs_width`.
        folder: to write into.

    Returns:
        The new file.

    Raises:
        UserError: if there is none of that name, or a file of its name is there already.
    """
    choices = available() | notebooks()
    if name not in choices:
        raise UserError(f"no study and no notebook named {name!r}{did_you_mean(name, choices)}")
    source = choices[name]
    copy = folder / source.name
    if copy.exists():
        raise UserError(f"{copy} is there already; it was left as it is")
    shutil.copyfile(source, copy)
    return copy
