"""Each value of a recipe says where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.provenance import Origin, assigned
from scaling.schema import Recipe

STUDY = {
    "study": "example",
    "question": "Does it work?",
    "dataset": {"name": "synthetic"},
    "grid": [{"depth": 50, "width": [0.5, 1.0], "dropout": [0.3]}],
    "across": {"resolution": 160, "epochs": [10, 350], "seed": [0, 1]},
    "rules": ["baseline", "paper_regularization"],
    "recipe": {"learning_rate": 0.2, "batch_size": 64},
}


def origins(tmp_path: Path, trial: str, *overrides: str) -> dict[str, tuple[object, Origin]]:
    path = tmp_path / "example.yaml"
    path.write_text(yaml.safe_dump(STUDY))
    found = studies.provenance(studies.load(str(path), overrides), trial)
    return {field: (value, origin) for field, value, origin in found}


def test_file_rule_and_default_are_told_apart(tmp_path: Path) -> None:
    found = origins(tmp_path, "rs50-w0.5-r160-e350-s0")
    assert list(found) == list(Recipe.model_fields)
    assert found["epochs"] == (350, Origin("study file", "across.epochs[1]"))
    assert found["dropout"] == (0.3, Origin("study file", "grid[0].dropout[0]"))
    assert found["learning_rate"] == (0.2, Origin("study file", "recipe.learning_rate"))
    assert found["momentum"] == (0.9, Origin("default"))
    value, origin = found["randaugment_magnitude"]
    assert (value, origin.kind, origin.where, origin.verified) == (10, "rule", "paper_regularization", False)
    assert "Appendix E" in origin.source


def test_a_verified_value_says_so(tmp_path: Path) -> None:
    _, origin = origins(tmp_path, "rs50-w1-r160-e350-s0")["label_smoothing"]
    assert origin.verified
    assert str(origin).startswith("rule paper_regularization, github.com/tensorflow/tpu")
    assert str(origin).endswith(", verified")


def test_what_was_set_on_the_command_line_says_so(tmp_path: Path) -> None:
    sets = ("recipe.learning_rate=0.4", "across.epochs=[10]", "grid.0.dropout=0.2", "recipe.momentum=0.8")
    found = origins(tmp_path, "rs50-w0.5-r160-e10-s0", *sets)
    assert found["learning_rate"] == (0.4, Origin("--set", "recipe.learning_rate"))
    assert found["epochs"] == (10, Origin("--set", "across.epochs"))
    assert found["dropout"] == (0.2, Origin("--set", "grid[0].dropout"))
    assert found["momentum"] == (0.8, Origin("--set", "recipe.momentum"))
    assert found["batch_size"] == (64, Origin("study file", "recipe.batch_size"))


def test_places_are_written_one_way() -> None:
    assert assigned(["grid[0].depth=[1]", "grid.0.depth=2", " recipe.epochs =1"]) == (
        "grid[0].depth",
        "grid[0].depth",
        "recipe.epochs",
    )


@pytest.mark.parametrize(
    ("trial", "message"),
    [("rs50-w0.5", "4 trials begin so; for instance rs50-w0.5-r160-e10-s0-"), ("rs51", "there is no such trial")],
)
def test_a_trial_has_to_be_named(tmp_path: Path, trial: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        origins(tmp_path, trial)
