from __future__ import annotations

import numpy as np
import pytest

from scaling import published
from scaling.analysis.comparability import MixedConditionsError
from scaling.analysis.pareto.frontier import frontier
from scaling.analysis.settings import collapse_seeds, with_seed_noise

TABLE7 = published.load("table7")
TPU_NAME = next(name for name in TABLE7["training_device"].unique() if "TPU" in name)
TPU = collapse_seeds(TABLE7[TABLE7["training_device"].str.contains("TPU")])


def test_all_of_resnet_rs_and_the_largest_efficientnet_are_on_the_front_of_table_7() -> None:
    found = frontier(TPU)
    on = found.points[found.points["on"]]
    assert on["family"].value_counts().to_dict() == {"resnet_rs": 11, "efficientnet": 1}
    assert found.points["chance"].between(0, 1).all()
    assert "1 of 8 EfficientNet settings are on it as measured (0 surely, 6 surely not, 2 undecided)" in found.sentence
    (note,) = found.notes
    assert "points between seeds is assumed" in note
    assert frontier(collapse_seeds(with_seed_noise(TABLE7, 0.2)[TABLE7["training_device"] == TPU_NAME])).notes == ()


def test_what_cannot_be_placed_is_kept_apart() -> None:
    rows = TPU.assign(training_ms=[np.nan, *TPU["training_ms"][1:]], failed=[0, 2, *[0] * (len(TPU) - 2)])
    found = frontier(rows)
    assert (len(found.points), len(found.unmeasured), len(found.failed)) == (18, 1, 1)


def test_nothing_measured_is_a_sentence() -> None:
    assert frontier(TPU.assign(top1=np.nan)).sentence == (
        "No setting has both an accuracy and its time per training step."
    )


def test_two_devices_are_refused() -> None:
    with pytest.raises(MixedConditionsError):
        frontier(collapse_seeds(TABLE7))
