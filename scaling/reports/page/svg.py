"""A figure as SVG that stands in a page: small, its text as text, in the colours of the page."""

from __future__ import annotations

import re
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
_SIZE = re.compile(r'<svg [^>]*?(viewBox="0 0 ([\d.]+) [\d.]+")[^>]*>')


def drawing(spec: FigureSpec, title: str, anchor: str) -> Drawing:
    """Draws a figure without the words that the page has beside it.

    Args:
        spec: of the figure.
        title: above it.
        anchor: that ids within it begin with, so that no other figure of the page has the same.
    """
    svg = inline(_svg(spec), spec.shows, anchor)
    width = _SIZE.search(svg)
    return Drawing(
        name=spec.name,
        title=title,
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


def inline(svg: str, label: str, anchor: str) -> str:
    """The picture without what only a file of its own needs, and with variables for colours.

    Args:
        svg: a whole file as matplotlib writes it, whose text is escaped already.
        label: what it shows, for those who do not see it.
        anchor: that its ids begin with.
    """
    svg = _NOT_WANTED.sub("", svg[svg.index("<svg ") :])
    used = set(_REFERENCE.findall(svg))
    svg = _TAG.sub(lambda tag: _shortened(tag[0], used, anchor), svg)
    svg = re.sub(r">\s+<", "><", svg)
    return _SIZE.sub(lambda head: f'<svg role="img" aria-label={quoteattr(label)} {head[1]}>', svg, count=1)


def _shortened(tag: str, used: set[str], anchor: str) -> str:
    """A tag with short numbers, variables for colours, and those ids alone that something refers to."""
    tag = _LONG_NUMBER.sub(lambda number: f"{round(float(number[0]), 2) + 0.0:.7g}", " ".join(tag.split()))
    tag = _ID.sub(lambda name: f' id="{anchor}-{name[1]}"' if name[1] in used else "", _SAID_BY_PAGE.sub("", tag))
    tag = _REFERENCE.sub(lambda name: f"{anchor}-{name[0]}", tag)
    return _COLOR.sub(lambda color: f"var({variable(color[0])})" if color[0] in DARK else color[0], tag)
