"""What is written beside points."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from scaling.analysis.settings import collapse_seeds
from scaling.plots.kit.point_names import telling, what_tells
from scaling.results.frame import load_results
from tests.builders import results_folder, train_record, trial


def test_points_of_one_variant_are_told_apart_by_the_one_column_that_differs(tmp_path: Path) -> None:
    def settings(name: str, *recipes: dict[str, object]) -> pd.DataFrame:
        records = [train_record(trial(recipe=recipe)) for recipe in recipes]
        return collapse_seeds(load_results(results_folder(tmp_path / name, records).path))

    both = settings("both", {"precision": "float32"}, {"precision": "mixed_bfloat16"})
    assert telling(both) == "precision"
    assert {what_tells(row, "precision") for _, row in both.iterrows()} == {", float32", ", mixed_bfloat16"}
    rates = settings("rates", {"learning_rate": 0.1}, {"learning_rate": 0.05})
    assert {what_tells(row, telling(rates)) for _, row in rates.iterrows()} == {", 0.1", ", 0.05"}
    assert telling(settings("alone", {})) == ""
    assert (
        telling(settings("two", {"learning_rate": 0.1}, {"learning_rate": 0.05, "precision": "mixed_bfloat16"})) == ""
    )
    assert what_tells(both.iloc[0], "") == ""
