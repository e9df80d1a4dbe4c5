"""Signs of overfitting along an arm: accuracy that falls with size, and the gap to training accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from scaling.analysis.depth_width.arms import Arm
from scaling.analysis.uncertainty import Estimate, Floats, estimate

Trend: TypeAlias = Literal["rises", "falls", "undecided"]


@dataclass(frozen=True)
class Growth:
    """What happens at the large end of an arm.

    Attributes:
        arm: which.
        last_step: accuracy of the largest point less that of the one before it (fractions); NaN for a single point.
        verdict: whether accuracy surely falls or rises there.
        gap_smallest, gap_largest: training less validation accuracy at the ends (fractions), NaN where training
            accuracy is not known. It is measured with augmentation and dropout on, so the gap may be negative;
            what counts is whether it grows.
    """

    arm: Arm
    last_step: Estimate
    verdict: Trend
    gap_smallest: float
    gap_largest: float


def growth(arm: Arm, settings: pd.DataFrame, top1: Floats) -> Growth:
    """Looks at an arm's largest points.

    Args:
        arm: its `rows` are positions in `settings`.
        settings: of all arms.
        top1: `(draws, settings)`, redrawn accuracies.
    """
    measured = settings["top1"].to_numpy(float)
    rows = [row for row in arm.rows if np.isfinite(measured[row])]
    gaps = settings["train_top1"].to_numpy(float) - measured
    step = Estimate(np.nan, np.nan, np.nan)
    if len(rows) > 1:
        before, last = rows[-2:]
        step = estimate(measured[last] - measured[before], top1[:, last] - top1[:, before])
    ends = (float(gaps[rows[0]]), float(gaps[rows[-1]])) if rows else (np.nan, np.nan)
    return Growth(arm, step, cast(Trend, step.side_of(0.0, "rises", "falls")), *ends)
