"""From a page to the bytes of one HTML file that needs nothing beside it."""

from __future__ import annotations

import os
import tempfile
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from scaling.errors import UserError
from scaling.reports.page import colours
from scaling.reports.page.page import Curve, Page

_WIDTH, _HEIGHT, _MARGIN = 132.0, 30.0, 3.0
"""Of a small curve, in pixels."""


def render(page: Page) -> bytes:
    """The HTML file of a page: the same bytes for the same page, everything from records escaped."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["polyline"] = polyline
    template = environment.from_string(_text("template.html.j2"))
    html = template.render(
        page=page,
        style=Markup(_text("style.css")),  # noqa: S704 - ours, as are the colours and the script
        light=Markup(colours.light()),  # noqa: S704
        dark=Markup(colours.dark()),  # noqa: S704
        script=Markup(_text("script.js")),  # noqa: S704
        curve_size=(_WIDTH, _HEIGHT),
    )
    return html.encode()


def write(page: Page, file: Path) -> None:
    """Writes the file of a page, whole or not at all.

    Raises:
        UserError: if `file` is a folder.
        OSError: if it cannot be written.
    """
    if file.is_dir():
        raise UserError(f"{file} is a folder; name a file in it, such as {file / 'report.html'}")
    content = render(page)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=file.suffix)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def polyline(curve: Curve) -> str:
    """Corners of a curve, `x,y` in pixels, as SVG has them; a single point stands at the left."""
    epochs = [epoch for epoch, _ in curve.points]
    span, rise = (epochs[-1] - epochs[0]) or 1, (curve.high - curve.low) or 1.0
    corners = (
        (
            _MARGIN + (epoch - epochs[0]) / span * (_WIDTH - 2 * _MARGIN),
            _HEIGHT - _MARGIN - (accuracy - curve.low) / rise * (_HEIGHT - 2 * _MARGIN),
        )
        for epoch, accuracy in curve.points
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
