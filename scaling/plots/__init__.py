"""Figures: what was computed becomes a figure with its words, and files.

`draw`, `draw_study` and `draw_published` write files; `study_figures` computes the figures of a study and writes none.
`figures/` has a module for each figure with `spec(context)`, which gives a `FigureSpec`, or `Skipped` with the reason;
`names` is their one ordered list, and `registry` their modules; `context` is what a figure may ask of results; `kit/`
is what figures are made with. Each name here loads what it stands on when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling.plots.context import Context as Context
    from scaling.plots.kit.figure_spec import FigureSpec as FigureSpec
    from scaling.plots.kit.figure_spec import Skipped as Skipped
    from scaling.plots.registry import context_of as context_of
    from scaling.plots.registry import published_specs as published_specs
    from scaling.plots.registry import specs as specs
    from scaling.plots.study import Drawn as Drawn
    from scaling.plots.study import StudyFigures as StudyFigures
    from scaling.plots.study import draw as draw
    from scaling.plots.study import draw_published as draw_published
    from scaling.plots.study import draw_study as draw_study
    from scaling.plots.study import study_figures as study_figures

_HOMES = {
    "context": ("Context",),
    "kit.figure_spec": ("FigureSpec", "Skipped"),
    "registry": ("context_of", "published_specs", "specs"),
    "study": ("Drawn", "StudyFigures", "draw", "draw_published", "draw_study", "study_figures"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = [*_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
