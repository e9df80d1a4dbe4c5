"""A study file becomes trials, or every mistake in it becomes a message."""

from __future__ import annotations

import contextlib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.expand import MAX_MISTAKES
from scaling.generator.study import Study, check

STUDY: dict[str, Any] = {
    "study": "example",
    "question": "Does it work?",
    "dataset": {"name": "fashion_mnist", "train_examples": 1000},
    "grid": [{"depth": [14, 26], "width": 0.25}, {"depth": 14, "width": [0.25, 0.5]}],
    "across": {"resolution": 16, "stem": "small", "epochs": [1, 3], "seed": [0, 1]},
    "rules": ["paper_regularization"],
    "recipe": {"learning_rate": 0.2},
}


def changed(**changes: Any) -> dict[str, Any]:
    return deepcopy(STUDY) | changes


def load(tmp_path: Path, text: str, *overrides: str) -> Study:
    path = tmp_path / "example.yaml"
    path.write_text(text)
    return studies.load(str(path), overrides)


def test_blocks_are_crossed_and_each_trial_stands_once() -> None:
    trials = check(STUDY).trials
    assert len(trials) == 12  # (2 + 2 - 1 shared) variants x 2 epochs x 2 seeds
    assert [(t.variant.depth, t.variant.width, t.recipe.epochs, t.seed) for t in trials[:3]] == [
        (14, 0.25, 1, 0),
        (14, 0.25, 1, 1),
        (14, 0.25, 3, 0),
    ]


def test_ids_are_what_they_were_when_this_was_written() -> None:
    assert [trial.id for trial in check(STUDY).trials[::4]] == [
        "rs14-w0.25-r16-e1-s0-c06152b6",
        "rs26-w0.25-r16-e1-s0-c1d195c7",
        "rs14-w0.5-r16-e1-s0-c57aed03",
    ]


def test_what_is_left_to_the_device_is_part_of_the_id_as_it_was_written() -> None:
    before = [trial.id for trial in check(STUDY).trials]
    as_default = check(changed(recipe={"learning_rate": 0.2, "precision": "float32"}))
    assert [trial.id for trial in as_default.trials] == before
    left_open = check(changed(recipe={"learning_rate": 0.2, "precision": "auto"}))
    assert left_open.trials[0].id == "rs14-w0.25-r16-e1-s0-4bc563c2"
    assert left_open.timings == check(STUDY).timings


def test_ids_do_not_depend_on_how_a_number_is_written() -> None:
    as_written = check(changed(grid=[{"depth": 14, "width": 1}], recipe={"warmup_epochs": 0}))
    as_floats = check(changed(grid=[{"depth": 14.0, "width": 1.0}], recipe={"warmup_epochs": 0.0}))
    assert [t.id for t in as_written.trials] == [t.id for t in as_floats.trials]


def test_a_rule_fills_in_and_the_study_wins() -> None:
    recipe = check(changed(recipe={"dropout": 0.3})).trials[0].recipe
    assert (recipe.dropout, recipe.label_smoothing, recipe.weight_decay) == (0.3, 0.0, 4e-5)


def test_timings_are_one_a_variant_and_phase() -> None:
    timings = check(STUDY).timings
    assert len(timings) == len({t.id for t in timings}) == 6
    assert {(t.classes, t.channels) for t in timings} == {(10, 1)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid": {"depth": 14}}, "grid: must be a list, not {'depth': 14}"),
        ({"grids": []}, "grids: unknown field; did you mean 'grid'?"),
        ({"grid": []}, "grid: "),
        ({"grid": [{"dpth": 14}]}, "grid[0].dpth: unknown axis; did you mean 'depth'?"),
        ({"grid": [{"depth": []}]}, "grid[0].depth: an empty list leaves no trials"),
        ({"grid": [{"depth": {"from": 14}}]}, "grid[0].depth: a value or a list of values"),
        ({"grid": [{"depth": [14, 27]}]}, "grid[0].depth[1]: depth 27 has no block layout; known depths: 14, 26"),
        ({"grid": [{"depth": 14, "width": [1, 0.001]}]}, "grid[0].width[1]: width 0.001 leaves a layer without"),
        ({"grid": [{"depth": 14, "seed": 0}]}, "grid[0].seed: also set in across; keep one"),
        ({"grid": [{"width": 1}]}, "grid[0].depth: required"),
        ({"grid": [{"family": "efficientnt", "depth": 1}]}, "did you mean 'efficientnet'?"),
        ({"across": {"resolution": 4, "stem": "small", "epochs": 1}}, "across.resolution: resolution 4 is below"),
        ({"across": {"resolution": 16, "stem": "small"}}, "recipe.epochs: required"),
        ({"across": {"resolution": 16, "stem": "small", "epochs": "350"}}, "across.epochs: '350' is text"),
        ({"across": {"resolution": 16, "stem": "small", "epochs": 2.5}}, "across.epochs: "),
        ({"across": {"resolution": 16, "stem": "small", "epochs": 1, "seed": -1}}, "across.seed: "),
        (
            {"grid": [{"family": "efficientnet", "depth": 1, "width": 1}], "across": {"resolution": 32, "epochs": 350}},
            "rules[0]: paper_regularization: 350 epochs",
        ),
        ({"rules": ["paper_regularisation"]}, "did you mean 'paper_regularization'?"),
        ({"recipe": {"learning_rat": 1}}, "recipe.learning_rat: unknown field; did you mean 'learning_rate'?"),
        ({"recipe": {"learning_rate": 0}}, "recipe.learning_rate: "),
        ({"recipe": {"epochs": 3}}, "recipe.epochs: also an axis of the grid; keep one"),
        ({"recipe": {"warmup_epochs": 1}}, "warmup_epochs 1 must be less than epochs 1"),
        ({"recipe": {"optimizer": "rmsprop", "nesterov": True}}, "nesterov is a form of sgd; optimizer is rmsprop"),
        ({"dataset": {"name": "fashion"}}, "dataset.name: 'fashion' is not a data set; did you mean 'fashion_mnist'?"),
        (
            {"dataset": {"name": "synthetic", "train_examples": 10**6}},
            "1,000,000 are asked for, but only 9,800 training images remain",
        ),
        (
            {"dataset": {"name": "synthetic", "resize": "legacy_bicubic"}},
            "dataset.resize: 'legacy_bicubic' is for images in files; synthetic is kept in memory",
        ),
        ({"study": "../elsewhere"}, "study: "),
        ({"study": "reference/example"}, "study: results/reference/ is for the runs that come with the project"),
        ({"latency": {"phases": ["trainin"]}}, "did you mean 'training'?"),
        ({"latency": {"precision": "auto"}}, "latency.precision: 'auto'"),
        (
            {"across": {"resolution": 16, "stem": "small", "epochs": 1, "precision": ["float32", "auto"]}},
            "precision: auto and float32 for one network",
        ),
    ],
)
def test_every_mistake_is_named_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError) as caught:
        check(changed(**changes))
    assert message in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        check(changed(rules=["x"], recipe={"y": 1}, dataset={"name": "z"}))
    assert len(caught.value.problems) == 3


def test_of_many_mistakes_the_first_are_named_and_that_there_may_be_more() -> None:
    with pytest.raises(StudyError) as error:
        check(changed(grid=[{"depth": [15 + number / 4 for number in range(60)], "width": 0.25}]))
    *mistakes, last = str(error.value).splitlines()
    assert len(mistakes) == MAX_MISTAKES
    assert all("has no block layout" in mistake for mistake in mistakes)
    assert last == "there may be more mistakes like these"


def test_yaml_is_read_as_it_is_meant(tmp_path: Path) -> None:
    study = load(tmp_path, yaml.safe_dump(STUDY).replace("learning_rate: 0.2", "learning_rate: 1e-3"))
    assert study.trials[0].recipe.learning_rate == 0.001


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study: a\nstudy: b\n", "example.yaml:2:1: key 'study' appears twice"),
        ("study: [a\n", "example.yaml:2:1: "),
        ("- a\n", "a study file is a mapping"),
        ("", "a study file is a mapping"),
        ("1: 1\n", "key 1 is not text"),
        ("study: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
    ],
)
def test_files_that_are_no_study_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=r"example\.yaml") as caught:
        load(tmp_path, text)
    assert message in str(caught.value)


def test_set_overrides_and_an_overridden_axis_is_none_any_more(tmp_path: Path) -> None:
    text = yaml.safe_dump(STUDY)
    assert {t.recipe.epochs for t in load(tmp_path, text, "recipe.epochs=7").trials} == {7}
    assert {t.variant.depth for t in load(tmp_path, text, "grid[0].depth=[50]").trials} == {14, 50}
    for wrong in ("epochs", "grid[9].depth=1", "study.x=1"):
        with pytest.raises(StudyError, match="--set"):
            load(tmp_path, text, wrong)


def test_a_study_written_out_reads_back_the_same(tmp_path: Path) -> None:
    study = check(STUDY)
    assert load(tmp_path, study.to_yaml()).trials == study.trials


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(StudyError, match="did you mean 'depth_vs_width'"):
        studies.load("depth_vs_widht")


@pytest.mark.parametrize("name", sorted(studies.available()))
def test_every_shipped_study_is_valid_and_bears_its_name(name: str) -> None:
    assert studies.load(name, weights_are_here=False).name == name


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(
    st.sampled_from(sorted(STUDY)),
    VALUES,
    st.sampled_from(["whole", "inside"]),
    st.sampled_from(["depth", "epochs", "seed"]),
)
def test_whatever_is_written_gives_trials_or_a_message(key: str, value: Any, where: str, axis: str) -> None:
    content = deepcopy(STUDY)
    if where == "whole":
        content[key] = value
    elif isinstance(content[key], dict):
        content[key][axis] = value
    elif key == "grid":
        content["grid"][0][axis] = value
    with contextlib.suppress(StudyError):  # anything else is a traceback for the user
        assert check(content).trials


def test_numbers_that_overflow_and_endless_nesting_are_refused() -> None:
    nested: Any = 1
    for _ in range(20):
        nested = [nested]
    for changes, message in (
        ({"recipe": {"learning_rate": 10**400}}, "recipe.learning_rate: a number beyond 1e+100"),
        ({"question": nested}, "mappings and lists within each other"),
    ):
        with pytest.raises(StudyError) as caught:
            check(changed(**changes))
        assert message in str(caught.value)
    assert check(changed(recipe={"learning_rate": 1e30})).trials  # diverges, and may
