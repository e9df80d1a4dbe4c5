"""One figure of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scaling.analysis.settings import with_seed_noise
from scaling.errors import UserError, did_you_mean
from scaling.interface.results import Results, frame_of
from scaling.interface.shown import drawn

if TYPE_CHECKING:
    from scaling.plots.kit.figure_spec import FigureSpec


def figure(
    name: str, results: Results = None, *, published: Sequence[str] = (), seed_noise: float | None = None
) -> FigureSpec:
    """Draws a figure: it shows itself in a notebook, has its sentence in `concludes`, and matplotlib's in `figure()`.

    Args:
        name: as of `scaling plot --figure`, without those of accuracy against a cost.
        results: a frame, results folders, or folders of them; None: `results/`, unless `published` names tables.
        published: published tables that are taken in as well, as `table7`.
        seed_noise: standard deviation between seeds (points of accuracy) in place of what was measured or is assumed.

    Raises:
        UserError: if there is none of that name, or these results cannot speak to it.
    """
    from scaling.plots.registry import NAMES, context_of, specs

    if name not in NAMES:
        raise UserError(f"no figure named {name!r}{did_you_mean(name, NAMES)}")
    frame = with_seed_noise(frame_of(results, published), seed_noise)
    (spec,) = specs(context_of(frame), [name])
    return drawn(spec)
