"""The Python interface: the same numbers as the commands, shown by themselves."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import scaling
from scaling.errors import UserError
from scaling.generator import file_schema
from scaling.interface.copying import copy_here
from scaling.interface.deciding import Claims
from scaling.interface.results import reference
from scaling.interface.shown import ROWS, Shown
from scaling.plots.kit.figure_spec import FigureSpec
from tests.commands import PATIENCE

ROOT = Path(__file__).parents[2]
PYTHON = (ROOT / "docs" / "python.md").read_text()


@pytest.fixture(scope="module")
def results() -> dict[str, Shown]:
    """One of each kind that needs no training."""
    ran, families = reference("depth_vs_width"), reference("pareto")
    study = scaling.load_study("depth_vs_width", {"across.seed": [0]})
    return {
        "plan": scaling.plan(study),
        "answer": scaling.answer(ran),
        "compare": scaling.compare(families),
        "compare by size": scaling.compare(families, cost="macs"),
        "fit": scaling.fit(ran),
        "regimes": scaling.regimes(ran),
        "claims": scaling.claims(names=["tpu_speed_at_equal_accuracy", "v100_speed_at_equal_accuracy"]),
        "recommend": scaling.recommend(ran, {"inference_ms": 20}),
        "next": scaling.next_trials(study, "nowhere", count=2),
    }


NAMES = ("plan", "answer", "compare", "compare by size", "fit", "regimes", "claims", "recommend", "next")
DRAWN = {"answer", "compare", "compare by size", "fit", "regimes"}


@pytest.mark.parametrize("name", NAMES)
def test_a_result_shows_itself_in_words_and_as_a_table(results: dict[str, Shown], name: str) -> None:
    result = results[name]
    frame, shown = result.to_frame(), result._repr_html_()
    if isinstance(result, Claims):
        assert shown is None
        shown = result._repr_markdown_().replace("\n|", "<tr") + "<p>"
        assert shown.count("<tr") == len(frame) + 1
        return
    assert shown is not None
    assert result.sentences
    assert repr(result) == "\n".join(result.sentences)
    assert len(frame) >= 1
    assert not any(column.endswith("NaN") for column in map(str, frame.columns))
    assert shown.count("<tr") == min(len(frame), ROWS) + 1
    assert (f"{len(frame) - ROWS} more rows" in shown) == (len(frame) > ROWS)
    assert "&lt;" in shown or "<p>" in shown


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_frozen(results: dict[str, Shown], name: str) -> None:
    field = dataclasses.fields(results[name])[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(results[name], field, None)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_draws_itself_or_says_that_it_has_no_figure(results: dict[str, Shown], name: str) -> None:
    if name not in DRAWN:
        with pytest.raises(UserError, match="has no figure; to_frame"):
            results[name].plot()
        return
    spec = results[name].plot()
    assert isinstance(spec, FigureSpec)
    assert spec._repr_png_()[:4] == b"\x89PNG"


def test_the_answer_is_that_of_the_command(results: dict[str, Shown]) -> None:
    from typer.testing import CliRunner

    from scaling.cli.app import app

    (sentence,) = results["answer"].sentences
    done = CliRunner().invoke(app, ["compare", str(reference("depth_vs_width")), "--by", "epochs"])
    assert done.output.startswith(sentence.partition(" (figure")[0][:60])


def test_overrides_reach_the_trials() -> None:
    study = scaling.load_study("depth_vs_width", {"recipe.learning_rate": 1e-5, "across.seed": [7]})
    assert {trial.recipe.learning_rate for trial in study.trials} == {1e-5}
    assert {trial.seed for trial in study.trials} == {7}
    assert repr(study).startswith("depth_vs_width: For the same time")
    assert len(repr(study)) < 300


def test_a_frame_is_compared_like_its_folder() -> None:
    folder = reference("pareto")
    assert scaling.compare(scaling.load_results(folder)).sentences == scaling.compare(folder).sentences


def test_groups_may_be_labels_of_ones_own() -> None:
    from scaling.analysis.settings import collapse_seeds

    frame = scaling.load_results(reference("pareto"))
    wide = collapse_seeds(frame)["width"].ge(0.25).map({True: "wide", False: "narrow"})
    compared = scaling.compare(frame, by=wide.rename("breadth"), cost="macs")
    assert {pair.of.name for _, part in compared.parts for pair in part.pairs} == {"wide"}
    assert compared.plot().title == "Which group reaches an accuracy with fewer multiply-accumulates per image?"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: scaling.load_study("depth_vs_widht"), "did you mean 'depth_vs_width'"),
        (lambda: scaling.compare(reference("pareto"), cost="speed"), "no cost named 'speed'"),
        (lambda: scaling.compare(reference("pareto"), by="familly"), "did you mean 'family'"),
        (lambda: scaling.recommend(reference("pareto"), {"inference": 5}), "no cost named 'inference'"),
        (lambda: scaling.recommend(reference("pareto"), {"macs": -1}), "no positive number"),
        (lambda: scaling.answer(scaling.load_results(reference("pareto"))), "name results folders"),
        (lambda: scaling.run("depth_vs_width", max_hours=1), "go with until='decided'"),
        (
            lambda: scaling.run("depth_vs_width", "nowhere", until="decided", max_dollars=1, on="cpu"),
            "--max-cost 1: cpu has no price, so what its hours cost is not known; name an accelerator that has one",
        ),
        (
            lambda: scaling.run("depth_vs_width", "nowhere", until="decided", at_most={"dollars": 2}, on="cpu"),
            "--at-most dollars=2: cpu has no price",
        ),
        (lambda: scaling.next_trials("search"), "is a search"),
        (
            lambda: scaling.load_study("pareto", {"recipe.epochs": {1}}),
            "overrides: recipe.epochs: a study file holds no set",
        ),
        (lambda: scaling.plan(Path("nowhere.yaml")), "nowhere.yaml: no such file"),
        (lambda: scaling.plan("search", calibrate=True), "search is a search, which has no networks before it begins"),
        (lambda: reference("depth"), "no run named 'depth' ships"),
        (lambda: scaling.run("depth_vs_width", "nowhere", until="bogus"), "until: 'decided' or None, not 'bogus'"),  # type: ignore[arg-type]
        (lambda: scaling.run("depth_vs_width", "nowhere", keep="some"), "keep: 'some' is no choice"),  # type: ignore[arg-type]
        (lambda: scaling.run("depth_vs_width", "nowhere", workers=0), "workers: a number of 1 or more, not 0"),
        (lambda: scaling.run("depth_vs_width", "nowhere", limit=-1), "limit: a number of 1 or more, not -1"),
        (lambda: scaling.fit(reference("pareto"), at=-1), "at: a number above 0, in the unit of macs, not -1"),
        (lambda: scaling.recommend(reference("pareto"), seed_noise=float("nan")), "0 or more, not nan"),
        (lambda: scaling.fit(reference("pareto"), seed_noise=-1), "0 or more, not -1"),
        (lambda: scaling.compare(pd.DataFrame({"a": [1]})), "not one without status, study, top1"),
        (lambda: scaling.compare(published="fig22"), "no published table named 'fig22'"),
        (lambda: copy_here("fig9"), "no study and no notebook named 'fig9'"),
    ],
)
def test_mistakes_are_told_in_a_sentence(call: object, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        call()  # type: ignore[operator]


def test_a_copy_is_the_readers_own(tmp_path: Path) -> None:
    copied = copy_here("imagenet/pareto", tmp_path)
    assert copied == tmp_path / "pareto.yaml"
    assert scaling.load_study(copied).trials == scaling.load_study("imagenet/pareto").trials
    with pytest.raises(UserError, match="is there already"):
        copy_here("imagenet/pareto", tmp_path)
    assert copy_here("fig3_depth_vs_width", tmp_path).suffix == ".ipynb"
    assert copied.read_text().startswith(f"{file_schema.MODELINE}{file_schema.FILE}\n")
    assert (tmp_path / file_schema.FILE).read_text() == file_schema.text()


def test_in_an_empty_folder_the_runs_that_ship_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="no runs of your own in results"):
        frame = scaling.load_results()
    assert {"depth_vs_width", "pareto"} <= {*frame["study"]}
    (tmp_path / "results").mkdir()
    with pytest.warns(UserWarning, match="no runs of your own in results"):
        scaling.load_results()
    with pytest.raises(UserError, match="elsewhere: no such folder"):
        scaling.load_results("elsewhere")


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PYTHON, re.DOTALL)


def test_each_function_has_an_example() -> None:
    code = "\n".join(blocks())
    functions = [name for name in scaling.__all__ if not isinstance(getattr(scaling, name), type)]
    assert {*scaling.__all__} - {*functions} == {"UserError"}
    missing = [name for name in functions if f"scaling.{name}(" not in code]
    assert not missing


SMALLER = '"family": "vit", "patch": 4, "head": 8'
GRID = '[{"depth": [1, 2, 3], "width": 0.0625}, {"depth": 1, "width": [0.0625, 0.125, 0.25]}]'


@pytest.mark.slow
def test_the_examples_run_as_one_script(tmp_path: Path) -> None:
    """Which is not guarded against its workers, since they do not import it.

    In an empty folder. One worker where there are two: it times as well, so that one process starts, not three. Its
    networks are small vision transformers, which compile soon, and only training steps are timed.
    """
    script, timed = tmp_path / "page.py", '"latency.max_seconds": 0.3'
    code = "\n".join(blocks()).replace("workers=2", "workers=1")
    assert timed in code
    code = code.replace('"resolution": 8, "stem": "small",', f'"resolution": 8, {SMALLER},')
    assert SMALLER in code
    script.write_text(code.replace(timed, f'{timed}, "latency.phases": ["training"], "grid": {GRID}, "rules": []'))
    ran = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    trained = re.findall(r"^done +(\S+)", ran.stdout, re.MULTILINE)
    assert len(trained) == len({*trained}) == 10  # each once, and not once more in its worker
    assert (tmp_path / "report.html").exists()
