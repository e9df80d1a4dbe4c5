from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scaling.errors import UserError
from scaling.plots.figures.accuracy_vs_cost import COSTS
from scaling.plots.registry import NAMES
from scaling.reports.page.build import build
from scaling.reports.page.page import Cell, Curve, Lead, Page, Table, TableColumn
from scaling.reports.page.render import polyline, render, write
from scaling.results.records import ResultsFolder
from tests.builders import results_folder, train_record, trial
from tests.reports.page.made_up import large, only_one_figure, small, trained

ROOT = Path(__file__).parents[3]
EVIL = "<script>alert('x')</script>"
MOST_BYTES = 2_000_000


class Elements(HTMLParser):
    """Tags, ids and links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name in ("href", "xlink:href", "src"):
                self.links.append(str(value))


def html_of(*folders: ResultsFolder) -> str:
    return render(build(folders)).decode()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of two folders, with all figures."""
    path = tmp_path_factory.mktemp("results")
    return build([small(path / "first"), small(path / "second", better=0.02)])


@pytest.fixture
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """One figure instead of all, which take seconds."""
    only_one_figure(monkeypatch)


def test_every_figure_is_drawn_once_or_has_a_reason(two: Page) -> None:
    for part in two.parts:
        named = [drawing.name for drawing in part.drawings] + [name for of in part.not_drawn for name in of.names]
        assert {*NAMES, *COSTS.values()} == set(named)
        assert len(named) == len(set(named))
        assert all(of.reason for of in part.not_drawn)
        assert "accuracy_vs_inference_ms" in {name for of in part.not_drawn for name in of.names}


def test_one_file_that_asks_for_nothing_else(two: Page) -> None:
    html = render(two).decode()
    elements = Elements(html)
    assert all(link.startswith("#") for link in elements.links)
    assert {"link", "img", "iframe"}.isdisjoint(elements.tags)
    assert "url(http" not in html
    assert "@import" not in html


def test_ids_are_unique_and_every_link_leads_to_one(two: Page) -> None:
    elements = Elements(render(two).decode())
    assert len(elements.ids) == len(set(elements.ids))
    assert {link[1:] for link in elements.links} <= set(elements.ids)


def test_sections_stand_in_the_order_of_reading(two: Page) -> None:
    html = render(Page(two.title, two.parts[:1])).decode()
    order = ["Is deeper better?</h1>", "What one may conclude</h2>", "Figures</h2>", "Figures not drawn</h2>"]
    order += ["Settings</h2>", "Failed trials</h2>", "Trials</h2>", "Environment</h2>"]
    order += ["How to repeat it</h2>", "What is not known</h2>"]
    places = [html.index(title) for title in order]
    assert places == sorted(places)


@pytest.mark.usefixtures("few_figures")
def test_leads_come_first_with_their_details_figure_and_table(tmp_path: Path) -> None:
    table = Table((TableColumn("Depth", numeric=True),), ((Cell("50", 50.0),),))
    leads = [
        Lead("The answer", "Deeper is better.", ("By 18 points.",), figure="accuracy_vs_macs", table=table),
        Lead("What to do", "Train depth 101 with more memory.", figure="no_such_figure"),
    ]
    folder = small(tmp_path / "mine")
    html = render(build([folder], {folder.path: leads})).decode()
    places = [
        html.index(text) for text in ("Is deeper better?</h1>", "Deeper is", "18 points", "What to do", "Figures<")
    ]
    assert places == sorted(places)
    assert 'href="#part-1-accuracy_vs_macs"' in html
    assert "no_such_figure" not in html
    assert "What one may conclude" not in html
    assert '<td class="number" data-sort="50.0">50</td>' in html


@pytest.mark.usefixtures("few_figures")
def test_text_of_records_and_study_files_stays_text(tmp_path: Path) -> None:
    records = [trained(trial(depth=depth, epochs=2), 0.5) for depth in (14, 26)]
    failure = train_record(trial(depth=50, epochs=2), failure="error").failure
    assert failure is not None
    told = failure.model_copy(update={"message": EVIL})
    records.append(train_record(trial(depth=50, epochs=2), failure="error").model_copy(update={"failure": told}))
    study = f'study: made_up\nquestion: "{EVIL}"\n'
    folder = results_folder(tmp_path / EVIL.replace("/", "|"), records, study=study)
    html = html_of(folder, small(tmp_path / "other"))
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert") > 4
    assert Elements(html).tags.count("script") == 1


@pytest.mark.usefixtures("few_figures")
def test_names_in_figures_stay_text(tmp_path: Path) -> None:
    record = trained(trial(depth=14, epochs=2), 0.5)
    folder = results_folder(tmp_path / "mine", [record], study=f'question: "{EVIL}"\n')
    (part,) = build([folder]).parts
    assert all("<script" not in drawing.svg for drawing in part.drawings)


def test_colours_are_variables_that_both_schemes_define(two: Page) -> None:
    html = render(two).decode()
    used = set(re.findall(r"var\((--c-[0-9a-f]{6})\)", html))
    head = html[: html.index("</style>")]
    assert "--c-0072b2" in used
    assert all(head.count(f"{name}:") == 2 for name in used)
    svg = "".join(re.findall(r"<svg role.*?</svg>", html, re.DOTALL))
    assert set(re.findall(r"(?<!&)#[0-9a-f]{6}\b", svg)) <= {"#1f77b4"}  # of what matplotlib does not show


def test_two_hundred_trials_take_less_than_two_megabytes(tmp_path: Path) -> None:
    html = html_of(large(tmp_path / "mine", 200))
    assert len(html.encode()) < MOST_BYTES
    assert html.count('class="curve"') == 200


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes_whatever_python_hashes(tmp_path: Path) -> None:
    small(tmp_path / "first")
    small(tmp_path / "second", better=0.02)
    pages = []
    for seed in ("1", "2"):
        file = tmp_path / f"{seed}.html"
        command = [sys.executable, "-m", "scaling.cli", "report", "first", "second", "--output", str(file)]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
        pages.append(file.read_bytes())
    assert pages[0] == pages[1]


def test_curves_reach_from_foot_to_top() -> None:
    assert polyline(Curve(((1, 0.1), (2, 0.9)), 0.1, 0.9)) == "3.0,27.0 129.0,3.0"
    assert polyline(Curve(((1, 0.5),), 0.5, 0.5)) == "3.0,27.0"


@pytest.mark.usefixtures("few_figures")
def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is a folder; name a file in it, such as .*report\.html"):
        write(build([small(tmp_path / "mine")]), tmp_path)
    assert not list(tmp_path.glob("*.html"))
