from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from scaling.analysis.depth_width.arms import Axes, find_arms, strategy_arms
from scaling.analysis.settings import collapse_seeds, crossed
from scaling.results.frame import load_results
from scaling.schema import Variant
from tests.builders import results_folder, train_record, trial

VARIANTS: list[dict[str, Any]] = [{"depth": depth, "width": 0.25} for depth in (50, 14, 26)]
VARIANTS += [{"depth": 14, "width": width} for width in (0.5, 0.375)]


def settings_of(path: Path, trials: list[dict[str, Any]], failed: tuple[int, ...] = ()) -> pd.DataFrame:
    records = [train_record(trial(**of), failure="oom" if i in failed else None) for i, of in enumerate(trials)]
    return collapse_seeds(load_results(results_folder(path / "study", records).path))


def described(settings: pd.DataFrame, *axes: Axes) -> list[tuple[Any, ...]]:
    return [
        (arm.axis, arm.base_resolution, arm.epochs, settings.loc[list(arm.rows), arm.axis].tolist())
        for arm in find_arms(settings, *axes)
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


def test_arms_of_any_two_factors_share_what_neither_grows(tmp_path: Path) -> None:
    grown = [{"depth": depth} for depth in (14, 26)] + [{"depth": 14, "resolution": size} for size in (24, 32)]
    settings = settings_of(tmp_path, [{**of, "width": width} for of in grown for width in (0.25, 0.5)])
    arms = find_arms(settings, ("resolution", "depth"))
    assert [(arm.axis, arm.place, len(arm.rows)) for arm in arms] == [
        ("depth", "width 0.25", 2),
        ("resolution", "width 0.25", 3),
        ("depth", "width 0.5", 2),
        ("resolution", "width 0.5", 3),
    ]
    # Of depth and width, each resolution that has both has its own.
    assert {arm.place for arm in find_arms(settings)} == {"16 px", "24 px", "32 px"}


def test_longer_training_is_an_arm_over_all_its_epochs(tmp_path: Path) -> None:
    trials = [{"depth": depth, "epochs": 2} for depth in (14, 26, 50)]
    trials += [{"depth": 14, "epochs": epochs} for epochs in (4, 8)] + [{"depth": 26, "epochs": 4}]
    settings = settings_of(tmp_path, trials)
    assert described(settings, ("epochs", "depth")) == [
        ("depth", 16, None, [14, 26, 50]),
        ("epochs", 16, None, [2, 4, 8]),
    ]


def sized(depth: int, width: float) -> Variant:
    return Variant(depth=depth, width=width, resolution=16)


def test_each_strategy_has_an_arm_from_the_base_in_each_regime(tmp_path: Path) -> None:
    strategies = {
        "deep": (sized(14, 0.25), sized(26, 0.25), sized(50, 0.25)),
        "both": (sized(14, 0.25), sized(26, 0.5)),
        "none": (sized(14, 0.25), sized(101, 2.0)),
    }
    trials = [{**of, "epochs": epochs} for of in (*VARIANTS, {"depth": 26, "width": 0.5}) for epochs in (1, 5)]
    settings = settings_of(tmp_path, trials)
    arms = strategy_arms(settings, strategies)
    told = [(arm.axis, arm.epochs, settings.loc[list(arm.rows), "depth"].tolist()) for arm in arms]
    # What nobody trained is in no arm, and one point is none.
    assert told == [
        (name, epochs, depths) for epochs in (1, 5) for name, depths in (("deep", [14, 26, 50]), ("both", [14, 26]))
    ]
    assert {(arm.base_depth, arm.base_width) for arm in arms} == {(14, 0.25)}
    assert len({arm.rows[0] for arm in arms}) == 2
    assert strategy_arms(settings.iloc[:0], strategies) == []
