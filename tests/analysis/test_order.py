"""The answer does not depend on the order in which results were recorded."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.depth_width.regimes import regimes
from scaling.analysis.equal_accuracy.compare import compare
from scaling.analysis.laws.fits import fit_all
from scaling.analysis.pareto.frontier import frontier
from scaling.analysis.settings import collapse_seeds
from scaling.results.frame import load_results

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


@pytest.fixture(scope="module", params=["pareto", "depth_vs_width"])
def frames(request: pytest.FixtureRequest) -> list[pd.DataFrame]:
    """One study's results as recorded, and shuffled."""
    frame = load_results(REFERENCE / request.param)
    random = np.random.default_rng(0)
    return [frame, *(frame.iloc[random.permutation(len(frame))] for _ in range(1))]


def rounded(told: Any) -> Any:
    """Sums in another order differ in their last digits."""
    if dataclasses.is_dataclass(told) and not isinstance(told, type):
        return rounded(vars(told))
    if isinstance(told, dict):
        return {name: rounded(value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [rounded(value) for value in told]
    return f"{told:.6g}" if isinstance(told, float) else told


def test_laws_and_joint_laws(frames: list[pd.DataFrame]) -> None:
    told = []
    for frame in frames:
        fits = fit_all(frame, "macs")
        told.append(
            (
                {
                    group.name: (laws.best, laws.broken, [fit.parameters for fit in laws.fits])
                    for group, laws in fits.laws
                },
                {
                    group.name: (joint.parameters, joint.error and joint.error.terms, [r.verdict for r in ranks])
                    for group, joint, ranks in fits.joints
                },
            )
        )
    assert rounded(told[0]) == rounded(told[1])


def test_comparisons_fronts_and_regimes(frames: list[pd.DataFrame]) -> None:
    told = []
    for frame in frames:
        settings = collapse_seeds(frame)
        compared = compare(settings, "training_ms", "family")
        arms = regimes(settings)
        told.append(
            (
                [pair.sentence for pair in compared.pairs],
                [regime.sentence for regime in arms.regimes],
                arms.shift,
                frontier(settings).sentence,
            )
        )
    assert rounded(told[0]) == rounded(told[1])
