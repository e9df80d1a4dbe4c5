"""What leads: the answer on every command, the runs to do next, and what a plan can resolve."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from scaling.analysis.decide.stopping import ONE_SETTING
from scaling.cli.app import app
from scaling.generator.study import check, load
from scaling.plots import draw_study
from scaling.reports.conclusion import conclude
from scaling.results.records import ResultsFolder
from tests.builders import results_folder, train_record
from tests.cli.test_choosing import content, trained
from tests.reports.page.made_up import only_one_figure

ANSWERED = "example: Which is best? "


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder: a study of 6 networks with 2 seeds, and the results of 8 of its 12 trials."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.yaml").write_text(yaml.safe_dump(content()))
    trained(tmp_path / "results", check(content()))
    return tmp_path


def call(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == code, ran.output
    return ran


def parsed(*arguments: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found: dict[str, Any] = json.loads(call(*arguments, "--json").stdout, parse_constant=refuse)
    return found


def test_next_names_runs_their_time_and_why(place: Path) -> None:
    lines = call("next", "example.yaml").stdout.splitlines()
    assert lines[0].startswith("example: 2 trainings would decide most, ")
    assert lines[0].endswith("; `scaling run example.yaml --until decided` goes on with them.")
    assert re.match(r"what +time +why$", lines[1])
    lines = call("next", "example.yaml", "--wide").stdout.splitlines()
    assert re.match(r"trial +what +time +why$", lines[1])
    *runs, note = lines[2:]
    assert all(re.search(r"(expected to gain|narrows|cheapest|not trained yet)", line) for line in runs)
    assert re.match(r"note: the standard deviation between seeds, [\d.]+ points, was measured on \d repeated", note)
    assert parsed("next", "example.yaml")["notes"] == [note.removeprefix("note: ")]
    assert parsed("next", "example.yaml", "--seed-noise", "0.2")["notes"] == []


def test_next_as_json_has_every_run(place: Path) -> None:
    found = parsed("next", "example.yaml", "--count", "2")
    assert (found["study"], found["question"], found["reason"]) == ("example", "Which is best?", "")
    assert len(found["runs"]) == 2
    ids = {trial.id for trial in check(content()).trials[8:]}
    assert {run["trial_id"] for run in found["runs"]} <= ids
    assert found["hours"] == pytest.approx(sum(run["seconds"] for run in found["runs"]) / 3600)
    assert {*found["runs"][0]} == {"trial_id", "name", "seconds", "why"}


def test_next_keeps_to_hours_and_to_limits(place: Path) -> None:
    assert parsed("next", "example.yaml", "--hours", "0")["runs"] == []
    assert "nothing to run next: " in call("next", "example.yaml", "--hours", "0").stdout
    limited = parsed("next", "example.yaml", "--at-most", "macs=1e12", "--count", "1")
    assert limited["reason"] or "under these limits" in limited["runs"][0]["why"]


def test_next_before_anything_was_trained(place: Path) -> None:
    found = parsed("next", "example.yaml", "--results", "elsewhere")
    assert len(found["runs"]) == 4
    assert not (place / "elsewhere").exists()


def test_next_says_when_nothing_is_left(place: Path) -> None:
    trained(place / "whole", check(content()), most=12)
    said = call("next", "example.yaml", "--results", "whole").stdout
    assert said.startswith("example: nothing to run next: every trial of the study is recorded, and its question is ")
    found = parsed("next", "example.yaml", "--results", "whole")
    assert (found["runs"], found["hours"], found["dollars"]) == ([], 0, None)
    assert found["reason"].startswith("every trial of the study is recorded, and its question is ")


@pytest.mark.parametrize("where", ["across", "grid.0"])
def test_next_of_a_complete_and_undecided_study_says_what_it_takes_and_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    grid, across = {"depth": 26, "width": [0.25, 0.5]}, {"resolution": 16, "stem": "small", "epochs": 1}
    (across if where == "across" else grid)["seed"] = [0, 3]  # type: ignore[assignment]
    file = content("pair", grid=[grid], across=across)
    (tmp_path / "pair.yaml").write_text(yaml.safe_dump(file))
    top1 = {(0.25, 0): 0.5, (0.25, 3): 0.52, (0.5, 0): 0.52, (0.5, 3): 0.53}
    study = check(file)
    records = [train_record(of, top1=top1[of.variant.width, of.seed], n=100_000) for of in study.trials]
    results_folder(tmp_path / "results" / "pair", records, (), study.to_yaml())
    said = call("next", "pair.yaml").stdout
    needed = re.search(
        r"and its question is not decided\. If the difference is as measured, it would be decided with about (\d+) "
        r"seeds a setting in place of 2\. `(.*)` trains more seeds\.$",
        said,
    )
    assert needed, said
    arguments = shlex.split(needed[2])
    assert arguments[:4] == ["scaling", "run", "pair.yaml", "--set"]
    assert arguments[4].startswith(f"{where}.seed=[0, 3, 1")
    more = load("pair.yaml", [arguments[4]])
    assert len(more.trials) == 2 * int(needed[1])
    assert {trial.id for trial in study.trials} <= {trial.id for trial in more.trials}


def test_next_where_all_have_failed_names_the_retry(place: Path) -> None:
    study = check(content())
    failed = [train_record(of, failure="nan") for of in study.trials]
    results_folder(place / "failed" / "example", failed, (), study.to_yaml())
    said = call("next", "example.yaml", "--results", "failed").stdout
    assert "12 trials failed and none went well; `scaling run example --retry failed` tries again" in said


def test_next_of_a_space_of_one_point_says_that_there_is_nothing_to_choose(place: Path) -> None:
    study = check(content("point", grid=[{"depth": 14, "width": 0.25}]))
    (place / "point.yaml").write_text(study.to_yaml())
    assert call("next", "point.yaml", "--count", "1").stdout.startswith("point: 1 training would decide most, ")
    results_folder(place / "results" / "point", [train_record(study.trials[0])], (), study.to_yaml())
    said = call("next", "point.yaml").stdout
    assert said == f"point: nothing to run next: {ONE_SETTING}\n"


@pytest.mark.parametrize("command", ["fit", "plot", "compare"])
def test_one_record_is_no_mistake_and_says_what_it_lacks(place: Path, command: str) -> None:
    study = check(content())
    results_folder(place / "one" / "example", [train_record(study.trials[0])], (), study.to_yaml())
    more = ("--format", "png", "--figure", "accuracy_vs_macs") if command == "plot" else ()
    said = call(command, "one", *more).stdout
    alone = "Not answered yet: one setting alone has an accuracy"
    assert f"{alone}; `scaling run example` trains others, if its study has some" in said


def test_next_of_a_complete_study_under_limits_says_the_choice(place: Path) -> None:
    trained(place / "whole", check(content()), most=12)
    said = call("next", "example.yaml", "--results", "whole", "--at-most", "params=1e12").stdout
    assert "; the choice is decided: Of 6 settings that meet params=1e+12, choose ResNet-RS 50x0.5" in said
    assert "trains more seeds" not in said
    noisy = [train_record(of, top1=0.8 + 0.01 * of.seed) for of in check(content()).trials]
    results_folder(place / "noisy" / "example", noisy, (), check(content()).to_yaml())
    said = call("next", "example.yaml", "--results", "noisy", "--at-most", "params=1e12", "--wide").stdout
    assert "; the choice is not decided: Of 6 settings that meet params=1e+12" in said
    going_on = "`scaling run example.yaml --results noisy --set 'across.seed=[0, 1, 2, 3]'` trains more seeds."
    assert said.endswith(f"{going_on}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing_like_it"], "study 'nothing_like_it' is not known"),
        (["missing.yaml"], "missing.yaml: no such file"),
        (["example.yaml", "--at-most", "latency=3"], "no cost named 'latency'"),
        (["example.yaml", "--on", "abacus"], "abacus"),
    ],
)
def test_next_asked_wrongly_is_a_message_and_exit_2(place: Path, arguments: list[str], message: str) -> None:
    ran = call("next", *arguments, code=2)
    assert message in ran.stderr
    assert ran.stdout == ""


def test_a_plan_says_what_it_can_resolve(place: Path) -> None:
    across = {"resolution": 16, "stem": "small", "epochs": 1, "seed": [0, 1]}
    steps = content("steps", grid=[{"depth": [14, 26, 50], "width": 0.25}], across=across)
    (place / "steps.yaml").write_text(yaml.safe_dump(steps))
    lines = call("plan", "steps.yaml").stdout.splitlines()
    (said,) = [line for line in lines if "has a chance of 80% to decide a difference of " in line]
    assert said == f"steps: {parsed('plan', 'steps.yaml')['resolves']}"
    assert re.search(r" A standard deviation of [\d.]+ to [\d.]+ points between seeds is assumed\.", said)
    given = parsed("plan", "steps.yaml", "--seed-noise", "0.2")["resolves"]
    assert " A standard deviation of 0.20 points between seeds is given." in given


def test_a_plan_that_can_hardly_decide_its_question_says_so_in_its_first_line(place: Path) -> None:
    across = {"resolution": 16, "stem": "small", "epochs": 1, "seed": 0}
    few = {"name": "fashion_mnist", "train_examples": 1000, "validation_fraction": 0.005}
    steps = content("steps", grid=[{"depth": [14, 26], "width": 0.25}], across=across, dataset=few)
    (place / "steps.yaml").write_text(yaml.safe_dump(steps))
    first, second, *_ = call("plan", "steps.yaml").stdout.splitlines()
    assert first.startswith("steps: It can hardly decide its question: it has a chance of 80% to decide a difference ")
    assert second == "Which is best?"


def test_a_plan_of_families_says_the_difference_in_cost_as_well(place: Path) -> None:
    resolves = parsed("plan", "pareto")["resolves"]
    assert re.search(
        r"At equal accuracy that is \d+% more time per training step, if twice as much of it brings 1\.0 points "
        r"\(which is assumed\)\. Networks are paired image by image",
        resolves,
    )


def test_a_plan_of_a_search_says_why_it_resolves_nothing_foreseen(place: Path) -> None:
    search = content("seek", search={"trials": 3, "space": {"depth": [14, 26]}})
    del search["grid"]
    search["across"] = {"width": 0.25, "resolution": 16, "stem": "small", "epochs": 1, "seed": 0}
    (place / "seek.yaml").write_text(yaml.safe_dump(search))
    said = "What it can resolve is not foreseen: a search trains what it finds worth training."
    assert parsed("plan", "seek.yaml")["resolves"] == said
    assert call("plan", "seek.yaml").stdout.splitlines()[1] == said


@pytest.mark.parametrize("command", ["fit", "compare"])
def test_the_answer_leads(place: Path, command: str) -> None:
    told = conclude(ResultsFolder(place / "results" / "example"))
    assert call(command, "results").stdout.startswith(f"{ANSWERED}{told.answer.words}")
    (answer,) = parsed(command, "results")["answers"]
    assert answer == {
        "study": "example",
        "question": "Which is best?",
        "answer": told.answer.sentence,
        "decided": told.answer.decided,
        "takes": told.answer.takes,
        "rests_on": told.answer.rests_on,
        "statements": [],
        "figure": told.answer.figure,
    }


def test_a_figures_index_begins_with_three_sentences(place: Path) -> None:
    folder = ResultsFolder(place / "results" / "example")
    said = conclude(folder)
    assert all(sentence.endswith(".") for sentence in said.sentences)
    assert said.unknown.startswith("Not known: ")
    *_, index = draw_study(folder, lead=said.sentences).files
    paragraphs = index.read_text().split("\n\n")
    assert paragraphs[0] == "# Which is best?"
    assert tuple(paragraphs[1:4]) == said.sentences
    assert paragraphs[4].startswith("## ")


def test_plot_leads_with_the_answer(place: Path) -> None:
    said = call("plot", "results", "--format", "png", "--figure", "accuracy_vs_macs").stdout
    assert said.startswith(ANSWERED)


def test_a_page_begins_with_the_answer_and_the_recommendation(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_one_figure(monkeypatch)
    call("report", "results")
    page = (place / "results" / "example" / "report.html").read_text()
    said = conclude(ResultsFolder(place / "results" / "example"))
    answer, recommendation = page.index(">Answer<"), page.index(">Recommendation<")
    assert answer < recommendation
    assert not [at for at in (page.find("<h2"),) if at > answer]
    assert said.answer.sentence[:30] in page
