"""Models that a table names as each other's match, and what it says of their speed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Pair:
    """A model and the one it was paired with.

    Attributes:
        model, paired_with: as the table names them, the first with its resolution.
        top1, paired_top1: their accuracies (fractions).
        speedup: time of the other over the model's own.
        printed: the speed-up that the table prints; NaN where it prints none.
    """

    model: str
    paired_with: str
    top1: float
    paired_top1: float
    speedup: float
    printed: float


def matched(frame: pd.DataFrame) -> tuple[Pair, ...]:
    """The pairs of a published table with `paired_with`, by device and in its order.

    Args:
        frame: as `scaling.published.load` gives it, of one device or several; a pair is looked for on one device.
    """
    if "paired_with" not in frame:
        return ()
    timed = frame[frame["training_ms"].notna()].set_index(["training_device", "model"])
    named = frame[frame["paired_with"].notna()]
    matches = ((row, timed.loc[[(row["training_device"], row["paired_with"])]].iloc[0]) for _, row in named.iterrows())
    return tuple(
        Pair(
            model=f"{row['model']}@{row['resolution']:g}",
            paired_with=str(row["paired_with"]),
            top1=float(row["top1"]),
            paired_top1=float(other["top1"]),
            speedup=float(other["training_ms"] / row["training_ms"]),
            printed=float(row["speedup"]),
        )
        for row, other in matches
    )
