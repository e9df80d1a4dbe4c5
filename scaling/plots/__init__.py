"""Figures: each takes what was computed and an `Axes`, and touches nothing global.

`draw`, `draw_study` and `draw_published` write files. Each figure has a room of its own, with a function of its name
that draws on an `Axes`, and `picture`, which computes what it needs from a frame of results: a `Picture` with its
words, whose `figure()` is the whole sheet, or `Skipped` with the reason.
"""

from scaling.plots.galleries import gallery, published_gallery
from scaling.plots.picture import Picture, Skipped
from scaling.plots.study import Drawn, draw, draw_published, draw_study

__all__ = ["Drawn", "Picture", "Skipped", "draw", "draw_published", "draw_study", "gallery", "published_gallery"]
