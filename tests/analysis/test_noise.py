"""What accuracies and latencies may be off by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from scaling.analysis import uncertainty
from scaling.analysis.cautions import about_seed_noise
from scaling.analysis.settings import collapse_seeds, with_seed_noise
from scaling.analysis.uncertainty import Estimate, Floats
from scaling.results.correct import packed
from scaling.results.frame import load_results
from scaling.schema import LatencyRecord, TrainRecord
from tests.builders import latency_record, results_folder, train_record, trial


def settings(tmp_path: Path, records: Iterable[TrainRecord], timings: Iterable[LatencyRecord] = ()) -> pd.DataFrame:
    return collapse_seeds(load_results(results_folder(tmp_path, records, timings).path))


@pytest.mark.parametrize(
    ("images", "times"), [(4_000, uncertainty.HARDLY_TRAINED), (20_000, uncertainty.SHORT_TRAINING)]
)
def test_noise_that_was_not_measured_is_assumed_and_said(tmp_path: Path, images: int, times: float) -> None:
    single = settings(tmp_path, [train_record(trial(epochs=2, train_examples=images // 2), top1=0.8, n=400)])
    assumed = times * np.sqrt(0.2 / 800)
    assert single["seed_sd"].tolist() == pytest.approx([assumed])
    assert single["top1_sd"].tolist() == pytest.approx([np.sqrt(0.8 * 0.2 / 400 + assumed**2)])
    assert single["seed_noise"].tolist() == ["assumed"]
    assert f"{100 * assumed:.2f} points" in next(about_seed_noise(single))


def test_the_assumed_noise_is_that_of_the_shipped_runs() -> None:
    """The factor of short trainings: pooled over the settings of two studies; of the third, by length of training."""
    reference = Path(__file__).parents[2] / "results" / "reference"
    studies = (reference / name for name in ("depth_vs_width", "depth_vs_width_hour", "pareto"))
    factor, freedom = factor_of(collapse_seeds(load_results(*studies)))
    assert (round(factor, 2), freedom) == (1.39, 54)
    assert factor < uncertainty.SHORT_TRAINING
    grid = collapse_seeds(load_results(reference / "full_grid"))
    by_epochs = {epochs: factor_of(rows)[0] for epochs, rows in grid.groupby("epochs")}
    assert {epochs: round(factor, 1) for epochs, factor in by_epochs.items()} == {
        1: uncertainty.HARDLY_TRAINED,
        3: 1.4,
        9: 1.0,
    }


def factor_of(shipped: pd.DataFrame) -> tuple[float, float]:
    """Times the standard deviation of independent errors, and from how many degrees of freedom."""
    freedom = shipped["seeds"] - 1
    independent = (1 - shipped["top1"]) / (2 * shipped["top1_n"])
    factor = np.sqrt((freedom * shipped["top1_std"] ** 2 / independent).sum() / freedom.sum())
    return float(factor), float(freedom.sum())


@pytest.mark.parametrize(("points", "images"), [(0.14, 50_000), (0.20, 25_022)])
def test_imagenet_has_the_noise_of_independent_errors(points: float, images: int) -> None:
    sd = uncertainty.assumed_seed_sd(np.array([0.8]), np.array([float(images)]), np.array([True]))
    assert 100 * sd[0] == pytest.approx(points, abs=0.005)


def test_a_given_noise_overrules_what_was_measured(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), top1=top1, n=10_000) for seed, top1 in enumerate((0.70, 0.74))]
    given = collapse_seeds(with_seed_noise(load_results(results_folder(tmp_path, records).path), 0.2))
    assert given["seed_sd"].tolist() == pytest.approx([0.002])
    assert given["top1_sd"].tolist() == pytest.approx([np.sqrt(0.72 * 0.28 / 10_000 + 0.002**2 / 2)])
    assert not [*about_seed_noise(given)]


def test_an_interval_from_few_degrees_of_freedom_is_students(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), top1=top1, n=10**12) for seed, top1 in enumerate((0.69, 0.70, 0.71))]
    drawn = uncertainty.draw_top1(settings(tmp_path, records), 100_000, np.random.default_rng(0))[:, 0]
    half = stats.t.ppf(0.95, 2) * 0.01 / np.sqrt(3)
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([0.70 - half, 0.70 + half], abs=5e-4)


def test_joint_intervals_hold_all_truths_at_once() -> None:
    random = np.random.default_rng(0)
    sds, shared = np.array([1.0, 2.0, 0.5, 1.0]), random.standard_normal((4000, 1))
    errors = sds * (0.6 * shared + 0.8 * random.standard_normal((4000, 4)))
    said = uncertainty.jointly(np.zeros(4), errors)
    inside = [
        (estimate.low <= error) & (error <= estimate.high) for estimate, error in zip(said, errors.T, strict=True)
    ]
    assert np.all(inside, axis=0).mean() == pytest.approx(0.9, abs=0.01)
    alone = uncertainty.jointly(np.zeros(1), errors[:, :1])[0]
    assert alone.high == pytest.approx(1.645, abs=0.08)
    assert said[0].high > 1.2 * alone.high


def test_what_values_are_off_by_widens_intervals_but_never_narrows_them_and_not_without_end() -> None:
    random = np.random.default_rng(3)
    drawn, small = random.standard_normal((4000, 3)), 0.1 * random.standard_normal((500, 3))

    def width(off: Floats | None) -> float:
        one, *_ = uncertainty.jointly(np.zeros(3), drawn, off)
        return one.high - one.low

    assert width(small) == width(None)
    assert width(13 * small) == pytest.approx(1.3 * width(None), rel=0.1)
    assert width(100 * small) == pytest.approx(uncertainty._MOST_WIDENED * width(None))


def test_a_verdict_flips_where_the_interval_would_reach_the_line() -> None:
    """Half-widths 0.5 without noise between seeds and 1.3 = hypot(0.5, 1.2) with it, 1 from the line."""
    known, quiet = Estimate(1.0, -0.3, 2.3), Estimate(1.0, 0.5, 1.5)
    assert uncertainty.flips_at(0.0, known, quiet, 1.2) == pytest.approx(np.sqrt(1 - 0.25), rel=1e-3)
    assert uncertainty.flips_at(0.0, known, Estimate(1.0, -0.2, 2.2), 1.2) is None


def noise_of(sd: float, freedom: float, source: str) -> uncertainty.SeedNoise:
    return uncertainty.SeedNoise(sd, sd, sd, freedom, source)


@pytest.mark.parametrize(
    ("freedom", "said"),
    [
        (1, "The standard deviation between seeds, 30.00 points, was measured on 1 repeated training alone"),
        (9, "The standard deviation between seeds, 30.00 points, was measured on 9 repeated trainings alone"),
        (10, ""),
    ],
)
def test_noise_that_was_measured_on_few_is_said(freedom: float, said: str) -> None:
    noise = noise_of(0.3, freedom, "measured")
    assert (noise.words if noise.doubtful else "") == said


def test_a_note_says_how_few_it_was_measured_on(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), top1=top1, n=10_000) for seed, top1 in enumerate((0.70, 0.74))]
    note = next(about_seed_noise(settings(tmp_path, records)))
    assert note == (
        "the standard deviation between seeds, 2.83 points, was measured on 1 repeated training alone; --seed-noise "
        "overrules it, and more seeds measure it better"
    )


def test_of_several_studies_the_assumed_noise_is_told(tmp_path: Path) -> None:
    results_folder(tmp_path / "one", [train_record(trial(seed=seed), top1=0.7 + seed / 100) for seed in range(2)])
    results_folder(tmp_path / "two", [train_record(trial(), top1=0.8, n=400)])
    noise = uncertainty.seed_noise_of(collapse_seeds(load_results(tmp_path)))
    assert (noise.source, noise.freedom) == ("assumed", uncertainty.ASSUMED_FREEDOM)
    assert noise.low == noise.high


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
    draws = [uncertainty.draw_top1(of, 20_000, np.random.default_rng(0)) for of in (part, both)]
    spreads = [np.subtract(*np.quantile(drawn[:, at], [0.75, 0.25])) for drawn, at in zip(draws, (0, 1), strict=True)]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.05)


def seen(depth: int, *rights: npt.NDArray[np.bool_]) -> list[TrainRecord]:
    """Seeds of one setting, each right on some images."""
    return [
        train_record(trial(depth=depth, seed=seed), top1=right.mean(), n=len(right)).model_copy(
            update={"validation_correct": packed(right)}
        )
        for seed, right in enumerate(rights)
    ]


def test_settings_scored_on_the_same_images_share_their_noise(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    hard = random.random(2000)
    one, like_it, other = hard < 0.7, hard < 0.72, random.random(2000) < 0.7
    records = [*seen(18, one), *seen(26, like_it), *seen(50, other), train_record(trial(depth=101), top1=0.7, n=2000)]
    drawn = uncertainty.draw_top1(uncertainty.with_noise(settings(tmp_path, records), 0.0), 40_000, random)
    covariance = np.cov(np.stack([one, like_it, other]).astype(float), bias=True) / 2000
    assert np.cov(drawn[:, :3].T) == pytest.approx(covariance, abs=0.03 * covariance[0, 0])
    alone = 0.7 * 0.3 / 2000
    assert np.var(drawn[:, 1] - drawn[:, 0]) < 0.2 * alone
    # What is not known of one setting does not spoil what is known of the others.
    assert np.cov(drawn.T)[3] == pytest.approx([0, 0, 0, alone], abs=0.03 * alone)


def test_settings_right_on_the_very_same_images_never_differ(tmp_path: Path) -> None:
    right = np.random.default_rng(0).random(500) < 0.8
    known = uncertainty.with_noise(settings(tmp_path, [*seen(18, right, right), *seen(26, right)]), 0.0)
    drawn = uncertainty.draw_top1(known, 1000, np.random.default_rng(0))
    assert np.abs(drawn[:, 1] - drawn[:, 0]).max() < 1e-4
    assert drawn[:, 0].std() == pytest.approx(known["top1_sd"][0], rel=0.1)


def test_the_noise_of_images_is_that_of_how_often_a_seed_is_right_on_them(tmp_path: Path) -> None:
    """Images that are right with chance 0.1 to 0.9: the variance of that chance, not of being right."""
    random = np.random.default_rng(0)
    chance = random.uniform(0.1, 0.9, 20_000)
    (of,) = uncertainty.with_noise(settings(tmp_path, seen(18, *(random.random((3, 20_000)) < chance))), 0.0)["top1_sd"]
    assert of == pytest.approx(np.sqrt(chance.var() / 20_000), rel=0.03)


@pytest.mark.parametrize("bits", [None, packed(np.ones(8, bool))])
def test_a_seed_of_which_it_is_not_known_leaves_its_setting_alone(tmp_path: Path, bits: str | None) -> None:
    right = np.random.default_rng(0).random(400) < 0.8
    first, second = seen(18, right, right)
    records = [first, second.model_copy(update={"validation_correct": bits})]
    (of,) = uncertainty.with_noise(settings(tmp_path, records), 0.0)["top1_sd"]
    assert of == pytest.approx(np.sqrt(right.mean() * (1 - right.mean()) / 400))


def test_draws_have_that_noise_and_costs_their_interval(tmp_path: Path) -> None:
    of = trial()
    frame = settings(
        tmp_path, [train_record(of, top1=0.8, n=400)], [latency_record(of.variant, median_ms=10, spread=0.1)]
    )
    random = np.random.default_rng(0)
    known = uncertainty.with_noise(frame, 0.0)
    assert uncertainty.draw_top1(known, 20_000, random).std() == pytest.approx(0.02, rel=0.03)
    times = uncertainty.draw_cost(frame, "training_ms", 20_000, random)
    assert np.percentile(times, [2.5, 97.5]) == pytest.approx([9, 11], rel=0.02)
    assert (uncertainty.draw_cost(frame, "macs", 5, random) == frame["macs"].to_numpy()).all()


def test_the_noise_assumed_of_few_images_does_not_ask_whether_their_number_was_written_down() -> None:
    known = {"dataset": "image_folder:x", "epochs": 3.0, "validation_fraction": 0.2}
    settings = pd.DataFrame([{**known, "train_examples": 240.0}, {**known, "train_examples": np.nan}])
    written, left_out = uncertainty.assumed_of(settings, np.full(2, 0.7), np.full(2, 60.0))
    assert written == left_out
    assert written > uncertainty.assumed_of(settings.assign(epochs=300.0), np.full(2, 0.7), np.full(2, 60.0))[0]
