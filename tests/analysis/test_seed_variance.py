from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.seed_variance import seed_spread


def settings(seeds: int, count: int = 400, sd: float = 0.01) -> pd.DataFrame:
    """Settings of accuracy 0.75 whose seeds are normal about it."""
    top1 = 0.75 + sd * np.random.default_rng(3).standard_normal((count, seeds))
    ends = {"top1_min": top1.min(axis=1), "top1_max": top1.max(axis=1)}
    spread = top1.std(axis=1, ddof=1) if seeds > 1 else np.nan
    return pd.DataFrame(
        {"top1": top1.mean(axis=1), "top1_std": spread, **ends, "top1_n": 1000.0, "seeds": seeds, "failed": 0}
    )


def test_the_spread_that_made_the_seeds_is_found() -> None:
    found = seed_spread(settings(2))
    assert found.sd.low < 0.01 < found.sd.high
    assert found.sd.value == pytest.approx(0.01, rel=0.1)
    assert found.points["binomial"].to_numpy() == pytest.approx(np.sqrt(0.75 * 0.25 / 1000), rel=0.1)


def test_a_single_pair_says_next_to_nothing() -> None:
    few = seed_spread(settings(2, count=1)).sd
    assert few.high / few.low > 10


def test_single_seeds_are_counted() -> None:
    found = seed_spread(pd.concat([settings(2, 3), settings(1, 2)], ignore_index=True))
    assert (len(found.points), found.single) == (3, 2)
    assert seed_spread(settings(1)).sentence == "no setting was trained with two seeds or more"
