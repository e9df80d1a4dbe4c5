"""`scaling report` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app
from tests.reports.page.made_up import only_one_figure, small


@pytest.fixture(autouse=True)
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """One figure instead of all, which take seconds."""
    only_one_figure(monkeypatch)


def run(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["report", *arguments])
    return ran.exit_code, " ".join(ran.output.split())


def test_one_folder_s_page_is_put_into_it_and_its_path_is_printed(tmp_path: Path) -> None:
    folder = small(tmp_path / "mine")
    code, text = run(str(folder.path))
    assert (code, text) == (0, str(folder.path / "report.html"))
    assert (folder.path / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_page_of_several_goes_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        small(tmp_path / "results" / name)
    assert run() == (0, "report.html")
    assert "2 studies compared" in (tmp_path / "report.html").read_text()


def test_a_folder_that_is_named_twice_stands_once(tmp_path: Path) -> None:
    folder = small(tmp_path / "mine").path
    code, text = run(str(folder), str(tmp_path), "-o", str(tmp_path / "new" / "page.html"))
    assert (code, text) == (0, str(tmp_path / "new" / "page.html"))
    assert "studies compared" not in (tmp_path / "new" / "page.html").read_text()


def test_reference_runs_are_written_to_only_where_they_are_named(tmp_path: Path) -> None:
    shipped = small(tmp_path / "reference" / "shipped").path
    code, text = run(str(tmp_path))
    assert code == 2
    assert "no runs of your own" in text
    assert not (shipped / "report.html").exists()
    code, text = run(str(tmp_path), "-o", str(tmp_path / "page.html"))
    assert code == 0
    assert "no runs of your own" in text
    assert run(str(shipped)) == (0, str(shipped / "report.html"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["empty"], "no records.jsonl or latency.jsonl"),
        (["mine", "--output", "empty"], "empty is a folder; name a file in it"),
        (["mine", "--output", "file/page.html"], "file"),
    ],
)
def test_bad_input_is_said_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    small(tmp_path / "mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    code, text = run(*arguments)
    assert code == 2
    assert text.startswith("error: ")
    assert message in text
