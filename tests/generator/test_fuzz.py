"""Thousands of broken and odd study files: a plan or a message, never a traceback, and soon."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from scaling.generator import yaml_file
from scaling.generator.errors import StudyError
from scaling.generator.rules import RULES
from scaling.generator.strategies import STRATEGIES
from scaling.generator.study import check, provenance
from scaling.generator.study_file import StudyFile
from scaling.reports import plan as plans
from scaling.schema import Recipe, Variant

COMMON: dict[str, Any] = {
    "study": "odd",
    "question": "Does it hold?",
    "dataset": {"name": "synthetic", "train_examples": 1000, "validation_fraction": 0.05},
    "rules": ["paper_regularization"],
    "recipe": {"learning_rate": 0.2, "batch_size": 64},
    "latency": {"phases": ["training"], "batch_size": 8},
}
GRID: dict[str, Any] = COMMON | {
    "grid": [
        {"depth": [14, 26], "width": 0.25, "stem": "small", "resolution": [16, 24]},
        {"depth": 17, "blocks": [1, 2, 1, 1], "resolution": 32, "se_ratio": [0, 0.25]},
        {"family": "efficientnet", "depth": 1.0, "width": [0.5, 1.0], "resolution": 32},
    ],
    "across": {"epochs": [1, 200], "seed": [0, 1]},
    "rules": ["baseline"],
    "constraints": {
        "max_macs": 1e12,
        "max_params": 1e9,
        "max_activations": 1e9,
        "max_memory_gb": 100.0,
        "max_training_ms": 5.0,
        "max_train_hours": 1e6,
        "max_cost": 1e6,
        "on": "h100",
    },
}
SLICED: dict[str, Any] = COMMON | {
    "grid": [{"depth": [14, 26, 50], "width": [0.25, 0.5], "stem": "small", "resolution": 16}],
    "across": {"epochs": 2},
    "slices": {"macs": [1.2e7, 4e7], "tolerance": 0.9},
}
SCALE: dict[str, Any] = COMMON | {
    "scale": {
        "base": {"depth": 14, "width": 0.25, "resolution": 16, "stem": "small"},
        "strategy": ["compound", "resnet_rs", "d1_w2_r1"],
        "targets": {"macs_factor": [1, 2]},
        "long_training": 10,
    },
    "across": {"epochs": [2, 12], "seed": [0, 1]},
}
STUDIES = (GRID, SCALE, SLICED)

WORDS = (
    *StudyFile.model_fields,
    *Variant.model_fields,
    *Recipe.model_fields,
    *("macs", "params", "macs_factor", "base", "strategy", "targets", "tolerance", "max_macs", "max_memory_gb"),
    *STRATEGIES,
    *RULES,
    *(
        "d0_w0_r0",
        "d1_w0_r99999999",
        "efficientnet",
        "resnet_d",
        "paper_text",
        "fashion_mnist",
        "imagenet",
        "350",
        "1e-3",
    ),
)
NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 2, 7, 31, 64, 350, 1e-300, 5e-324, 0.1, 1e9, 1e15, 1e99, 10**90, 1e300, 10**400, True]),
    st.integers(-10, 10**6),
    st.floats(),
)
VALUES = st.recursive(
    st.none() | NUMBERS | st.sampled_from(WORDS) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=5,
)


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


NUDGES: dict[type, st.SearchStrategy[Any]] = {
    int: st.sampled_from(
        [0, 1, 2, 3, 5, 8, 13, 14, 17, 26, 29, 32, 33, 50, 101, 128, 200, 350, 2000, 20_000, 10**9, 10**90]
    ),
    float: st.sampled_from(
        [0.0, 5e-324, 1e-9, 0.0625, 0.1, 0.3, 0.5, 0.99, 1.0, 1.7, 4.0, 40.0, 1e4, 1e6, 1.2e7, 4e7, 1e15, 1e99]
    ),
    str: st.sampled_from(WORDS),
    bool: st.booleans(),
}
"""Values of the same type, to get past the first checks."""


@st.composite
def odd_studies(draw: st.DrawFn, valid: Sequence[dict[str, Any]] = STUDIES) -> dict[str, Any]:
    """A valid study with one to three values changed, dropped, doubled, turned to text, or put beside others."""
    content = deepcopy(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, 3))):
        paths = sorted(places(content), key=repr)
        path = draw(st.sampled_from(paths))
        parent = content
        for key in path[:-1]:
            parent = parent[key]
        value = parent[path[-1]]
        match draw(st.sampled_from(["nudge", "nudge", "nudge", "nudge", "replace", "drop", "list", "text", "add"])):
            case "nudge" if type(value) in NUDGES:
                parent[path[-1]] = draw(NUDGES[type(value)])
            case "replace":
                parent[path[-1]] = draw(VALUES)
            case "drop" if len(paths) > 1:
                del parent[path[-1]]
            case "list":
                parent[path[-1]] = [value, draw(VALUES)]
            case "text":
                parent[path[-1]] = str(value)
            case "add" if isinstance(parent, dict):
                parent[draw(st.sampled_from(WORDS))] = draw(VALUES)
            case "add":
                parent.append(draw(VALUES))
    return content


def trials_or_message(content: dict[str, Any]) -> None:
    """Anything else is a traceback for the user."""
    try:
        study = check(content)
    except StudyError as error:
        problems = error.problems
    else:
        problems = ()
        planned = plans.as_json(study, plans.rows(study, ()))
        assert len(planned["trials"]) == len(study.trials) > 0
        plans.show_plan(study, planned["trials"], Console(file=io.StringIO(), width=200))
        assert len(provenance(study, study.trials[0].id)) == len(Recipe.model_fields)
    assert all(problem and len(problem) < 2000 for problem in problems)


@pytest.mark.parametrize("content", STUDIES, ids=["grid", "scale", "sliced"])
def test_what_is_broken_below_is_whole(content: dict[str, Any]) -> None:
    assert check(content).trials


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(odd_studies())
def test_an_odd_study_gives_trials_or_a_message(content: dict[str, Any]) -> None:
    trials_or_message(content)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(odd_studies())
def test_thousands_of_odd_studies_give_trials_or_a_message(content: dict[str, Any]) -> None:
    trials_or_message(content)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_garbled_text_gives_trials_or_a_message(data: st.DataObject) -> None:
    text = yaml.safe_dump(data.draw(st.sampled_from(STUDIES)), sort_keys=False)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 3))
        text = text[:at] + data.draw(st.text("[]{}:,-&*!|>'\"#%@0e1. \n\tax", max_size=3)) + text[at + cut :]
    try:
        content = yaml_file.parse(text, "garbled.yaml")
    except StudyError:
        return
    if isinstance(content, dict):
        trials_or_message(content)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\n",
        "a: &a [*a]\n",
        "[" * 5000,
        "a: " + "[" * 300 + "]" * 300,
        "a: " + "9" * 5000,
        "a: " + "9" * 4000,
        "? [a]\n: b\n",
        "<<: {a: 1}\n",
        "\ufeffstudy: a\n",
        "a: 2001-99-99\n",
        "a: !!binary x\n",
        "a: \x00\n",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_yaml_that_would_hurt_is_refused(text: str) -> None:
    with pytest.raises(StudyError):
        check(yaml_file.parse(text, "hurtful.yaml"))


@pytest.mark.parametrize("way", ["grid", "scale"])
def test_a_cross_product_that_nobody_means_is_refused_before_it_is_expanded(way: str) -> None:
    content = deepcopy(GRID if way == "grid" else SCALE)
    content["across"] = {"epochs": list(range(1, 5001)), "seed": list(range(5000))}
    with pytest.raises(StudyError, match=rf"{way}: [0-9,]+ trials, and a study has at most 50,000, as one driver"):
        check(content)


@pytest.mark.parametrize(
    "text",
    [
        "a: !!bool maybe",
        'a: !!int ""',
        'a: !!float ""',
        "a: !!timestamp x",
        "a: !!map [a]",
        "a: !!set [a]",
        "!!map [a]",
    ],
)
def test_a_tag_that_does_not_fit_its_value_is_named_with_its_line(text: str) -> None:
    with pytest.raises(StudyError, match=r"x\.yaml:1:\d: not a "):
        yaml_file.parse(text, "x.yaml")


@pytest.mark.parametrize("assignment", ["[]=1", ".=1", "=1", "[", "[]"])
def test_an_override_without_a_place_is_refused(assignment: str) -> None:
    with pytest.raises(StudyError, match="write it as path=value"):
        yaml_file.override({"study": "x"}, [assignment])


def test_a_long_list_of_problems_is_cut_and_counted() -> None:
    content = {"study": "x", "question": "y?", **{f"key{number}": 1 for number in range(100_000)}}
    with pytest.raises(StudyError) as caught:
        check(content)
    lines = str(caught.value).splitlines()
    assert len(lines) <= 25
    assert "more" in lines[-1]
