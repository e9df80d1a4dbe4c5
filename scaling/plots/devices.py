"""Results parted by the device that timed them, so that each panel compares like with like."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scaling.analysis.comparability import cost_metric

MOST_DEVICES = 6

PUBLISHED_DEVICE = "TPUv3"
"""The device whose published times stand behind one's own: the paper's first, of its Table 7 and Figure 1."""


def by_device(frame: pd.DataFrame, cost: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each device with the rows timed on it, and with those that no device timed.

    Args:
        frame: as `scaling.load_results` gives it.
        cost: of `METRICS`; what depends on no device has one part, without a name.
    """
    phase = cost_metric(cost).phase
    names = frame[f"{phase}_device"].astype("string") if phase and f"{phase}_device" in frame else None
    known = [] if names is None else sorted(names.dropna().unique())
    if names is None or not known:
        yield "", frame
        return
    for name in known[:MOST_DEVICES]:
        yield str(name), frame[(names.isna() | names.eq(name)).fillna(False).to_numpy(bool)]


def cost_of(frame: pd.DataFrame) -> str:
    """The cost to draw against: the time of a training step, of an inference step, or multiply-accumulates."""
    timed = (name for name in ("training_ms", "inference_ms") if name in frame and frame[name].notna().any())
    return next(timed, "macs")


def published_part(frame: pd.DataFrame, cost: str) -> tuple[str, pd.DataFrame]:
    """The rows of published results to stand behind one's own, and the name of their device; empty for no time.

    Args:
        frame: as `scaling.published.load` gives it.
        cost: of `METRICS`.
    """
    parts = list(by_device(frame, cost))
    return next((part for part in parts if part[0].startswith(PUBLISHED_DEVICE)), parts[0])
