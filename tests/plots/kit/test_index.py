from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scaling.cli.app import app
from scaling.plots import Context, FigureSpec, draw_published, draw_study, specs
from scaling.plots.kit.figure_spec import Skipped
from scaling.plots.kit.index import write_index
from scaling.plots.registry import NAMES
from scaling.results.frame import load_results
from tests.plots.test_study import VARIANTS, folder_of


def made_up(name: str, **words: str) -> FigureSpec:
    return FigureSpec(name, "What?", "this", words.get("concludes", "that"), (lambda axes: axes,), ("a note.",))


def test_the_index_has_every_picture_its_words_and_what_was_skipped(tmp_path: Path) -> None:
    file = write_index(tmp_path, "A study", [made_up("one"), Skipped("two", "ResNet-RS has one point")], ("svg", "png"))
    assert file.read_text() == (
        "# A study\n\n## What?\n\n![one](one.png)\n\nShows: this\n\n**One may conclude:** that\n\n"
        "Small print: a note.\n\n## Not drawn\n\n- `two`: ResNet-RS has one point\n"
    )


@pytest.mark.parametrize(("form", "link"), [("svg", "![one](one.svg)"), ("pdf", "[one](one.pdf)")])
def test_the_index_shows_what_there_is(tmp_path: Path, form: str, link: str) -> None:
    assert link in write_index(tmp_path, "A study", [made_up("one")], (form,)).read_text()


def test_a_studys_index_names_only_figures_that_are_there(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS, failed=(1,), study="question: Deeper or wider?\n")
    *figures, index = draw_study(folder).files
    said = index.read_text()
    assert said.startswith("# Deeper or wider?")
    assert re.findall(r"!\[.*?\]\((.*?)\)", said) == [file.name for file in figures]
    assert "1 trial failed" in said
    assert "- `rescaled`: no EfficientNets" in said


def test_one_figure_alone_leaves_the_index_and_says_what_it_shows(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, VARIANTS)
    folder.figures.mkdir()
    (folder.figures / "index.md").write_text("of all figures")
    drawn = draw_study(folder, figures=["accuracy_vs_macs", "rescaled"])
    assert drawn.files == (folder.figures / "accuracy_vs_macs.png",)
    assert [file.name for file in folder.figures.iterdir() if file.suffix == ".png"] == ["accuracy_vs_macs.png"]
    assert (folder.figures / "index.md").read_text() == "of all figures"
    first, second, *_ = drawn.notes
    assert re.match(r"accuracy_vs_macs: .*the best reaches \d", first)
    assert second.startswith("rescaled: no EfficientNets")


@pytest.mark.parametrize(
    ("figures", "names"),
    [
        (["regimes"], ["regimes"]),
        (["residuals"], ["residuals"]),
        (["fronts", "power_law"], ["power_law", "fronts"]),
        (NAMES, [*NAMES]),
    ],
)
def test_some_figures(tmp_path: Path, figures: Sequence[str], names: list[str]) -> None:
    frame = load_results(folder_of(tmp_path, VARIANTS).path)
    assert [one.name for one in specs(Context(frame), figures)] == names
    assert [one.name for one in specs(Context(frame.head(0)), figures)] == names


@pytest.mark.slow
def test_the_papers_figures_are_drawn_from_its_numbers(tmp_path: Path) -> None:
    names = [file.name for file in draw_published(tmp_path)]
    assert names == [
        *("speed_accuracy.png", "power_law.png", "residuals.png", "speedup.png", "regimes.png", "fronts.png"),
        *("rescaled.png", "additive.png", "distribution.png", "index.md"),
    ]
    said = (tmp_path / "index.md").read_text()
    conclusions = re.findall(r"\*\*One may conclude:\*\* (.*)", said)
    assert len(conclusions) == 9
    assert all(re.search(r"\d", conclusion) for conclusion in conclusions)
    assert "Source: arXiv 2103.07579, Figure 3, digitised." in said
    assert "Not verified: recipe." in said
    assert "- `seed_spread`: one number was published" in said


@pytest.mark.slow
def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, VARIANTS)
    monkeypatch.chdir(tmp_path)
    both = CliRunner().invoke(app, ["plot", "made_up", "--published", "--format", "png"])
    assert both.exit_code == 0, both.output
    assert "made_up: 10 trials drawn, 0 failed" in both.output
    assert "Published points stand behind" in (tmp_path / "made_up" / "figures" / "index.md").read_text()
    monkeypatch.setattr("scaling.plots.study.published_specs", lambda _: [made_up("additive")])
    alone = CliRunner().invoke(app, ["plot", "--published", "--into", "paper", "--format", "pdf"])
    assert alone.exit_code == 0, alone.output
    assert (tmp_path / "paper" / "figures" / "additive.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["made_up", "--into", "x"], "--into is for --published alone"),
        (["made_up", "--published", "--into", "x"], "--into is for --published alone"),
        (["--published", "--format", "gif"], "no format named 'gif'"),
        (["--published", "--figure", "fronts,regime"], "no figure named 'regime'; did you mean 'regimes'? (choices: "),
        ([], "no runs of your own in results; these are the runs that ship with the project"),
        (["elsewhere"], "elsewhere: no such folder"),
    ],
)
def test_wrong_input_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["plot", *arguments])
    assert result.exit_code == 2
    assert said in result.output
