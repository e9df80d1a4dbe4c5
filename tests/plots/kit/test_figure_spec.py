"""A figure in a notebook."""

from __future__ import annotations

from scaling.plots.kit.figure_spec import NOTEBOOK_DPI, FigureSpec


def test_a_notebook_shows_the_same_bytes_each_time_and_words_for_those_who_do_not_see_them() -> None:
    one = FigureSpec("line", "What rises?", "A line.", "It does.", (lambda axes: axes,), size=(8.0, 2.0))
    png = one._repr_png_()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20]) == 8 * NOTEBOOK_DPI
    assert png == one._repr_png_()
    assert b"matplotlib" not in png.lower()
    assert repr(one) == "What rises? A line."
