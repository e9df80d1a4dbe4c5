"""Vertical bars of accuracies and errors: one rule for all figures, for one seed as for several."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from scaling.analysis.uncertainty import Z90
from scaling.plots.kit import style

Floats = npt.NDArray[np.float64]

BARS = "Vertical bars: 90% interval of each mean, from the noise of seeds and of the validation images."
"""What the bars of `noise_bars` are, for the small print of every figure that draws them."""


def noise_bars(accuracy: Floats, sd: Floats) -> Floats:
    """Lengths in points below and above, `(2, points)`; an interval has no part outside 0% to 100%.

    Args:
        accuracy: fractions.
        sd: of each, as `top1_sd` of settings: with one seed, of its validation images and of the assumed noise of
            seeds. Where it is not known, the bar has no length.
    """
    reach = Z90 * np.nan_to_num(sd)
    ends: Floats = 100 * np.array([np.fmin(reach, accuracy), np.fmin(reach, 1 - accuracy)])
    return ends.clip(min=0)


def log_noise_bars(error: Floats, sd: Floats) -> Floats:
    """The same of errors for a logarithmic axis, on which no bar reaches 0.

    Args:
        error: fractions.
        sd: of the logarithm of each.
    """
    below, above = error * -np.expm1(-Z90 * sd), error * np.expm1(Z90 * sd)
    return 100 * np.array([below, np.fmin(above, 1 - error)])


def draw_bars(axes: Axes, x: Floats, y: Floats, lengths: Floats, color: str, zorder: float = 2) -> None:
    """Draws pale vertical bars behind their points; none behind a cloud of more than `style.MANY`."""
    if 0 < len(x) <= style.MANY:
        axes.errorbar(x, y, yerr=lengths, fmt="none", ecolor=style.pale(color), elinewidth=1.2, zorder=zorder)
