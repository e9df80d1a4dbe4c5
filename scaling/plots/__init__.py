"""Figures: what was computed becomes a figure with its words, and files.

`draw`, `draw_study` and `draw_published` write files; `study_figures` computes the figures of a study and writes none.
`figures/` has a module for each figure with `spec(context)`, which gives a `FigureSpec`, or `Skipped` with the reason;
`registry` is their one ordered list; `context` is what a figure may ask of results; `kit/` is what figures are made
with.
"""

from scaling.plots.context import Context
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.registry import context_of, published_specs, specs
from scaling.plots.study import Drawn, StudyFigures, draw, draw_published, draw_study, study_figures

__all__ = [
    "Context",
    "Drawn",
    "FigureSpec",
    "Skipped",
    "StudyFigures",
    "context_of",
    "draw",
    "draw_published",
    "draw_study",
    "published_specs",
    "specs",
    "study_figures",
]
