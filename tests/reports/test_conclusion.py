"""What a study says is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.reports.conclusion import conclude
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
