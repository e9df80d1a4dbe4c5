"""Rows put into the columns and types of `scaling.load_results`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from scaling.results.columns import TABLE


def to_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Makes a frame of all columns, then the rows' other keys; what is missing is NaN, or None in a text column."""
    frame = pd.DataFrame(list(rows))
    others = [name for name in frame.columns if name not in TABLE]
    frame = frame.reindex(columns=[*TABLE, *others])
    absent = [name for name in TABLE if frame[name].isna().all()]
    # Copied, so that pandas keeps columns of a type together: others warn of a frame in many pieces.
    return frame.assign(**{name: _absent(name, len(frame)) for name in absent}).copy()


def _absent(name: str, rows: int) -> pd.Series[Any]:
    return pd.Series([None] * rows, dtype=object) if TABLE[name].text else pd.Series([float("nan")] * rows)
