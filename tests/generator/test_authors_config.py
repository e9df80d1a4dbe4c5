"""The released configuration files, given where a study is expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.rules import RULES
from scaling.published.tables import read_rows

COMMON: dict[str, Any] = {
    "augment_name": "randaugment",
    "randaug_num_layers": 2,
    "base_learning_rate": 0.1,
    "train_batch_size": 4096,
    "eval_batch_size": 200,
    "num_train_images": 1281167,
    "num_eval_images": 50000,
    "num_label_classes": 1000,
    "train_steps": 109475,
    "momentum": 0.9,
    "weight_decay": 4.0e-5,
    "label_smoothing": 0.1,
    "moving_average_decay": 0.9999,
    "bn_momentum": 0.0,
    "se_ratio": 0.25,
    "use_resnetd_stem": True,
    "resnetd_shortcut": True,
    "replace_stem_max_pool": True,
    "precision": "bfloat16",
    "data_format": "channels_last",
    "use_tpu": True,
    "transpose_input": True,
}
"""What the eleven files share (facts of github.com/tensorflow/tpu)."""


def file(folder: Path, name: str = "resnetrs50_i160", **changed: Any) -> str:
    own = {
        "resnet_depth": 50,
        "image_size": 160,
        "drop_connect_rate": None,
        "dropout_rate": 0.25,
        "randaug_magnitude": 10,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**COMMON, **own, **changed}))
    return str(path)


@pytest.mark.parametrize("row", read_rows("recipes"), ids=lambda row: f"{row['depth']}@{row['resolution']}")
def test_each_of_the_eleven_is_the_trial_of_the_rule_for_it(row: dict[str, str], tmp_path: Path) -> None:
    """The rule `released_recipe` was written from the same code, value by value."""
    drop = float(row["stochastic_depth"]) or None
    path = file(
        tmp_path,
        f"resnetrs{row['depth']}_i{row['resolution']}",
        resnet_depth=int(row["depth"]),
        image_size=int(row["resolution"]),
        drop_connect_rate=drop,
        dropout_rate=float(row["dropout"]),
        randaug_magnitude=int(row["randaugment_magnitude_tf1"]),
    )
    study = studies.load(path)
    (trial,) = study.trials
    assert study.name == f"resnetrs{row['depth']}_i{row['resolution']}"
    filled = RULES["released_recipe"].fill(trial.variant, 350)
    assert {field: getattr(trial.recipe, field) for field in filled} == {
        name: its.value for name, its in filled.items()
    }
    assert trial.recipe.epochs == 350
    assert (trial.dataset.name, trial.dataset.validation_fraction) == ("imagenet", 0)
    assert trial.dataset.resize == "legacy_bicubic"
    assert trial.variant.changed().keys() <= {"family", "depth", "resolution"}


def test_what_varies_reaches_the_trial(tmp_path: Path) -> None:
    changed = {
        "train_batch_size": 1024,
        "train_steps": 25_000,
        "augment_name": "autoaugment",
        "num_train_images": 1256145,
    }
    (trial,) = studies.load(file(tmp_path, **changed, precision="float32", se_ratio=0)).trials
    assert (trial.recipe.batch_size, trial.recipe.learning_rate, trial.recipe.epochs) == (1024, 0.4, 20)
    assert (trial.recipe.autoaugment, trial.recipe.randaugment_layers) == (True, 0)
    assert (trial.recipe.precision, trial.variant.se_ratio) == ("float32", 0)
    assert trial.dataset.validation_fraction == pytest.approx(0.0195306, abs=1e-6)
    (plain,) = studies.load(
        file(tmp_path, use_resnetd_stem=False, resnetd_shortcut=False, replace_stem_max_pool=False, augment_name=None)
    ).trials
    assert (plain.variant.resnet_d, plain.recipe.randaugment_layers, plain.recipe.autoaugment) == (False, 0, False)


def test_a_magnitude_of_nothing_is_none_of_its_default(tmp_path: Path) -> None:
    (trial,) = studies.load(file(tmp_path, randaug_magnitude=0)).trials
    assert trial.recipe.randaugment_magnitude == 0


def test_overrides_reach_it_too(tmp_path: Path) -> None:
    (trial,) = studies.load(file(tmp_path), ["recipe.schedule=step", "study=mine"]).trials
    assert trial.recipe.schedule == "step"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dropout_rat": 0.1}, r"resnetrs50_i160.yaml: dropout_rat: not understood; did you mean 'dropout_rate'"),
        ({"train_steps": "many"}, "train_steps: 'many' is no number"),
        ({"image_size": True}, "image_size: True is no number"),
        ({"augment_name": "randaugmnt"}, "augment_name: 'randaugmnt' is not a choice; did you mean 'randaugment'"),
        ({"augment_name": ["randaugment"]}, "augment_name: .* is not a choice"),
        ({"randaug_magnitude": "strong"}, "randaugment_magnitude"),
        ({"precision": "float16"}, "precision: 'float16'"),
        ({"num_label_classes": 10}, "num_label_classes: 10; ImageNet has 1000"),
        ({"num_train_images": 2_000_000}, "num_train_images: 2000000; ImageNet has 1281167"),
        ({"resnetd_shortcut": False}, "no such network here"),
        ({"resnet_depth": 51}, "depth"),
    ],
)
def test_what_is_not_understood_is_named(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=message):
        studies.load(file(tmp_path, **changed))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("resnet_depth: 50\nimage_size: 160\n")
    with pytest.raises(StudyError, match="train_batch_size: missing") as caught:
        studies.load(str(tmp_path / "own.yaml"))
    assert len(caught.value.problems) == 8
