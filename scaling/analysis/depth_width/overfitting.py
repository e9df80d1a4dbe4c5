"""Signs of overfitting along an arm: accuracy that falls with size, and the gap to training accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np
import pandas as pd

from scaling.analysis.depth_width.arms import Arm
from scaling.analysis.uncertainty import Estimate, Floats

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


def last_step(arm: Arm, settings: pd.DataFrame, top1: Floats) -> tuple[Arm, Floats]:
    """An arm, and how much its largest point gains on the one before it.

    Args:
        arm: its `rows` are positions in `settings`.
        settings: of all arms.
        top1: `(draws, settings)`, redrawn accuracies.

    Returns:
        The arm and `(1 + draws,)` differences, the measured one first; none where it has a single point.
    """
    measured = settings["top1"].to_numpy(float)
    rows = [row for row in arm.rows if np.isfinite(measured[row])]
    if len(rows) < 2:
        return arm, np.array([])
    before, last = rows[-2:]
    return arm, np.r_[measured[last] - measured[before], top1[:, last] - top1[:, before]]


def growth(arm: Arm, settings: pd.DataFrame, step: Estimate) -> Growth:
    """Looks at an arm's largest points.

    Args:
        arm: its `rows` are positions in `settings`.
        settings: of all arms.
        step: of its `last_step`.
    """
    measured = settings["top1"].to_numpy(float)
    rows = [row for row in arm.rows if np.isfinite(measured[row])]
    gaps = settings["train_top1"].to_numpy(float) - measured
    ends = (float(gaps[rows[0]]), float(gaps[rows[-1]])) if rows else (np.nan, np.nan)
    return Growth(arm, step, cast(Trend, step.side_of(0.0, "rises", "falls")), *ends)
