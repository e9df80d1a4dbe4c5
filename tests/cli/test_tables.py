"""What commands list comes as a table, whatever the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app

STUDY = Path(__file__).parents[2] / "studies" / "depth_vs_width.yaml"


def output(*arguments: str) -> str:
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    return ran.output


def first_trial() -> str:
    return str(json.loads(output("plan", str(STUDY), "--json"))["trials"][0]["id"])


@pytest.mark.parametrize(
    ("command", "headings"),
    [
        (("plan", str(STUDY)), "trial"),
        (("plan", str(STUDY), "--explain", "TRIAL"), "name"),
        (("data", "list"), "name"),
        (("models", "resnet_rs_50@160", "efficientnet_b0"), "name"),
    ],
    ids=lambda part: " ".join(part)[-30:] if isinstance(part, tuple) else part,
)
def test_a_table_has_headings_and_a_line_a_row(command: tuple[str, ...], headings: str) -> None:
    text = output(*(first_trial() if part == "TRIAL" else part for part in command))
    assert "Table(" not in text
    assert any(line.startswith(f"{headings} ") for line in text.splitlines())


def test_an_explanation_says_where_each_value_came_from() -> None:
    lines = output("plan", str(STUDY), "--explain", first_trial()).splitlines()
    (rule,) = [line.split(maxsplit=2) for line in lines if line.startswith("weight_decay ")]
    assert rule[1] == "4e-05"
    assert rule[2].startswith("rule paper_regularization, arXiv 2103.07579")
    assert [line for line in lines if line.startswith("randaugment ")]
