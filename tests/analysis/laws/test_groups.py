"""Only settings that may be compared stand in one law."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.laws.fits import fit_all
from scaling.analysis.laws.groups import fit_settings, groups_of_factors, groups_on
from scaling.analysis.settings import collapse_seeds
from scaling.errors import UserError


@pytest.fixture(scope="module")
def table7() -> pd.DataFrame:
    return collapse_seeds(published.load("table7"))


def test_times_of_two_devices_stay_apart(table7: pd.DataFrame) -> None:
    groups = groups_on(table7, "training_ms")
    told = [(group.told_by["family"], group.told_by["training_device"], len(group.settings)) for group in groups]
    v100, tpu = "Tesla V100", "TPUv3 (8 cores)"
    assert told == [
        ("resnet_rs", v100, 11),
        ("resnet_rs", tpu, 11),
        ("efficientnet", v100, 8),
        ("efficientnet", tpu, 8),
    ]
    assert all("training_device" in group.name for group in groups)


def test_sizes_count_a_network_once_however_often_it_was_timed(table7: pd.DataFrame) -> None:
    assert [len(group.settings) for group in groups_on(table7, "macs")] == [11, 8]


def test_epochs_stay_apart_except_in_a_law_of_epochs() -> None:
    settings = collapse_seeds(published.load("fig3"))
    assert [group.told_by["epochs"] for group in groups_on(settings, "macs")] == [10, 100, 350]
    of_epochs = groups_on(settings, "epochs")
    assert len(of_epochs) == 24
    found = fit_settings(of_epochs[0].settings, "epochs")
    assert found.x.tolist() == [10, 100, 350]
    assert -0.3 < found["power law"].parameters["slope"].value < -0.05
    assert len(groups_of_factors(settings)) == 1


def test_a_typo_is_answered(table7: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="did you mean 'macs'"):
        groups_on(table7, "mac")


def test_only_a_range_is_fitted() -> None:
    fits = fit_all(published.load("fig2"), "macs", between=(5e9, 5e10))
    ((_, laws),) = fits.laws
    assert 5e9 <= laws.x.min() <= laws.x.max() <= 5e10
    assert len(laws.x) == 56


@pytest.mark.parametrize(
    "change",
    [
        {"status": "failed"},
        {"top1": np.nan},
        {"macs": np.nan},
        {"macs": 1e9, "depth": 50, "width": 1, "resolution": 160},
    ],
    ids=["all failed", "no accuracy", "no cost", "all equal"],
)
def test_nothing_to_fit_is_a_sentence(change: dict[str, Any]) -> None:
    frame = published.load("fig2").assign(**change)
    fits = fit_all(frame, "macs")
    assert all(laws.reason for _, laws in fits.laws)
    assert fit_all(frame.iloc[:1], "macs").laws[0][1].reason
    assert fit_all(frame.iloc[:0], "macs").laws == []
