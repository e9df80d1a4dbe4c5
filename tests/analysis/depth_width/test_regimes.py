"""Depth against width: on the paper's Figure 3, and on arms with a known difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.depth_width.regimes import Regimes, regimes
from scaling.analysis.settings import collapse_seeds, with_seed_noise
from scaling.errors import UserError
from scaling.schema import Variant
from tests.analysis.simulated import row

FIG3 = regimes(collapse_seeds(published.load("fig3")))


def point(depth: float, width: float, time: float, top1: float, epochs: int = 10, **changed: Any) -> dict[str, object]:
    of = row("resnet_rs", depth, time, top1, pictures=changed.pop("pictures", 10**9))
    return {**of, "width": width, "epochs": epochs, "macs": depth * width**2 * 1e6, **changed}


def arms(ahead: float, epochs: int = 10, **changed: Any) -> list[dict[str, object]]:
    """The width arm `ahead` of the depth arm at every cost but the base's, on a line in log cost."""
    depth = [point(26 * 2**i, 1.0, 10.0 * 2**i, 0.7 + 0.02 * i, epochs, **changed) for i in range(3)]
    width = [point(26, 1.0 + i, 10.0 * 2**i, 0.7 + 0.02 * i + ahead, epochs, **changed) for i in (1, 2)]
    return [*depth, *width]


def of(*rows: dict[str, object], cost: str = "training_ms") -> Regimes:
    return regimes(collapse_seeds(pd.DataFrame(list(rows))), cost)


def test_figure_3_depth_is_ahead_after_350_epochs_and_width_after_10_but_for_the_noise_of_seeds() -> None:
    short, medium, long = FIG3.regimes
    assert (short.epochs, medium.epochs, long.epochs) == (10, 100, 350)
    assert (short.ahead, short.verdict) == ((4, 0), "undecided")
    exact = regimes(collapse_seeds(with_seed_noise(published.load("fig3"), 0.0)))
    assert [regime.verdict for regime in exact.regimes] == ["width", "undecided", "depth"]
    assert (long.ahead, long.verdict) == ((0, 4), "depth")
    assert min(medium.ahead) >= 1
    assert FIG3.towards == "depth"


def test_figure_3_says_which_cells_are_undecided() -> None:
    verdicts = {(cell.epochs, cell.place): cell.verdict for one in FIG3.regimes for cell in one.cells}
    assert verdicts[10, "128 px"] == verdicts[350, "160 px"] == "undecided"
    assert (verdicts[10, "224 px"], verdicts[350, "320 px"]) == ("undecided", "depth")
    assert any(note.startswith("10 epochs: decided with less than 0.2") for note in FIG3.notes)
    assert any("0.17 to 0.26 points between seeds is assumed" in note for note in FIG3.notes)


@pytest.mark.parametrize(("ahead", "verdict"), [(0.01, "width"), (-0.01, "depth")])
def test_a_known_advantage(ahead: float, verdict: str) -> None:
    (one,) = of(*arms(ahead)).regimes
    (cell,) = one.cells
    # It rises from 0 at the base to all of it at half the range, and stays.
    assert cell.advantage.value == pytest.approx(0.75 * ahead, abs=1e-4)
    assert (cell.verdict, one.verdict) == (verdict, verdict)
    assert cell.shared == pytest.approx((10.0, 40.0))


def test_few_pictures_leave_it_undecided() -> None:
    (one,) = of(*arms(0.01, pictures=500)).regimes
    assert (one.verdict, one.ahead) == ("undecided", (1, 0))
    assert "inconclusive" in one.sentence


def test_one_regime_has_no_shift_and_two_have() -> None:
    assert np.isnan(of(*arms(0.01)).shift.value)
    found = of(*arms(0.01), *arms(-0.02, epochs=50))
    assert found.shift.value == pytest.approx(0.75 * -0.03, rel=0.02)
    assert found.towards == "depth"


@pytest.mark.parametrize(
    "rows",
    [[], arms(0.0)[:1], arms(0.0)[:3], arms(0.0, status="failed"), [*arms(0.0), *arms(0.0)]],
    ids=["none", "one point", "one arm", "all failed", "duplicates"],
)
def test_degenerate_studies_are_answered(rows: list[dict[str, object]]) -> None:
    found = of(*rows)
    assert found.regimes or found.notes
    for one in found.regimes:
        assert one.sentence


def test_each_cell_counts_alike_where_two_studies_have_one_place() -> None:
    """One study has width ahead, the other depth by as much: neither is ahead in the mean."""
    found = of(*arms(0.01, study="one"), *arms(-0.01, study="other"))
    (regime,) = found.regimes
    assert (len(regime.cells), regime.decided, regime.verdict) == (2, (1, 1), "undecided")
    assert regime.advantage.value == pytest.approx(0.0, abs=1e-6)


def test_longer_training_shifts_each_cell_by_its_own_difference() -> None:
    short, long = ({"study": study, "epochs": epochs} for study, epochs in (("one", 10), ("one", 50)))
    other = arms(-0.02, study="other")
    found = of(*arms(0.01, **short), *arms(-0.02, **long), *other)
    assert found.shift.value == pytest.approx(0.75 * -0.03, rel=0.02)


def test_failed_trials_are_counted() -> None:
    rows = arms(0.01)
    rows[2] |= {"status": "failed"}
    found = of(*rows)
    assert "1 failed trials are in no arm" in found.notes
    assert found.regimes[0].cells[0].shared == pytest.approx((10.0, 20.0))


def test_one_epoch_in_one_cell_is_said_so() -> None:
    (regime,) = of(*arms(0.03, epochs=1)).regimes
    assert regime.sentence.startswith("1 epoch: width leads depth by ")
    assert "resolutions" not in regime.sentence


def test_two_factors_that_are_neither_depth_nor_width() -> None:
    rows = [point(26, 1.0, 10.0 * 2**i, 0.7 + 0.02 * i, 10, resolution=32 * 2**i) for i in range(3)]
    rows += [point(26, 1.0 + i, 10.0 * 2**i, 0.7 + 0.02 * i + 0.01, resolution=32) for i in (1, 2)]
    found = regimes(collapse_seeds(pd.DataFrame(rows)), axes=("width", "resolution"))
    (regime,) = found.regimes
    assert regime.verdict == "width"
    assert regime.advantage.value == pytest.approx(0.0075, abs=1e-4)
    assert regime.sentence.startswith("10 epochs: width leads resolution by 0.7")
    turned = regimes(collapse_seeds(pd.DataFrame(rows)), axes=("resolution", "width")).regimes[0]
    assert (turned.verdict, turned.advantage.value) == ("width", pytest.approx(-0.0075, abs=1e-4))


def test_longer_training_is_compared_at_the_cost_of_a_whole_training() -> None:
    rows = [point(26 * 2**i, 1.0, 10.0, 0.7 + 0.03 * i, train_seconds=100.0 * 2**i) for i in range(3)]
    rows += [point(26, 1.0, 10.0, 0.7 + 0.01 * i, 10 * 2**i, train_seconds=100.0 * 2**i) for i in (1, 2)]
    settings = collapse_seeds(pd.DataFrame(rows))
    (regime,) = regimes(settings, "train_seconds", axes=("depth", "epochs")).regimes
    assert (regime.epochs, regime.verdict) == (None, "depth")
    assert regime.sentence.startswith("depth leads longer training by ")
    with pytest.raises(UserError, match="training_ms is not of a whole training, which epochs make longer"):
        regimes(settings, "training_ms", axes=("depth", "epochs"))


def test_two_strategies_from_one_base() -> None:
    rows = arms(0.01)
    strategies = {
        "deeper": tuple(Variant(depth=depth, width=1.0, resolution=32) for depth in (26, 52, 104)),
        "wider": tuple(Variant(depth=26, width=width, resolution=32) for width in (1.0, 2.0, 3.0)),
    }
    found = regimes(collapse_seeds(pd.DataFrame(rows)), axes=("wider", "deeper"), strategies=strategies)
    (regime,) = found.regimes
    assert (regime.verdict, regime.advantage.value) == ("wider", pytest.approx(0.0075, abs=1e-4))
    assert regime.advantage.value == pytest.approx(of(*rows).regimes[0].advantage.value)
    missing = regimes(collapse_seeds(pd.DataFrame(rows)), axes=("wider", "other"), strategies=strategies)
    assert missing.regimes == ()
    assert "no place has both an other arm and a wider arm from the same point" in missing.notes
