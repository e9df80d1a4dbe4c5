"""Figures on the disk: formats, and files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from scaling.errors import UserError, did_you_mean
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped

FORMATS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}
"""Formats, each with what keeps the clock and the library's version out of the file."""


def check(formats: Sequence[str], figures: Collection[str] = (), known: Collection[str] = ()) -> None:
    """Refuses a format that is none of `FORMATS`, and a figure that is none of those known.

    Raises:
        UserError: naming it and those there are.
    """
    if unknown := [form for form in formats if form not in FORMATS]:
        raise UserError(f"no format named {', '.join(map(repr, unknown))}; there are: {', '.join(FORMATS)}")
    if strange := [name for name in figures if name not in known]:
        raise UserError(f"no figure named {strange[0]!r}{did_you_mean(strange[0], known)}")


def save_all(specs: Sequence[FigureSpec | Skipped], folder: Path, formats: Sequence[str]) -> list[Path]:
    """Draws and writes every spec in each format; returns the files."""
    files: list[Path] = []
    for spec in specs:
        if isinstance(spec, FigureSpec) and formats:
            with style.light():
                files += save(spec.figure(), folder, spec.name, formats)
    return files


def save(figure: Figure, folder: Path, name: str, formats: Sequence[str]) -> list[Path]:
    """Writes the figure in each format; returns the files."""
    if "png" not in formats:
        fix_names(figure)
    files = {form: folder / f"{name}.{form}" for form in formats}
    for form in sorted(formats, key=lambda form: form != "png"):
        _save(figure, files[form], FORMATS[form])
    return list(files.values())


def fix_names(figure: Figure) -> None:
    """Draws a PNG to be thrown away: names stand where they cover none of its pixels, in every format drawn later."""
    figure.savefig(BytesIO(), format="png")


def _save(figure: Figure, file: Path, options: dict[str, Any]) -> None:
    """Writes the file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=file.suffix)
    os.close(handle)
    try:
        figure.savefig(draft, format=file.suffix[1:], **options)
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
