from __future__ import annotations

from pathlib import Path

import pytest

from scaling.reports.page.build import build
from scaling.reports.page.logs import MOST_POINTS, read
from scaling.reports.page.page import Lead, Part, Table
from scaling.results.records import ResultsFolder
from tests.builders import latency_record, results_folder, train_record, trial
from tests.reports.page.made_up import committed, history, large, made_in, only_one_figure, small, trained


@pytest.fixture(autouse=True)
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """One figure instead of all, which take seconds."""
    only_one_figure(monkeypatch)


def part_of(folder: ResultsFolder) -> Part:
    (part,) = build([folder]).parts
    return part


def column(table: Table | None, title: str) -> list[str]:
    assert table is not None
    (place,) = [place for place, of in enumerate(table.columns) if of.title == title]
    return [row[place].text for row in table.rows]


def test_the_question_heads_the_page_and_no_figure(tmp_path: Path) -> None:
    whole = build([small(tmp_path / "mine")])
    assert whole.title == whole.parts[0].question == "Is deeper better?"
    assert whole.overview is None
    assert "Is deeper better?" not in [drawing.title for drawing in whole.parts[0].drawings]


def test_settings_stand_with_mean_seeds_spread_and_costs(tmp_path: Path) -> None:
    table = part_of(small(tmp_path / "mine")).settings
    assert column(table, "Network")[0] == "ResNet-RS 50×0.25@32"
    assert column(table, "Accuracy, mean (%)") == ["65.5", "53.5", "47.5", "–"]
    assert column(table, "Lowest to highest seed (%)") == ["65.0 to 66.0", "53.0 to 54.0", "47.0 to 48.0", "–"]
    assert column(table, "Seeds") == ["2", "2", "2", "0 + 2 failed"]
    assert column(table, "Time per training step (ms)") == ["25", "13", "7", "–"]
    assert column(table, "Trainable parameters (millions)")[0] == "0.312"


def test_the_best_setting_counts_by_the_mean_of_its_seeds(tmp_path: Path) -> None:
    assert ("Best setting", "65.5%, mean of 2 seeds") in part_of(small(tmp_path / "mine")).facts


def test_a_column_tells_what_differs_between_settings_and_no_other_does(tmp_path: Path) -> None:
    records = [trained(trial(depth=14, epochs=epochs), 0.5) for epochs in (1, 2)]
    titles = [of.title for of in part_of(results_folder(tmp_path / "mine", records)).settings.columns]
    assert titles[:3] == ["Network", "Epochs", "Seeds"]


def test_every_trial_has_its_curve_or_its_failure(tmp_path: Path) -> None:
    part = part_of(small(tmp_path / "mine"))
    assert column(part.failed, "Failure") == ["oom", "oom"]
    assert column(part.failed, "Message") == ["made up: oom"] * 2
    assert column(part.trained, "Accuracy (%)") == ["66.0", "65.0", "54.0", "53.0", "48.0", "47.0"]
    assert part.trained is not None
    curve = part.trained.rows[0][2].curve
    assert curve is not None
    assert curve.points == ((1, 0.33), (2, 0.66))
    assert (curve.low, curve.high) == (0.235, 0.66)
    assert part.trained.rows[0][2].text == "33.0% after epoch 1, 66.0% after epoch 2, best 66.0% after 2"


def test_a_failed_trial_shows_how_far_it_came(tmp_path: Path) -> None:
    record = train_record(trial(depth=14, epochs=4), failure="nan", history=history(0.3, 3))
    part = part_of(results_folder(tmp_path / "mine", [record]))
    assert column(part.failed, "Validation accuracy by epoch")[0].endswith("best 30.0% after 3")


def test_the_last_record_of_a_trial_decides_save_that_a_success_stays(tmp_path: Path) -> None:
    of = trial(depth=14, epochs=2)
    records = [train_record(of, failure="crash"), trained(of, 0.5), train_record(of, failure="oom")]
    part = part_of(results_folder(tmp_path / "mine", records))
    assert part.failed is None
    assert column(part.trained, "Accuracy (%)") == ["50.0"]
    assert read(results_folder(tmp_path / "other", records)).curves[of.id][-1] == (2, 0.5)


def test_long_curves_keep_their_ends(tmp_path: Path) -> None:
    of = trial(depth=14, epochs=350)
    points = read(results_folder(tmp_path / "mine", [trained(of, 0.7)])).curves[of.id]
    assert len(points) == MOST_POINTS
    assert (points[0][0], points[-1]) == (1, (350, 0.7))


def test_environments_are_told_apart_and_counted(tmp_path: Path) -> None:
    trials = [trial(depth=depth) for depth in (14, 26, 50)]
    records = [
        made_in(committed("abc" * 10 + number, dirty=number == "1"), train_record(of))
        for of, number in zip(trials, "001", strict=True)
    ]
    timing = latency_record(trials[0].variant)
    part = part_of(results_folder(tmp_path / "mine", records, [timing]))
    assert column(part.environments, "Trainings") == ["2", "1", "0"]
    assert column(part.environments, "Timings") == ["0", "0", "1"]
    assert column(part.environments, "Commit") == ["abcabcabcabc", "abcabcabcabc and changes", "–"]
    assert "Some records were made by code that differed from its commit." in part.unknown
    assert "The records were made by more than one version of the code." in part.unknown


def test_it_says_how_to_repeat_it(tmp_path: Path) -> None:
    study = "study: again?\nquestion: Why?\n"
    record = made_in(committed("abc", backend="jax"), train_record(trial(depth=14)))
    folder = results_folder(tmp_path / "my results", [record], study=study)
    repeat = part_of(folder).repeat
    assert repeat.study == study
    assert repeat.commands == (
        "git checkout abc",
        f"KERAS_BACKEND=jax scaling run '{folder.study_file}' --results again",
        "scaling report 'again/again?'",
    )


def test_it_says_what_is_not_known(tmp_path: Path) -> None:
    first, second = (trial(depth=depth, resolution=32, epochs=2) for depth in (14, 26))
    records = [trained(first, 0.5), train_record(second, failure="oom")]
    timings = [
        latency_record(first.variant).model_copy(update={"disturbed": True, "converged": False}),
        latency_record(second.variant, failure="oom"),
    ]
    study = "study: made_up\nquestion: Is deeper better?\ndataset: {name: synthetic}\ngrid: [{depth: [14, 26, 50]}]\n"
    study += "across: {resolution: 32, width: 0.25, epochs: 2}\n"
    folder = results_folder(tmp_path / "mine", records, timings, study)
    with folder.training.path.open("a") as file:
        file.write("{torn\n")
    unknown = part_of(folder).unknown
    for told in (
        "Trials that the study asks for and that have no record yet: 1 of 3.",
        f"1 trial failed: {second.id} (oom).",
        "Timings that failed (1 oom): 1 of 2.",
        "Timings that were disturbed by other work on the machine: 1 of 1.",
        "Timings that still had an interval wider than 3% when their time was over: 1 of 1.",
        "Settings that were trained with one seed only: 1 of 1.",
    ):
        assert told in unknown
    assert any("records.jsonl:3" in told for told in unknown)
    assert any("standard deviation of" in told and "is assumed" in told for told in unknown)


def test_a_given_seed_noise_is_what_the_page_rests_on(tmp_path: Path) -> None:
    folder = results_folder(tmp_path / "mine", [trained(trial(depth=depth, epochs=2), 0.5) for depth in (14, 26)])
    assert any("is assumed" in told for told in part_of(folder).unknown)
    (part,) = build([folder], seed_noise=0.3).parts
    assert not any("is assumed" in told for told in part.unknown)


@pytest.mark.parametrize("records", [[], [train_record(trial(depth=14), failure="oom")]], ids=["empty", "failed"])
def test_a_folder_without_trained_trials_has_a_page(tmp_path: Path, records: list[object]) -> None:
    part = part_of(results_folder(tmp_path / "mine", records))  # type: ignore[arg-type]
    assert part.trained is None
    assert (part.failed is None) == (not records)
    assert part.repeat.commands == ()
    assert "The study file cannot be read: whether all its trials were trained is not known." in part.unknown


def test_a_long_table_says_what_it_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaling.reports.page.cells.MOST_ROWS", 5)
    folder = large(tmp_path / "mine", 40, epochs=2)
    table = part_of(folder).trained
    assert table is not None
    assert len(table.rows) == 5
    assert f" 5 of 36 are shown; the other 31 are in {folder.training.path}." in table.caption


def test_leads_stand_in_their_own_part(tmp_path: Path) -> None:
    folders = [small(tmp_path / name) for name in ("first", "second")]
    lead = Lead("The answer", "Yes.", figure="accuracy_vs_macs")
    first, second = build(folders, {folders[1].path: [lead]}).parts
    assert (first.leads, second.leads) == ((), (lead,))
    assert second.place("accuracy_vs_macs") == "part-2-accuracy_vs_macs"
    assert second.place("no_such_figure") is None
