"""What accuracies and latencies may be off by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling.analysis import uncertainty
from scaling.analysis.settings import collapse_seeds
from scaling.results.frame import load_results
from scaling.schema import LatencyRecord, TrainRecord
from tests.builders import latency_record, results_folder, train_record, trial


def settings(tmp_path: Path, records: Iterable[TrainRecord], timings: Iterable[LatencyRecord] = ()) -> pd.DataFrame:
    return collapse_seeds(load_results(results_folder(tmp_path, records, timings).path))


def test_one_seed_leaves_the_validation_sets_noise_alone(tmp_path: Path) -> None:
    single = settings(tmp_path, [train_record(top1=0.8, n=400)])
    assert single["seed_sd"].isna().all()
    assert single["top1_sd"].tolist() == pytest.approx([np.sqrt(0.8 * 0.2 / 400)])


def test_seed_noise_is_pooled_by_degrees_of_freedom_and_shrinks_with_seeds(tmp_path: Path) -> None:
    a = [train_record(trial(seed=seed), top1=top1, n=10_000) for seed, top1 in enumerate((0.70, 0.72, 0.74))]
    b = [train_record(trial(seed=seed, depth=26), top1=top1, n=10_000) for seed, top1 in enumerate((0.80, 0.81))]
    c = [train_record(trial(depth=50), top1=0.9, n=10_000)]
    pool = settings(tmp_path, [*a, *b, *c])
    pooled = np.sqrt((2 * np.var([0.70, 0.72, 0.74], ddof=1) + np.var([0.80, 0.81], ddof=1)) / 3)
    assert pool["seed_sd"].tolist() == pytest.approx([pooled] * 3)
    chance = np.array([0.72 * 0.28, 0.805 * 0.195, 0.9 * 0.1]) / 10_000
    assert pool["top1_sd"].tolist() == pytest.approx(np.sqrt(chance + pooled**2 / np.array([3, 2, 1])))


def test_a_part_of_a_study_has_the_noise_of_the_whole_and_a_study_its_own(tmp_path: Path) -> None:
    loud = [train_record(trial(seed=seed), top1=top1) for seed, top1 in enumerate((0.60, 0.70))]
    single = [train_record(trial(depth=26), top1=0.8)]
    quiet = [train_record(trial(seed=seed), top1=top1) for seed, top1 in enumerate((0.700, 0.701))]
    results_folder(tmp_path / "one", [*loud, *single])
    results_folder(tmp_path / "two", quiet)
    both = collapse_seeds(load_results(tmp_path))
    assert both["seed_sd"].tolist() == pytest.approx([0.1 / np.sqrt(2)] * 2 + [0.001 / np.sqrt(2)])
    # drawn from a part, an accuracy has the noise that it has in the whole
    part = both[both["depth"] == 26]
    drawn = uncertainty.draw_top1(part, 20_000, np.random.default_rng(0))
    assert drawn.std() == pytest.approx(part["top1_sd"].iloc[0], rel=0.03)


def test_draws_have_that_noise_and_costs_their_interval(tmp_path: Path) -> None:
    of = trial()
    frame = settings(
        tmp_path, [train_record(of, top1=0.8, n=400)], [latency_record(of.variant, median_ms=10, spread=0.1)]
    )
    random = np.random.default_rng(0)
    assert uncertainty.draw_top1(frame, 20_000, random).std() == pytest.approx(0.02, rel=0.03)
    times = uncertainty.draw_cost(frame, "training_ms", 20_000, random)
    assert np.percentile(times, [2.5, 97.5]) == pytest.approx([9, 11], rel=0.02)
    assert (uncertainty.draw_cost(frame, "macs", 5, random) == frame["macs"].to_numpy()).all()
