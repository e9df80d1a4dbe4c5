"""What a study's space holds, trained or not: rows for those who choose from it."""

from __future__ import annotations

import pandas as pd

from scaling.datasets import dataset_info
from scaling.generator.budget import Basis
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.generator.time_limits import TimeLimits, without_left_out
from scaling.results.frame import planned
from scaling.results.records import ResultsFolder
from scaling.schema import Trial

MOST = 5000
"""Trials that are looked at as candidates."""


def with_candidates(frame: pd.DataFrame, study: Study, folder: ResultsFolder, basis: Basis) -> pd.DataFrame:
    """Recorded trials, and those of a study that are not recorded, each with what it is reckoned to take.

    Args:
        frame: of the study, as `scaling.load_results` gives it; may be empty. What is unfinished counts as not
            recorded.
        study: whose trials are candidates, but for those that its limits on times leave out.
        folder: its results.
        basis: what hours are reckoned by.
    """
    if len(frame):
        frame = frame[~frame["status"].eq("unfinished")]
    known = set(frame["trial_id"]) if len(frame) else set()
    study = without_left_out(study, TimeLimits.read(study, folder), folder.done())
    info = dataset_info(study.file.dataset.name)
    reckoned: dict[Trial, dict[str, float]] = {}
    for trial in study.trials[:MOST]:
        counted = size(trial.variant, info)
        estimate = basis.estimate(trial, counted)
        reckoned[trial] = {
            "params": counted.params,
            "macs": counted.macs,
            "activations": counted.activations,
            "memory_gb": estimate.memory_gb,
            "planned_seconds": 3600 * estimate.hours,
        }
    others = planned(folder, {trial: values for trial, values in reckoned.items() if trial.id not in known})
    by_id = {trial.id: values for trial, values in reckoned.items()}
    extra = ("memory_gb", "planned_seconds")
    ids = list(frame["trial_id"]) if len(frame) else []
    own = frame.assign(
        **{name: pd.Series([by_id.get(key, {}).get(name) for key in ids], frame.index, dtype=float) for name in extra}
    )
    parts = [part for part in (own, others) if len(part)]
    return pd.concat([part.dropna(axis=1, how="all") for part in parts], ignore_index=True) if parts else own
