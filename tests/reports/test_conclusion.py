"""What a study says is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.generator.study import check
from scaling.reports.conclusion import conclude
from scaling.results.frame import load_results
from tests.builders import results_folder, train_record, trial


def unknown(place: Path, trials: list[tuple[int, int]], seed_noise: float | None = None) -> str:
    """Of trials by depth and seed."""
    records = [train_record(trial(depth=depth, seed=seed), top1=0.7 + seed / 100, n=1000) for depth, seed in trials]
    return conclude(results_folder(place, records), seed_noise).unknown


def test_two_seeds_of_different_settings_do_not_tell_how_far_seeds_differ(tmp_path: Path) -> None:
    apart = [(14, 0), (26, 1)]
    said = unknown(tmp_path / "assumed", apart)
    assert "; how far seeds differ: no setting has two, and their noise is assumed; " in said
    assert "seeds" not in unknown(tmp_path / "given", apart, seed_noise=0.2)


@pytest.mark.parametrize(("most", "told"), [(2, "1 repeated training"), (9, "8 repeated trainings"), (11, "")])
def test_few_repeated_trainings_are_counted(tmp_path: Path, most: int, told: str) -> None:
    said = unknown(tmp_path / "few", [(26, 0), *((14, seed) for seed in range(most))])
    assert (f"how far seeds differ: only {told} measured it" in said) is bool(told)
    assert ("seeds" in said) is bool(told)


def test_what_the_study_no_longer_asks_for_is_left_out_of_its_answer_and_counted(tmp_path: Path) -> None:
    """Depth is asked about, whatever another learning rate gave before."""
    study = check(
        {
            "study": "example",
            "question": "How deep?",
            "dataset": {"name": "synthetic"},
            "grid": [{"depth": [14, 26, 50]}],
            "across": {"width": 0.25, "resolution": 16, "stem": "small", "epochs": 1, "seed": [0, 1]},
        }
    )
    before = [
        of.model_copy(update={"recipe": of.recipe.model_copy(update={"learning_rate": 0.01})}) for of in study.trials
    ]
    further = [of.model_copy(update={"seed": 7}) for of in study.trials]
    records = [
        train_record(of, top1=0.5 + of.variant.depth / 1000 + of.seed / 1000, n=10_000)
        for of in (*before, *study.trials, *further)
    ]
    answer = conclude(results_folder(tmp_path / "example", records, study=study.to_yaml())).answer
    assert "depth" in answer.sentence
    assert "learning rate" not in answer.sentence
    assert answer.rests_on.endswith("6 trials of settings that the study does not ask for are left out.")


def test_what_was_interrupted_is_unfinished_and_has_not_failed(tmp_path: Path) -> None:
    records = [train_record(trial(depth=depth), failure="interrupted") for depth in (14, 26)]
    folder = results_folder(tmp_path / "example", records)
    assert load_results(folder.path)["status"].tolist() == ["unfinished", "unfinished"]
    said = conclude(folder)
    assert "nothing has been trained to success yet; `scaling run example` does that" in said.answer.sentence
    assert "failed" not in said.unknown
