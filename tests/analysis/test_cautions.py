"""What is said of accuracies before anything is concluded from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.cautions import about_accuracies, about_precisions
from scaling.analysis.decide.answer import answer
from scaling.analysis.settings import collapse_seeds, with_seed_noise
from scaling.results.correct import packed
from scaling.results.frame import load_results
from scaling.schema import Precision, Question, TrainRecord
from tests.builders import results_folder, train_record, trial


def recorded(width: float, seed: int, computed_in: Precision, asked: str = "auto") -> TrainRecord:
    of = trial(width=width, seed=seed, recipe={"precision": asked})
    left_open = {"precision": computed_in} if asked == "auto" else {}
    return train_record(of, top1=0.7 + width / 10 + seed / 100, n=5000).model_copy(update=left_open)


def frame_of(folder: Path, records: list[TrainRecord]) -> pd.DataFrame:
    return load_results(results_folder(folder, records).path)


def test_networks_that_the_device_computed_in_unlike_precisions_are_said_to_be(tmp_path: Path) -> None:
    small = [recorded(width, seed, "float32") for width in (0.25, 0.5) for seed in (0, 1)]
    large = [recorded(1.0, seed, "mixed_bfloat16") for seed in (0, 1)]
    frame = frame_of(tmp_path, [*small, *large])
    said = "2 settings in float32 and 1 setting in mixed_bfloat16; part of a difference between these may be"
    assert said in next(about_precisions(collapse_seeds(frame)))
    assert any(said in caution for caution in about_accuracies(collapse_seeds(frame)))
    assert said in answer(frame, Question()).rests_on


def test_precisions_that_every_network_has_are_compared_without_a_caution(tmp_path: Path) -> None:
    both: list[Precision] = ["float32", "mixed_bfloat16"]
    records = [recorded(width, 0, precision, precision) for width in (0.25, 0.5) for precision in both]
    assert not [*about_precisions(collapse_seeds(frame_of(tmp_path, records)))]


def test_a_folder_of_images_that_has_changed_between_two_seeds_is_said_to(tmp_path: Path) -> None:
    records = [train_record(trial(seed=seed), top1=0.6, n=n) for seed, n in ((0, 25), (1, 21))]
    said = [*about_accuracies(collapse_seeds(frame_of(tmp_path / "changed", records)))]
    assert any(caution.startswith("seeds of 1 setting differ in their number of images or classes") for caution in said)
    alike = frame_of(tmp_path / "alike", [train_record(trial(seed=seed), top1=0.6, n=25) for seed in (0, 1)])
    assert not any("images or classes" in caution for caution in about_accuracies(collapse_seeds(alike)))


def test_images_keep_their_noise_where_somebody_says_that_seeds_differ_by_nothing(tmp_path: Path) -> None:
    """Two seeds that are right on a third of the images each, and on other ones: all of it would be noise of seeds."""
    random = np.random.default_rng(0)
    records = [
        train_record(trial(seed=seed), top1=(right := random.random(900) < 1 / 3).mean(), n=900).model_copy(
            update={"validation_correct": packed(right)}
        )
        for seed in (0, 1)
    ]
    frame = frame_of(tmp_path, records)
    (sd,) = collapse_seeds(with_seed_noise(frame, 0.0))["top1_sd"]
    assert sd == pytest.approx(np.sqrt(2 / 9 / 900), rel=0.1)


def test_a_seed_counts_once_where_auto_was_what_is_named_now(tmp_path: Path) -> None:
    records = [recorded(0.25, seed, "float32", asked) for seed in (0, 1) for asked in ("auto", "float32")]
    frame = frame_of(tmp_path, records)
    (setting,) = collapse_seeds(frame).itertuples()
    assert (len(frame), setting.seeds, setting.failed) == (4, 2, 0)
