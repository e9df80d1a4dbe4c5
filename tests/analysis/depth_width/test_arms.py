from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scaling.analysis.depth_width.arms import find_arms
from scaling.analysis.settings import collapse_seeds, crossed
from scaling.results.frame import load_results
from tests.builders import results_folder, train_record, trial

VARIANTS: list[dict[str, Any]] = [{"depth": depth, "width": 0.25} for depth in (50, 14, 26)]
VARIANTS += [{"depth": 14, "width": width} for width in (0.5, 0.375)]


def settings_of(path: Path, trials: list[dict[str, Any]], failed: tuple[int, ...] = ()) -> pd.DataFrame:
    records = [train_record(trial(**of), failure="oom" if i in failed else None) for i, of in enumerate(trials)]
    return collapse_seeds(load_results(results_folder(path / "study", records).path))


def described(settings: pd.DataFrame) -> list[tuple[Any, ...]]:
    return [
        (arm.axis, arm.base_resolution, arm.epochs, settings.loc[list(arm.rows), arm.axis].tolist())
        for arm in find_arms(settings)
    ]


def test_both_arms_start_at_the_base_in_each_regime_and_resolution(tmp_path: Path) -> None:
    trials = [{**of, "epochs": e, "resolution": r} for of in VARIANTS for e in (1, 5) for r in (16, 32)]
    settings = settings_of(tmp_path, trials)
    assert described(settings) == [
        (axis, resolution, epochs, points)
        for resolution in (16, 32)
        for epochs in (1, 5)
        for axis, points in (("depth", [14, 26, 50]), ("width", [0.25, 0.375, 0.5]))
    ]
    assert {(arm.base_depth, arm.base_width) for arm in find_arms(settings)} == {(14, 0.25)}


def test_a_failure_moves_no_base(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, VARIANTS, failed=(1,))
    assert described(settings) == [("depth", 16, 1, [14, 26, 50]), ("width", 16, 1, [0.25, 0.375, 0.5])]


def test_what_differs_in_both_is_in_no_arm(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, [*VARIANTS, {"depth": 26, "width": 0.5}])
    in_arms = {row for arm in find_arms(settings) for row in arm.rows}
    (other,) = set(settings.index) - in_arms
    assert settings.loc[other, ["depth", "width"]].tolist() == [26, 0.5]


def test_one_point_is_no_arm(tmp_path: Path) -> None:
    assert find_arms(settings_of(tmp_path, [{"depth": 14}])) == []


def test_arms_are_of_one_family(tmp_path: Path) -> None:
    others = [{"family": "efficientnet", "depth": depth, "width": 1.0} for depth in (1.0, 1.2)]
    assert described(settings_of(tmp_path / "alone", others)) == [("depth", 16, 1, [1.0, 1.2])]
    arms = described(settings_of(tmp_path / "both", [*others, *VARIANTS]))
    assert arms == [("depth", 16, 1, [14, 26, 50]), ("width", 16, 1, [0.25, 0.375, 0.5])]


def test_a_recipe_set_by_variant_parts_no_arm(tmp_path: Path) -> None:
    trials = [{**of, "recipe": {"dropout": of["width"] / 10}} for of in VARIANTS]
    settings = settings_of(tmp_path, trials)
    assert crossed(settings) == []
    assert len(find_arms(settings)) == 2


def test_each_of_several_recipes_has_its_arms(tmp_path: Path) -> None:
    trials = [{**of, "recipe": {"dropout": dropout}} for of in VARIANTS for dropout in (0.0, 0.2)]
    settings = settings_of(tmp_path, trials)
    assert crossed(settings) == ["dropout"]
    assert [len(arm.rows) for arm in find_arms(settings)] == [3, 3, 3, 3]
