"""What commands list comes as a table, in 80 columns whatever the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.generator import study as studies
from scaling.generator.budget import basis
from scaling.reports import latencies, tables
from scaling.reports import plan as plans
from scaling.reports.tables import Table, shortened

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "studies" / "depth_vs_width.yaml"
REFERENCE = ROOT / "results" / "reference"
PARETO = str(REFERENCE / "pareto")


def output(*arguments: str) -> str:
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    return ran.output


def first_trial() -> str:
    return str(json.loads(output("plan", str(STUDY), "--json"))["trials"][0]["id"])


@pytest.mark.parametrize(
    ("command", "headings"),
    [
        (("plan", str(STUDY)), "depth"),
        (("plan", str(STUDY), "--wide"), "trial"),
        (("plan", str(STUDY), "--explain", "TRIAL"), "name"),
        (("data", "list"), "name"),
        (("data", "list", "--wide"), "name"),
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
    assert rule[2].startswith("rule paper_regularization, arXiv")
    assert [line for line in lines if line.startswith("randaugment ")]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[Table]:
    """The tables that were printed."""
    monkeypatch.setenv("COLUMNS", "80")
    whole: list[Table] = []
    print_whole = tables.print_whole

    def recorded(table: Table, console: Console) -> None:
        whole.append(table)
        print_whole(table, console)

    monkeypatch.setattr(tables, "print_whole", recorded)
    return whole


def too_long(printed: list[Table]) -> list[str]:
    return [line for table in printed for line in [*table.headings(), *table.body()] if len(line) > 80]


@pytest.mark.parametrize(
    "command",
    [
        ("plan", str(STUDY), "--results", str(REFERENCE)),
        ("plan", "imagenet/pareto_own_recipes", "--on", "a100-40"),
        ("plan", str(STUDY), "--explain", "TRIAL"),
        ("next", str(STUDY), "--set", "across.epochs=[2, 6, 12]", "--at-most", "training_ms=40"),
        ("recommend", PARETO),
        ("recommend", PARETO, "--at-most", "inference_ms=20", "--at-most", "training_ms=100"),
        ("compare", PARETO),
        ("fit", PARETO),
        ("models", "resnet_rs_101x1.5@224", "efficientnet_b3"),
        ("data", "list"),
    ],
    ids=lambda command: " ".join(command).replace(str(ROOT), "")[:50],
)
def test_no_table_is_wider_than_80_columns(command: tuple[str, ...], printed: list[Table]) -> None:
    output(*(first_trial() if part == "TRIAL" else part for part in command))
    assert printed
    assert not too_long(printed)


@pytest.mark.parametrize("command", [("status", str(REFERENCE)), ("studies",)], ids=lambda command: command[0])
def test_what_is_listed_without_a_table_has_short_first_lines(command: tuple[str, ...]) -> None:
    """Of each study one line with its name and counts; sentences and commands below it may be longer."""
    lines = output(*command).splitlines()
    assert max(len(line.rstrip()) for line in lines if not line.startswith(" ")) <= 80


def test_the_plan_of_every_study_that_ships_fits(printed: list[Table]) -> None:
    by = basis("a100-40", ())
    for path in studies.available().values():
        study = studies.load(str(path), weights_are_here=False)
        plans.show_plan(study, plans.rows(study, (), by), Console(), by)
    assert len(printed) > 15
    assert not too_long(printed)


def test_timings_fit_and_say_once_what_they_share(printed: list[Table], capsys: pytest.CaptureFixture[str]) -> None:
    from scaling.results.records import ResultsFolder

    folder = ResultsFolder(REFERENCE / "pareto")
    listed = latencies.rows(studies.load(str(folder.study_file)), folder.path)
    assert len(listed) > 10
    latencies.show(listed, Console())
    assert not too_long(printed)
    assert capsys.readouterr().out.startswith("all timings: precision float32, batch ")


def test_columns_are_left_out_in_their_order_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    table = tables.table(("name", "first\nspare", "second", "number"), right=("number",))
    table.add_row("n" * 40, "x" * 20, "y" * 20, "1.234567")
    tables.print_narrow(table, Console(), spare=("first\nspare", "second"))
    first, second, said = capsys.readouterr().out.splitlines()
    assert first.split() == ["name", "second", "number"]
    assert second.split() == ["n" * 40, "y" * 20, "1.234567"]
    assert said == "left out for lack of space: first spare; --wide shows all columns"


def test_texts_are_cut_short_and_numbers_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    table = tables.table(("name", "number"), right=("number",))
    table.add_row("a" * 50 + "b" * 50, "1234567.125")
    tables.print_narrow(table, Console(), short=("name",))
    (_, row) = capsys.readouterr().out.splitlines()
    assert len(row) == 80
    assert row.endswith("b  1234567.125")
    assert "a…b" in row


def test_the_last_column_may_continue_below_itself(capsys: pytest.CaptureFixture[str]) -> None:
    table = tables.table(("name", "why"))
    table.add_row("one", "word " * 40)
    tables.print_narrow(table, Console(), wrapped="why")
    _, first, *more = capsys.readouterr().out.splitlines()
    assert first.startswith("one   word word")
    assert more
    assert all(line.startswith("      word") and len(line) <= 80 for line in more)


@pytest.mark.parametrize(("width", "text"), [(9, "abcdefghi"), (5, "ab…hi"), (4, "ab…i")])
def test_a_text_is_cut_in_its_middle(width: int, text: str) -> None:
    assert shortened("abcdefghi", width) == text
