"""`scaling recommend`: what it says to people and to programs, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from scaling.cli.app import app
from scaling.generator.study import Study, check
from scaling.interface import choosing
from tests.builders import latency_record, results_folder, train_record


def content(name: str = "example", **changed: Any) -> dict[str, Any]:
    return {
        "study": name,
        "question": "Which is best?",
        "dataset": {"name": "fashion_mnist", "train_examples": 1000},
        "grid": [{"depth": [14, 26, 50], "width": [0.25, 0.5]}],
        "across": {"resolution": 16, "stem": "small", "epochs": 1, "seed": [0, 1]},
    } | changed


def trained(path: Path, study: Study, most: int = 8) -> Path:
    """A folder with the first of the study's trials trained, deeper and wider the better, and each network timed."""
    records = [
        train_record(
            trial, top1=0.5 + 0.001 * trial.variant.depth + 0.1 * trial.variant.width + 0.001 * trial.seed, n=100_000
        )
        for trial in study.trials[:most]
    ]
    timings = [
        latency_record(variant, median_ms=variant.depth * variant.width, channels=1) for variant in study.variants
    ]
    return results_folder(path / study.name, records, timings, study.to_yaml()).path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of six networks the four smallest are trained; the last two are planned."""
    return trained(tmp_path / "results", check(content()))


def recommend(*arguments: str | Path, code: int = 0) -> Result:
    ran = CliRunner().invoke(app, ["recommend", *map(str, arguments)])
    assert ran.exit_code == code, ran.output
    return ran


def parts(*arguments: str | Path) -> list[dict[str, Any]]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found: list[dict[str, Any]] = json.loads(recommend(*arguments, "--json").stdout, parse_constant=refuse)["parts"]
    return found


def test_people_get_a_sentence_a_table_and_notes(folder: Path) -> None:
    lines = recommend(folder, "--at-most", "training_ms=20").stdout.splitlines()
    assert lines[0].startswith(
        "Of 5 settings that meet training_ms=20, nothing is sure yet, and the best guess is ResNet-RS "
    )
    table = [line for line in lines if line.startswith("ResNet-RS ")]
    assert len(table) == 5
    assert sum(" * " in line for line in table) == 1
    assert "* predicted, not trained" in lines
    assert any(line.startswith("setting ") for line in lines)
    assert "note: the accuracy of 2 settings is predicted from that of 4" in lines


def test_programs_get_every_number(folder: Path) -> None:
    (part,) = parts(folder, "--at-most", "training_ms=20", "--at-most", "params=1e9")
    assert part["limits"] == {"training_ms": 20, "params": 1e9}
    assert part["sentence"].startswith(
        "Of 5 settings that meet training_ms=20 and params=1e+09, nothing is sure yet, and the best guess is "
    )
    first, *_ = part["choices"]
    assert first["name"] == part["set"][0]
    assert {"family", "depth", "width", "resolution", "epochs", "trained", "meets", "best", "near", "loss"} <= {*first}
    assert first["accuracy"]["low"] <= first["accuracy"]["value"] <= first["accuracy"]["high"]
    assert first["costs"]["training_ms"]["value"] == first["depth"] * first["width"]
    assert part["part"] == ""


def test_what_is_planned_can_be_chosen(folder: Path) -> None:
    (part,) = parts(folder)
    assert part["choices"][0]["name"] == "ResNet-RS 50x0.5@16, 1 epoch"
    assert part["choices"][0]["trained"] is False


def test_of_two_limits_for_one_cost_the_least_counts(folder: Path) -> None:
    (part,) = parts(folder, "--at-most", "training_ms=20", "--at-most", "training_ms=8")
    assert part["limits"] == {"training_ms": 8}


def test_nothing_that_meets_the_limits_is_an_answer(folder: Path) -> None:
    ran = recommend(folder, "--at-most", "training_ms=0.001")
    assert ran.stdout.startswith("Nothing meets training_ms=0.001: nearest is ResNet-RS 14x0.25@16, 1 epoch, with ")
    (part,) = parts(folder, "--at-most", "training_ms=0.001")
    assert (part["choices"], part["set"]) == ([], [])


def test_two_folders_are_answered_one_by_one(folder: Path) -> None:
    trained(folder.parent, check(content("other", grid=[{"depth": [14, 26], "width": [1, 2]}])))
    assert [part["part"] for part in parts(folder.parent)] == ["example", "other"]
    lines = recommend(folder.parent).stdout.splitlines()
    assert [line for line in lines if line in ("example", "other")] == ["example", "other"]


def test_another_study_is_chosen_among_by_what_all_folders_know(folder: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide.yaml"
    wide.write_text(yaml.safe_dump(content("wide", grid=[{"depth": 26, "width": [0.25, 1, 2]}])))
    for place in (folder, folder.parent):
        (part,) = parts(place, "--among", wide)
        planned = {choice["name"] for choice in part["choices"] if not choice["trained"]}
        assert planned == {f"ResNet-RS 26{width}@16, 1 epoch" for width in ("", "x2")}


def test_the_folder_that_is_named_is_the_studys_own(folder: Path, tmp_path: Path) -> None:
    """Its timings count, wherever it is named from."""
    study = tmp_path / "example.yaml"
    study.write_text(yaml.safe_dump(content()))
    for place in (folder, folder.parent):
        (part,) = parts(place, "--among", study, "--at-most", "training_ms=20")
        assert not any("training_ms of " in note for note in part["notes"])
        assert len(part["choices"]) == 5


def test_hours_and_money_are_reckoned_for_the_accelerator(folder: Path) -> None:
    (part,) = parts(folder, "--on", "v100", "--at-most", "dollars=1000")
    prices = [choice["costs"]["dollars"]["value"] for choice in part["choices"]]
    assert len(prices) == 6
    assert all(price > 0 for price in prices)


def test_the_noise_between_seeds_can_be_given(folder: Path) -> None:
    doubts = []
    for points in ("0", "5"):
        choices = {choice["name"]: choice["accuracy"] for choice in parts(folder, "--seed-noise", points)[0]["choices"]}
        trained_one = choices["ResNet-RS 26x0.25@16, 1 epoch"]
        doubts.append(trained_one["high"] - trained_one["low"])
    assert doubts[0] < doubts[1]


def test_test_accuracies_can_be_asked_for(folder: Path) -> None:
    (part,) = parts(folder, "--for", "test_top1")
    assert part["sentence"].startswith("Of 6 settings, nothing is sure yet, and the best guess is ")


def test_a_folder_without_its_study_has_only_what_was_trained(folder: Path) -> None:
    (folder / "study.yaml").unlink()
    ran = recommend(folder, "--json")
    assert "note: example: only what was trained is chosen from: " in ran.stderr
    assert all(choice["trained"] for choice in json.loads(ran.stdout)["parts"][0]["choices"])


def test_reference_runs_that_were_not_asked_for_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(tmp_path / "results" / "reference", check(content("shipped")))
    monkeypatch.chdir(tmp_path)
    ran = recommend()
    assert "note: there are no runs of your own in results; " in ran.stderr
    assert ran.stdout.startswith("Of 6 settings, nothing is sure yet, and the best guess is ")
    assert "no runs of your own" not in recommend("results/reference/shipped").stderr
    trained(tmp_path / "results", check(content("mine")))
    ran = recommend("--json")
    assert "no runs of your own" not in ran.stderr
    assert len(json.loads(ran.stdout)["parts"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--at-most", "training_ms"], "error: --at-most training_ms: write NAME=NUMBER"),
        (["--at-most", "latency=3"], "error: --at-most latency=3: no cost named 'latency'"),
        (["--at-most", "macs=0"], "error: --at-most macs=0: '0' is no positive number"),
        (["--among", "nothing_like_it"], "error: study 'nothing_like_it' is not known"),
        (["--among", "missing.yaml"], "error: missing.yaml: no such file"),
        (["--on", "abacus"], "abacus"),
    ],
)
def test_what_is_asked_wrongly_is_a_message_and_exit_2(folder: Path, arguments: list[str], message: str) -> None:
    ran = recommend(folder, *arguments, code=2)
    assert message in ran.stderr
    assert ran.stdout == ""


def test_a_folder_that_does_not_exist_or_is_empty_is_exit_2(tmp_path: Path) -> None:
    missing = recommend(tmp_path / "nowhere", code=2).stderr
    assert f"no such folder; `scaling run STUDY --results {tmp_path}` makes one" in missing
    assert "run a study first" in recommend(tmp_path, code=2).stderr


def test_a_limit_on_a_time_says_how_many_images_it_is_for(folder: Path) -> None:
    notes = parts(folder, "--at-most", "training_ms=20")[0]["notes"]
    assert notes[0] == (
        f"training_ms is of a step of 128 images; `scaling latency {folder}/study.yaml --set latency.batch_size=1 "
        "--set 'latency.phases=[training]'` times single images"
    )
    assert not any("a step of" in note for note in parts(folder, "--at-most", "params=1e6")[0]["notes"])


def test_a_limit_on_a_time_has_it_timed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the study does not ask for it."""
    timed: list[Study] = []
    monkeypatch.setattr(choosing, "_time", lambda study, _: timed.append(study))
    recommend(folder, "--at-most", "inference_litert_ms=3", "--time")
    recommend(folder, "--at-most", "training_ms=3", "--time")
    asked = [(study.file.latency.phases, study.file.latency.runtimes) for study in timed]
    assert asked[1] == (check(content()).file.latency.phases, ("keras",))
    assert set(asked[0][0]) >= {"inference"}
    assert asked[0][1] == ("keras", "litert")
    trained_only = {"phases": ["training"]}
    (tmp_path / "only").mkdir()
    other = trained(tmp_path / "only", check(content(latency=trained_only)))
    recommend(other, "--at-most", "inference_ms=3", "--time")
    assert timed[-1].file.latency.phases == ("training", "inference")
