"""A study's question, as its file asks it and as its results folder remembers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.recorded import asked_by
from scaling.generator.study import check
from scaling.schema import AnswerPlan, Question
from tests.builders import results_folder

STUDY: dict[str, Any] = {
    "study": "example",
    "question": "Depth or width?",
    "dataset": {"name": "fashion_mnist", "train_examples": 1000},
    "grid": [{"depth": [14, 26], "width": 0.25}],
    "across": {"resolution": 16, "stem": "small", "epochs": 1},
}
SCALE = {
    "base": {"depth": 14, "width": 0.125, "resolution": 12, "stem": "small"},
    "strategy": ["compound", "width"],
    "targets": {"macs_factor": [1, 2, 4]},
}
SCALED = {name: value for name, value in STUDY.items() if name != "grid"} | {"scale": SCALE, "across": {"epochs": 1}}


def test_a_question_has_its_words_and_no_plan_unless_there_is_one() -> None:
    assert check(STUDY).question == Question("Depth or width?")


def test_a_plan_is_read_with_its_defaults() -> None:
    asked = check(STUDY | {"answer": {"compare": ["depth", "width"]}}).question
    assert asked.plan == AnswerPlan(compare=("depth", "width"), at_equal=None, cost=None)
    whole = {"compare": ["family"], "at_equal": "accuracy", "cost": "macs"}
    assert check(STUDY | {"answer": whole}).question.plan == AnswerPlan(**(whole | {"compare": ("family",)}))


def test_strategies_have_what_each_made_from_the_base_on() -> None:
    study = check(SCALED)
    made = study.question.strategies
    assert list(made) == ["compound", "width"]
    for variants in made.values():
        assert variants[0].width == 0.125
        assert len(variants) == 3
        assert set(variants) <= {*study.variants}
    assert [variant.depth for variant in made["width"]] == [14, 14, 14]


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ({}, "answer.compare: required, and not given"),
        ({"compare": []}, "answer.compare: "),
        ({"compare": "depth"}, "answer.compare: must be a list"),
        ({"compare": [3]}, "answer.compare[0]: "),
        ({"compare": ["depth"], "at": "macs"}, "answer.at: unknown field"),
        ({"compare": ["depth"], "cost": 3}, "answer.cost: "),
        ("depth", "answer: "),
    ],
)
def test_a_plan_that_cannot_be_read_is_said_with_its_place(plan: Any, problem: str) -> None:
    with pytest.raises(StudyError) as error:
        check(STUDY | {"answer": plan})
    line, *_ = error.value.problems
    assert line.startswith(problem), line


def test_a_folder_remembers_the_question_with_its_plan(tmp_path: Path) -> None:
    study = check(STUDY | {"answer": {"compare": ["depth", "width"], "at_equal": "macs"}})
    folder = results_folder(tmp_path / "example", study=study.to_yaml())
    assert asked_by(folder)[0] == study.question


def test_a_folder_remembers_what_strategies_made(tmp_path: Path) -> None:
    study = check(SCALED)
    folder = results_folder(tmp_path / "example", study=study.to_yaml())
    assert asked_by(folder)[0].strategies == study.question.strategies


@pytest.mark.parametrize("text", [None, "", "study: [", "study: example\nquestion: What?\n"])
def test_of_a_folder_without_a_study_that_can_be_read_nothing_is_known(tmp_path: Path, text: str | None) -> None:
    assert asked_by(results_folder(tmp_path / "example", study=text))[0] == Question()


def test_the_studies_that_come_with_the_project_ask_in_words() -> None:
    for name in studies.available():
        assert studies.load(name, weights_are_here=False).question.text.endswith(("?", "?)")), name
