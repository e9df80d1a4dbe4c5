"""Figures: each takes what was computed and an `Axes`, and touches nothing global."""

from scaling.plots.study import Drawn, draw, draw_study

__all__ = ["Drawn", "draw", "draw_study"]
