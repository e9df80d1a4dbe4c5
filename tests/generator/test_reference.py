"""What is said of study files, to people and to editors, is what the program does."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.generator import file_schema, yaml_file
from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.grid import AXES
from scaling.generator.meanings import meanings
from scaling.generator.study import check
from scaling.generator.study_file import StudyFile
from scaling.schema import Dataset
from tests.generator import reference
from tests.generator.reference_examples import COMPLETE, EXAMPLES, example_study, read

SHIPPED = sorted((reference.ROOT / "studies").rglob("*.yaml"))
SCHEMA = file_schema.schema()
EDITOR = Draft202012Validator(SCHEMA)
"""What an editor does with the schema."""


def test_the_committed_files_are_those_that_are_made() -> None:
    """If this fails: make reference."""
    assert reference.SCHEMA.read_text() == file_schema.text()
    assert reference.DOCUMENT.read_text() == reference.page()


def test_the_command_prints_the_schema() -> None:
    ran = CliRunner().invoke(app, ["studies", "--schema"])
    assert (ran.exit_code, ran.stdout) == (0, file_schema.text())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["axes"]["properties"]) >= {*AXES}
    text = file_schema.text()
    assert not [name for name in SCHEMA["$defs"] if f'"#/$defs/{name}"' not in text]


def test_every_key_has_a_meaning_that_ends_as_a_sentence() -> None:
    nodes = [SCHEMA, *SCHEMA["$defs"].values()]
    fields = [(name, field) for node in nodes for name, field in node["properties"].items()]
    assert not [name for name, field in fields if not field["description"].endswith(".")]
    assert meanings(Dataset).keys() == Dataset.model_fields.keys()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_studies_that_ship_name_the_schema_and_agree_with_it(path: Path) -> None:
    first = path.read_text().partition("\n")[0]
    assert first.startswith(file_schema.MODELINE)
    assert (path.parent / first.removeprefix(file_schema.MODELINE)).resolve() == reference.SCHEMA
    EDITOR.validate(yaml_file.load(path))


def test_the_schema_is_not_taken_for_a_study() -> None:
    assert not [name for name in studies.available() if "schema" in name]


EVERY_EXAMPLE = [(place, key) for place, keys in EXAMPLES.items() for key in keys]


@pytest.mark.parametrize(("place", "key"), EVERY_EXAMPLE)
def test_every_example_is_accepted(place: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaling.generator.study_file._dataset_problems", lambda dataset: ())  # its folder is not here
    assert key in read(place, key)
    content = example_study(place, key)
    EDITOR.validate(content)
    if key == "name":
        StudyFile.model_validate(content)
    else:
        check(content, weights_are_here=False)


def test_every_key_of_the_page_has_an_example_and_no_other() -> None:
    of_tables = {(section.place, key) for section in reference.sections() for key in section.fields or ()}
    assert of_tables == {*EVERY_EXAMPLE}


def test_the_page_leaves_no_axis_and_no_definition_out() -> None:
    of_tables = {key for section in reference.sections() for key in section.fields or ()}
    assert of_tables >= {*AXES, *SCHEMA["properties"]}
    assert {*reference.PLACES} | {"Range"} == {*SCHEMA["$defs"]}


def test_links_within_the_page_lead_somewhere() -> None:
    page = reference.page()
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {*re.findall(r"\(#([\w-]+)\)", page)} <= anchors
    for other in re.findall(r"\((\w+\.md)\)", page):
        assert (reference.DOCUMENT.parent / other).exists()


def test_the_complete_example_is_accepted() -> None:
    content = yaml_file.parse(COMPLETE, "example")
    EDITOR.validate(content)
    assert check(content).trials


def test_families_from_outside_may_have_axes_of_their_own() -> None:
    content = example_study("grid", "depth")
    content["grid"] = [{"family": "my_nets:convmixer", "depth": 4, "branches": [1, 2]}]
    EDITOR.validate(content)
    content["grid"][0]["family"] = "resnet_rs"
    assert not EDITOR.is_valid(content)


def altered(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value at a dotted path."""
    copied = deepcopy(content)
    node: Any = copied
    *inner, last = path.split(".")
    for key in inner:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    node[last] = value
    return copied


GRID = yaml_file.parse(COMPLETE, "example")
SCALED = example_study("", "scale")
SEARCHED = example_study("", "search")

MISTAKES: list[tuple[dict[str, Any], str, Any]] = [
    (GRID, "colour", "red"),
    (GRID, "study", "My Study"),
    (GRID, "question", 7),
    (GRID, "dataset", "fashion_mnist"),
    (GRID, "dataset.name", "fashion_mnits"),
    (GRID, "dataset.name", "image_folder:"),
    (GRID, "dataset.train_examples", 0),
    (GRID, "dataset.train_examples", "8000"),
    (GRID, "dataset.validation_fraction", 1),
    (GRID, "dataset.resize", "nearest"),
    (GRID, "dataset.seed", 0),
    (GRID, "answer.compare", []),
    (GRID, "answer.compare", "width"),
    (GRID, "answer.at_equals", "macs"),
    (GRID, "family", "my nets"),
    (GRID, "grid", []),
    (GRID, "grid", {"depth": 14}),
    (GRID, "grid", None),
    (GRID, "grid.0.dept", 14),
    (GRID, "grid.0.depth", []),
    (GRID, "grid.0.depth", "14"),
    (GRID, "grid.0.depth", [14, 0]),
    (GRID, "grid.0.depth", {"low": 14, "high": 26}),
    (GRID, "grid.0.width", True),
    (GRID, "across.resolution", 14.5),
    (GRID, "across.stem", "tiny"),
    (GRID, "across.se_ratio", [0, 2]),
    (GRID, "across.resnet_d", "yes"),
    (GRID, "across.blocks", [1, 2, 1]),
    (GRID, "across.epochs", [2, "six"]),
    (GRID, "across.seed", -1),
    (GRID, "across.init", 7),
    (GRID, "across.options", {"patch": 4}),
    (GRID, "recipe.lr", 0.1),
    (GRID, "recipe.seed", 1),
    (GRID, "recipe.batch_size", [64, 128]),
    (GRID, "recipe.optimizer", "adam"),
    (GRID, "recipe.dropout", 1),
    (GRID, "recipe.nesterov", 1),
    (GRID, "recipe.batch_norm_group", 0),
    (GRID, "rules", ["paper_regularisation"]),
    (GRID, "rules", "baseline"),
    (GRID, "constraints.max_param", 1e6),
    (GRID, "constraints.max_training_ms", 0),
    (GRID, "constraints.max_training_ms", "5 ms"),
    (GRID, "constraints.on", 100),
    (GRID, "slices", {"tolerance": 0.1}),
    (GRID, "slices", {"macs": []}),
    (GRID, "slices", {"macs": [1e6], "tolerance": 1}),
    (GRID, "latency.phases", ["train"]),
    (GRID, "latency.phases", "training"),
    (GRID, "latency.batch_size", 0),
    (GRID, "latency.runtimes", []),
    (GRID, "latency.runtime", ["onnx"]),
    (GRID, "latency", None),
    (GRID, "init", 7),
    (GRID, "search", SEARCHED["search"]),
    (SCALED, "scale.base", {"depth": 14}),
    (SCALED, "scale.base.epochs", 2),
    (SCALED, "scale.base.depth", [14, 26]),
    (SCALED, "scale.strategy", "fast"),
    (SCALED, "scale.strategy", []),
    (SCALED, "scale.strategy", ["width", "d1_w2"]),
    (SCALED, "scale.targets", {}),
    (SCALED, "scale.targets", {"macs": [1e6], "params": [1e6]}),
    (SCALED, "scale.targets.macs_factor", 2),
    (SCALED, "scale.targets.flops", [1e9]),
    (SCALED, "scale.long_training", 0),
    (SEARCHED, "search.sampler", "cma"),
    (SEARCHED, "search.trials", 0),
    (SEARCHED, "search.objectives", ["accuracy"]),
    (SEARCHED, "search.objectives", ["top1", "macs", "params"]),
    (SEARCHED, "search.objectives", ["top1", "top1"]),
    (SEARCHED, "search.space", {}),
    (SEARCHED, "search.space.depth", 14),
    (SEARCHED, "search.space.depth", [14, 14]),
    (SEARCHED, "search.space.dept", [14]),
    (SEARCHED, "search.space.width", {"low": 0.5}),
    (SEARCHED, "search.space.width", {"low": 0, "high": 1}),
    (SEARCHED, "search.space.width", {"low": 0.1, "high": 1, "steps": 3}),
    (SEARCHED, "search.space.batch_size", {"low": 16, "high": 64.5}),
    (SEARCHED, "search.space.schedule", {"low": 1, "high": 2}),
    (SEARCHED, "search.space.blocks", [[1, 1, 1, 1]]),
]


@pytest.mark.parametrize(("content", "path", "value"), MISTAKES, ids=lambda value: str(value)[:30])
def test_what_the_program_refuses_by_type_or_key_an_editor_underlines(
    content: dict[str, Any], path: str, value: Any
) -> None:
    EDITOR.validate(content)
    broken = altered(content, path, value)
    with pytest.raises(StudyError):
        check(broken, weights_are_here=False)
    assert not EDITOR.is_valid(broken)


@pytest.mark.parametrize("key", sorted(StudyFile.model_fields))
def test_what_is_missing_or_null_is_a_mistake_to_both_or_to_neither(key: str) -> None:
    whole = GRID | {"grid": [{"depth": 14, "width": 0.25, "resolution": 32, "epochs": 1}]} if key == "across" else GRID
    for content in (altered(GRID, key, None), {name: value for name, value in whole.items() if name != key}):
        try:
            check(content)
        except StudyError:
            assert not EDITOR.is_valid(content), key
        else:
            EDITOR.validate(content)
