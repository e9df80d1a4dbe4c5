"""What the Python interface gives back: frozen results that show themselves in a notebook."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from scaling.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from scaling.plots.kit.figure_spec import FigureSpec, Skipped

ROWS = 20
"""Of a table that a notebook shows; `to_frame()` has all of them."""


class Shown(ABC):
    """A result in sentences, as a table, and where it has one, as a figure."""

    @property
    @abstractmethod
    def sentences(self) -> tuple[str, ...]:
        """What it says, the most important first."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """All of it as a table."""

    def plot(self) -> FigureSpec:
        """The figure that shows it; `.figure()` of that is matplotlib's.

        Raises:
            UserError: where there is none.
        """
        raise UserError(f"{type(self).__name__} has no figure; to_frame() has its numbers")

    def __repr__(self) -> str:
        """Its sentences."""
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str | None:
        """Its sentences and the first rows of its table."""
        frame = self.to_frame()
        said = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences)
        if frame.empty:
            return said
        table = frame.head(ROWS).to_html(index=False, border=0, na_rep="", float_format=lambda value: f"{value:.4g}")
        more = len(frame) - ROWS
        return said + table + (f"<p>{more} more rows are in to_frame().</p>" if more > 0 else "")


def drawn(spec: FigureSpec | Skipped) -> FigureSpec:
    """A figure, unless there is none.

    Raises:
        UserError: that says why there is none.
    """
    from scaling.plots.kit.figure_spec import FigureSpec

    if not isinstance(spec, FigureSpec):
        raise UserError(f"no figure {spec.name}: {spec.reason}")
    return spec
