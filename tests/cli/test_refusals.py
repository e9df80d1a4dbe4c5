"""What a run would refuse, its plan refuses: in the same words, before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from scaling.cli.app import app
from scaling.cli.asking import load
from scaling.datasets.folder import scan
from scaling.generator.study import find
from tests.builders import results_folder, train_record, trial

STUDY: dict[str, Any] = {
    "study": "mine",
    "question": "Is it refused?",
    "dataset": {"name": "synthetic", "train_examples": 64},
    "grid": [{"depth": 14, "width": 0.0625}],
    "across": {"resolution": 8, "stem": "small", "epochs": 1},
    "recipe": {"batch_size": 32},
}


def asked(command: str, where: Path, content: dict[str, Any], *options: str) -> Result:
    file = where / "mine.yaml"
    file.write_text(yaml.safe_dump(content))
    return CliRunner().invoke(app, [command, str(file), "--results", str(where / "results"), *options])


def refusal(where: Path, content: dict[str, Any], *options: str) -> str:
    """What both commands say; nothing is made by either."""
    planned, run = (asked(command, where, content, *options) for command in ("plan", "run"))
    assert (planned.exit_code, run.exit_code) == (2, 2), planned.stdout + run.stdout
    assert planned.stderr == run.stderr
    assert not (where / "results" / "mine").exists()
    return planned.stderr


def folder(root: Path, *names: str, each: int = 6) -> dict[str, str]:
    for name in names:
        for row in range(each):
            (root / name).mkdir(parents=True, exist_ok=True)
            (root / name / f"{row}.jpg").touch()
    scan.cache_clear()
    return {"name": f"image_folder:{root}"}


def test_a_batch_that_the_images_do_not_fill(tmp_path: Path) -> None:
    told = refusal(tmp_path, STUDY | {"recipe": {"batch_size": 65}})
    assert told.endswith("mine.yaml: recipe.batch_size: 64 training images do not fill one batch of 65\n")
    across = {**STUDY["across"], "batch_size": [32, 128]}
    told = refusal(tmp_path, STUDY | {"recipe": {}, "across": across})
    assert "across.batch_size[1]: 64 training images do not fill one batch of 128" in told
    photos = folder(tmp_path / "photos", "cat", "dog")
    assert "recipe.batch_size: " in refusal(tmp_path, STUDY | {"dataset": photos})


def test_no_images_to_validate_on(tmp_path: Path) -> None:
    told = refusal(tmp_path, STUDY | {"dataset": {"name": "synthetic", "validation_fraction": 1e-5}})
    assert "dataset.validation_fraction: 1e-05 leaves no images to validate on (10,000 to train on, 0 to" in told


def test_no_images_to_test_on(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", "train/cat", "train/dog")
    (tmp_path / "photos" / "test" / "cat").mkdir(parents=True)
    assert "leaves no images to test on" in refusal(tmp_path, STUDY | {"dataset": photos})


def test_an_accelerator_that_nobody_knows(tmp_path: Path) -> None:
    told = refusal(tmp_path, STUDY, "--on", "h10")
    assert "--on h10: not in the table of accelerators; did you mean 'h100'? (choices: " in told


@pytest.mark.parametrize("file", ["results", "results/mine"])
def test_results_that_are_a_file(file: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    results = [asked(command, tmp_path, STUDY) for command in ("plan", "run")]
    assert [result.exit_code for result in results] == [2, 2]
    which = "it" if file.endswith("mine") else str(tmp_path / "results")
    expected = (
        f"error: {tmp_path / 'results' / 'mine'}: results need a folder, but {which} is a file; choose another place\n"
    )
    assert [result.stderr for result in results] == [expected] * 2


def test_the_plan_of_a_folder_says_how_many_images_are_validated_on(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", "cat", "dog", each=200)
    chosen = asked("plan", tmp_path, STUDY | {"dataset": photos})
    assert chosen.exit_code == 0, chosen.stderr
    assert "to validate on, " in chosen.stdout
    assert "validation_fraction 0.2 was chosen by the number of images" in chosen.stdout
    given = asked("plan", tmp_path, STUDY | {"dataset": {**photos, "validation_fraction": 0.1}})
    assert "was chosen" not in given.stdout


def test_notes_are_told_also_where_a_command_fails(tmp_path: Path) -> None:
    """A line that is no record is said, whatever is wrong besides."""
    results = tmp_path / "results" / "torn"
    results.mkdir(parents=True)
    (results / "records.jsonl").write_text("{}\n")
    ran = CliRunner().invoke(app, ["compare", str(results), "--cost", "nothing"])
    assert ran.exit_code == 2
    assert "note: skipped" in ran.stderr
    assert "error: " in ran.stderr


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"answer": {"compare": ["front", "width"]}},
            "answer.compare[0]: 'front' stands by itself; leave the others out",
        ),
        (
            {"answer": {"compare": ["widht"]}},
            "answer.compare[0]: 'widht' is nothing that settings differ in; did you mean 'width'?",
        ),
        (
            {"answer": {"compare": ["width"], "at_equal": "inference"}},
            "answer.at_equal: no cost named 'inference'; did you mean 'inference_ms'?",
        ),
        ({"answer": {"compare": ["width"], "cost": "top1"}}, "answer.cost: no cost named 'top1'"),
        ({"study": "../mine"}, "study: '../mine' is no name of a study; use a-z, 0-9 and _"),
        ({"epochs": 3}, "epochs: unknown field; did you mean 'recipe.epochs'?"),
    ],
)
def test_what_would_fail_once_all_is_trained_is_refused_at_once(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    assert f"mine.yaml: {message}" in refusal(tmp_path, STUDY | changed)


@pytest.mark.parametrize("alone", ["front", "runtime"])
def test_words_that_stand_for_more_than_a_column_may_be_compared(alone: str, tmp_path: Path) -> None:
    assert asked("plan", tmp_path, STUDY | {"answer": {"compare": [alone]}}).exit_code == 0


def test_the_plan_says_where_test_images_choose(tmp_path: Path) -> None:
    said = asked("plan", tmp_path, STUDY | {"dataset": STUDY["dataset"] | {"validation_fraction": 0}}).stdout
    assert "validation_fraction 0: the test images are validated on" in said
    assert "validation_fraction" not in asked("plan", tmp_path, STUDY).stdout


@pytest.mark.parametrize("command", ["status", "compare", "plot"])
def test_a_file_in_place_of_results_is_called_one(command: str, tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    ran = CliRunner().invoke(app, [command, str(tmp_path / "results")])
    assert ran.exit_code == 2
    assert "results: a file; name the folder of a study's results" in ran.stderr


def test_a_folder_of_images_is_told_how_to_be_named(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["data", "check", str(tmp_path)])
    assert ran.exit_code == 2
    assert f"is not a data set; for this folder, write 'image_folder:{tmp_path}'" in ran.stderr


def test_a_copied_study_is_not_taken_for_the_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copied = CliRunner().invoke(app, ["studies", "--copy", "pareto"])
    assert copied.stdout == "pareto.yaml\n"
    assert "then `scaling plan pareto.yaml`" in copied.stderr
    note = "note: this is the study pareto that ships; to use the file here, write pareto.yaml\n"
    assert note in CliRunner().invoke(app, ["plan", "pareto"]).stderr
    assert "note: " not in CliRunner().invoke(app, ["plan", "pareto.yaml"]).stderr


def run_into(folder: Path, study: str) -> None:
    """A results folder of one of our studies, as a run leaves it."""
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY | {"study": study}))


def test_a_file_that_lies_here_is_named_with_its_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mixers.yaml").write_text(yaml.safe_dump(STUDY | {"study": "mixers"}))
    said = CliRunner().invoke(app, ["next", "mixers"]).stderr
    assert said == (
        "error: no study named 'mixers' ships with the toolkit; to use the file mixers.yaml, write mixers.yaml\n"
    )


def test_the_name_of_what_was_run_means_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_into(tmp_path / "results" / "mixers", "mixers")
    planned = CliRunner().invoke(app, ["plan", "mixers"])
    assert (planned.exit_code, planned.stderr) == (0, "")
    (tmp_path / "mixers.yaml").touch()
    note = "note: this is the study that was run into results/mixers; to use the file here, write mixers.yaml\n"
    assert CliRunner().invoke(app, ["plan", "mixers"]).stderr == note


@pytest.mark.parametrize("named", ["results/mixers", "results/mixers/", "elsewhere/deep/mixers", "."])
def test_a_results_folder_means_its_study_and_its_records(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "results/mixers" if named == "." else tmp_path
    study = "deep/mixers" if "deep" in named else "mixers"
    run_into(here / named if named != "." else here, study)
    monkeypatch.chdir(here)
    asked, place = load(named, None, Path("results"))
    assert asked.name == study
    assert (place / study).resolve() == Path(named).resolve()
    assert load(named, None, Path("other"))[1] == Path("other")


def test_runs_that_ship_are_not_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_into(tmp_path / "results/reference/mixers", "mixers")
    named = "results/reference/mixers"
    assert load(named, None, Path("results"))[1] == Path("results/reference")
    assert load(named, None, Path("results"), writes=True)[1] == Path("results")


def test_another_folder_is_called_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").touch()
    said = CliRunner().invoke(app, ["plan", "."]).stderr
    assert said.startswith("error: . is a folder without study.yaml; give the path of a study file, a results folder")
    assert said.endswith("; its files are mine.yaml\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("run pareto --dry-run", "No such option: --dry-run; `scaling plan STUDY` says what a run would do"),
        ("run pareto --resume", "No such option: --resume; `scaling run STUDY` goes on by itself: what is finished is"),
        ("run pareto --keep bst", "'bst' is not a choice; did you mean 'best'? (choices: all, best, none)"),
        ("export here best --format pth", "trained weights themselves lie in RESULTS/weights, as .safetensors"),
        ("latency --model efficientnet_b0 --runtime tflit", "'tflit' is not a choice; did you mean 'litert'?"),
    ],
)
def test_what_is_known_from_other_programs_is_named_as_here(arguments: str, said: str) -> None:
    ran = CliRunner().invoke(app, arguments.split())
    assert ran.exit_code == 2
    (line,) = [line for line in ran.stderr.splitlines() if line.lower().startswith("error: ")]
    assert said in line
    assert "Value error" not in line
    assert "latency.runtimes:" not in ran.stderr  # that no runtime is left is no mistake of its own


def test_one_study_is_shown_with_its_file() -> None:
    shown = CliRunner().invoke(app, ["studies", "pareto"]).stdout
    file = find("pareto")
    assert shown.startswith("pareto  (")
    assert shown.endswith(f"\n# {file}\n{file.read_text()}")
    unknown = CliRunner().invoke(app, ["studies", "paretto"])
    assert unknown.stderr.startswith("error: study 'paretto' is not known; did you mean 'pareto'?")


def test_a_results_folder_in_place_of_weights_lists_those_that_are_kept(tmp_path: Path) -> None:
    records = [train_record(trial(depth=depth), top1=depth / 100) for depth in (14, 26, 50)]
    folder = results_folder(tmp_path / "mine", records)
    named = ["evaluate", "synthetic", "--weights", str(folder.path), "--results", str(tmp_path)]
    assert "mine: a results folder that keeps no weights" in CliRunner().invoke(app, named).stderr
    folder.weights.mkdir()
    for record in records[:2]:
        (folder.weights / f"{record.trial_id}.safetensors").touch()
    for options in ([], ["--model", "resnet_rs_26@32"]):
        ran = CliRunner().invoke(app, [*named, *options])
        assert ran.exit_code == 2
        assert ran.stderr.splitlines() == [
            f"error: {folder.path}: a results folder; name one of its files of weights with --weights:",
            f"  {folder.weights}/{records[1].trial_id}.safetensors  (validation 26.0%)",
            f"  {folder.weights}/{records[0].trial_id}.safetensors  (validation 14.0%)",
        ]


def test_a_plan_warns_of_images_that_are_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALING_DATA_DIR", str(tmp_path))
    study = STUDY | {"dataset": {"name": "cifar10"}}
    planned, run = (asked(command, tmp_path, study, *options) for command, *options in (["plan", "--json"], ["run"]))
    assert (planned.exit_code, run.exit_code) == (0, 2)
    reason = run.stderr.removeprefix("error: ")
    assert "scaling data fetch cifar10" in reason
    assert planned.stderr == f"warning: a run would be refused: {reason}"
    assert asked("plan", tmp_path, STUDY).stderr == ""
