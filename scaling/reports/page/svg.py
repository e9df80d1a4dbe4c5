"""A figure as SVG that stands in a page: small, its text as text, in the colours of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from io import StringIO
from xml.sax.saxutils import quoteattr

import matplotlib as mpl

from scaling.plots import FigureSpec
from scaling.plots.kit import style
from scaling.plots.kit.files import FORMATS, fix_names
from scaling.reports.page.colours import DARK, variable
from scaling.reports.page.page import Drawing

_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_COLOR = re.compile(r"#[0-9a-f]{6}\b")
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?<="#)[^"]+(?=")|(?<=url\(#)[^)]+(?=\))')
_NOT_WANTED = re.compile(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>|<!--.*?-->", re.DOTALL)
_SAID_BY_PAGE = re.compile(r" ?font-family: [^;\"]*;?| transform=\"rotate\(-?0 [^)]*\)\"")
_PATH = re.compile(r'(?<= d=")[^"]*')
_PATH_SPACE = re.compile(r" ?([A-Za-z]) ?")
_LOOK = re.compile(r'(?: clip-path="([^"]*)")? style="([^"]*)"')
_SIZE = re.compile(r'<svg [^>]*?(viewBox="0 0 ([\d.]+) [\d.]+")[^>]*>')


def drawing(spec: FigureSpec, prefix: str) -> Drawing:
    """Draws a figure without the words that the page has beside it.

    Args:
        spec: of the figure.
        prefix: that ids and classes within it begin with, so that no other figure of the page has the same.
    """
    svg = inline(_svg(spec), spec.shows, prefix)
    width = _SIZE.search(svg)
    return Drawing(
        name=spec.name,
        title=spec.title,
        svg=svg,
        width=round(float(width[2])) if width else 0,
        shows=spec.shows,
        concludes=spec.concludes,
        notes=spec.notes,
    )


def _svg(spec: FigureSpec) -> str:
    """The picture as matplotlib writes it, text as text: a tenth of what outlines of letters take."""
    file = StringIO()
    with style.light(), mpl.rc_context({"svg.fonttype": "none"}):
        figure = replace(spec, title="", notes=()).figure()
        fix_names(figure)
        figure.savefig(file, format="svg", **FORMATS["svg"])
    return file.getvalue()


def inline(svg: str, label: str, prefix: str) -> str:
    """The picture without what only a file of its own needs, and with variables for colours.

    Thousands of points look alike in a few ways, so that each way is written once, as a class.

    Args:
        svg: a whole file as matplotlib writes it, whose text is escaped already.
        label: what it shows, for those who do not see it.
        prefix: that its ids and classes begin with.
    """
    svg = _NOT_WANTED.sub("", svg[svg.index("<svg ") :])
    ids = {name: f"{prefix}-{number}" for number, name in enumerate(dict.fromkeys(_REFERENCE.findall(svg)))}
    classes = _Classes(prefix)
    svg = _TAG.sub(lambda tag: classes.used_in(_shortened(tag[0], ids)), svg)
    svg = re.sub(r">\s+<", "><", svg)
    head = f'<svg role="img" aria-label={quoteattr(label)} '
    return _SIZE.sub(lambda size: f"{head}{size[1]}><style>{classes.sheet()}</style>", svg, count=1)


def _shortened(tag: str, ids: Mapping[str, str]) -> str:
    """A tag with short numbers, variables for colours, and those ids alone that something refers to."""
    tag = _LONG_NUMBER.sub(lambda number: f"{round(float(number[0]), 2) + 0.0:.7g}", " ".join(tag.split()))
    tag = _PATH.sub(lambda path: _PATH_SPACE.sub(r"\1", path[0].strip()), _SAID_BY_PAGE.sub("", tag))
    tag = _ID.sub(lambda name: f' id="{ids[name[1]]}"' if name[1] in ids else "", tag)
    tag = _REFERENCE.sub(lambda name: ids[name[0]], tag).replace(" xlink:href=", " href=")
    return _COLOR.sub(lambda color: f"var({variable(color[0])})" if color[0] in DARK else color[0], tag)


class _Classes:
    """The ways in which parts of a picture look, in the order in which they first appear."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._names: dict[str, str] = {}

    def used_in(self, tag: str) -> str:
        """The tag with a class instead of how it looks and where it is cut off."""
        return _LOOK.sub(lambda look: f' class="{self._name(look[1], look[2])}"', tag)

    def sheet(self) -> str:
        """The style sheet of all classes."""
        return "".join(f".{name}{{{look}}}" for look, name in self._names.items())

    def _name(self, clip: str | None, look: str) -> str:
        whole = f"clip-path: {clip}; {look}" if clip else look
        return self._names.setdefault(whole, f"{self._prefix}c{len(self._names)}")
