"""Rows put into the columns and types of `scaling.load_results`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from scaling.schema import Dataset, Recipe, Variant

_PHASES = ("training", "inference")
_SCORES = [
    f"{score}_{column}"
    for score in ("validation_raw", "validation_ema", "test_raw", "test_ema")
    for column in ("top1", "correct", "n", "loss")
]
_TIMES = ("ms", "low_ms", "high_ms", "p10_ms", "p90_ms", "disturbed", "n")
_CONDITIONS = ("batch_size", "measured_batch_size", "precision", "device")
_TIMINGS = [f"{phase}_{column}" for phase in _PHASES for column in (*_TIMES, *_CONDITIONS)]
COLUMNS = (
    *("study", "folder", "trial_id", "status", "failure_kind", "failure_message"),
    *("dataset" if name == "name" else name for name in Dataset.model_fields),
    *Variant.model_fields,
    *Recipe.model_fields,
    *("seed", "params", "macs", "activations", "train_seconds", "device"),
    *_SCORES,
    *("top1", "top1_n", "test_top1", "train_top1"),
    *_TIMINGS,
)
"""Those of `scaling.load_results`, in its order."""

_TEXT = {
    *("study", "folder", "trial_id", "status", "failure_kind", "failure_message", "dataset"),
    *("family", "stem", "activation", "blocks", "schedule", "optimizer", "precision", "device"),
    *(f"{phase}_{column}" for phase in _PHASES for column in ("precision", "device")),
}


def to_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Makes a frame of `COLUMNS`, then the rows' other keys; what is missing is NaN, or None in a text column."""
    frame = pd.DataFrame(list(rows))
    others = [name for name in frame.columns if name not in COLUMNS]
    frame = frame.reindex(columns=[*COLUMNS, *others])
    absent = [name for name in COLUMNS if frame[name].isna().all()]
    return frame.assign(**{name: _absent(name, len(frame)) for name in absent})


def _absent(name: str, rows: int) -> pd.Series[Any]:
    return pd.Series([None] * rows, dtype=object) if name in _TEXT else pd.Series([float("nan")] * rows)
