"""Studies and notebooks that ship, written into the current folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from scaling.errors import UserError, did_you_mean
from scaling.generator import file_schema
from scaling.generator.study import available
from scaling.results.shipped import shipped


def notebooks() -> dict[str, Path]:
    """The notebooks that ship, by name."""
    return {file.stem: file for file in sorted(shipped("notebooks").glob("*.ipynb"))}


def copy_here(name: str, folder: Path = Path()) -> Path:
    """Copies a study file or a notebook that ships, to be changed; with a study file, the schema for editors.

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
    if source.suffix == ".yaml":
        _bring_schema(copy)
    return copy


def _bring_schema(study: Path) -> None:
    """Puts the schema that a copied study file names beside it, unless one is there, so that editors find it."""
    text = study.read_text(encoding="utf-8")
    if text.startswith(file_schema.MODELINE):
        study.write_text(f"{file_schema.MODELINE}{file_schema.FILE}\n{text.partition(chr(10))[2]}", encoding="utf-8")
        beside = study.with_name(file_schema.FILE)
        if not beside.exists():
            beside.write_text(file_schema.text(), encoding="utf-8")
