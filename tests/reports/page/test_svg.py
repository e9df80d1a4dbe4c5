from __future__ import annotations

from scaling.plots.kit import style
from scaling.reports.page.colours import DARK
from scaling.reports.page.svg import inline

FILE = """<?xml version="1.0"?>
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="518.4pt" height="320pt" viewBox="0 0 518.4 320" version="1.1">
 <metadata><rdf:RDF>matplotlib</rdf:RDF></metadata>
 <defs>
  <style type="text/css">*{stroke-linejoin: round}</style>
 </defs>
 <g id="figure_1">
  <defs><path id="m1" d="M 0 0
L 0.123456 3.5
" style="stroke: #555555"/></defs>
  <use xlink:href="#m1" x="56.068933" y="-0.001" clip-path="url(#p1)" style="fill: #0072b2; stroke: #123456"/>
  <text style="font-size: 9px; font-family: 'DejaVu Sans', sans-serif; fill: #222222" x="1">0.123456 &lt;b&gt;</text>
 </g>
 <clipPath id="p1"><rect x="1" y="2"/></clipPath>
</svg>
"""


def test_what_only_a_file_needs_is_left_out_and_what_is_seen_stays() -> None:
    svg = inline(FILE, 'Shows "this" & that', "p")
    assert svg.startswith('<svg role="img" aria-label=\'Shows "this" &amp; that\' viewBox="0 0 518.4 320"><style>')
    for gone in ("metadata", "linejoin", "font-family", "figure_1", 'pt"', "style="):
        assert gone not in svg
    assert 'd="M0 0L0.12 3.5"' in svg
    assert 'x="56.07" y="0"' in svg
    assert ">0.123456 &lt;b&gt;</text>" in svg


def test_ids_and_what_refers_to_them_are_the_figure_s_own() -> None:
    svg = inline(FILE, "", "p")
    assert '<path id="p-0"' in svg
    assert 'href="#p-0"' in svg
    assert '<clipPath id="p-1">' in svg
    assert "url(#p-1)" in svg


def test_what_looks_alike_has_a_class_with_variables_for_known_colours() -> None:
    svg = inline(FILE, "", "p")
    assert "<style>.pc0{stroke: var(--c-555555)}" in svg
    assert ".pc1{clip-path: url(#p-1); fill: var(--c-0072b2); stroke: #123456}" in svg
    assert 'y="0" class="pc1"/>' in svg


def contrast(one: str, other: str) -> float:
    """Of the Web Content Accessibility Guidelines 2.2."""

    def luminance(color: str) -> float:
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_text_and_series_stand_out_in_the_dark() -> None:
    ground = DARK["#ffffff"]
    assert all(contrast(DARK[color.lower()], ground) > 7 for color in (style.INK, style.PALE_INK))
    assert all(contrast(DARK[color.lower()], ground) > 4.5 for color in (*style.SERIES, style.FAILURE))
    assert len({DARK[color.lower()] for color in style.SERIES}) == len(style.SERIES)
