"""What accuracies and latencies may be off by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling.analysis import noise
from scaling.analysis.seeds import collapse_seeds
from scaling.frame import load_results
from scaling.schema import LatencyRecord, TrainRecord
from tests.builders import latency_record, results_folder, train_record, trial


def settings(tmp_path: Path, records: Iterable[TrainRecord], timings: Iterable[LatencyRecord] = ()) -> pd.DataFrame:
    return collapse_seeds(load_results(results_folder(tmp_path, records, timings).path))


def test_one_seed_leaves_the_validation_sets_noise_alone(tmp_path: Path) -> None:
    found = noise.of(settings(tmp_path, [train_record(top1=0.8, n=400)]))
    assert found.seed is None
    assert found.top1 == pytest.approx([np.sqrt(0.8 * 0.2 / 400)])


def test_seed_noise_is_pooled_by_degrees_of_freedom_and_shrinks_with_seeds(tmp_path: Path) -> None:
    a = [train_record(trial(seed=seed), top1=top1, n=10_000) for seed, top1 in enumerate((0.70, 0.72, 0.74))]
    b = [train_record(trial(seed=seed, depth=26), top1=top1, n=10_000) for seed, top1 in enumerate((0.80, 0.81))]
    c = [train_record(trial(depth=50), top1=0.9, n=10_000)]
    found = noise.of(settings(tmp_path, [*a, *b, *c]))
    pooled = np.sqrt((2 * np.var([0.70, 0.72, 0.74], ddof=1) + np.var([0.80, 0.81], ddof=1)) / 3)
    assert found.seed == pytest.approx(pooled)
    chance = np.array([0.72 * 0.28, 0.805 * 0.195, 0.9 * 0.1]) / 10_000
    assert found.top1 == pytest.approx(np.sqrt(chance + pooled**2 / np.array([3, 2, 1])))


def test_draws_have_that_noise_and_costs_their_interval(tmp_path: Path) -> None:
    of = trial()
    frame = settings(
        tmp_path, [train_record(of, top1=0.8, n=400)], [latency_record(of.variant, median_ms=10, spread=0.1)]
    )
    random = np.random.default_rng(0)
    assert noise.draw_top1(frame, 20_000, random).std() == pytest.approx(0.02, rel=0.03)
    times = noise.draw_cost(frame, "training_ms", 20_000, random)
    assert np.percentile(times, [2.5, 97.5]) == pytest.approx([9, 11], rel=0.02)
    assert (noise.draw_cost(frame, "macs", 5, random) == frame["macs"].to_numpy()).all()
