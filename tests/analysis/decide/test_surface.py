"""The surface over what was measured: on planes, on simulated studies with a known truth, and on the paper's grids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from scaling import published
from scaling.analysis.decide import surface as surfaces
from scaling.analysis.decide.surface import MOST_KNOWN, Points, Prediction, predict
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.uncertainty import Rows
from tests.analysis.decide.surfaces import FACTORS, Simulated, surface
from tests.analysis.simulated import Floats

Z90 = 1.645
DEPTHS, WIDTHS, RESOLUTIONS, EPOCHS = (14, 26, 50, 101), (0.25, 0.5, 1.0, 2.0), (64, 128, 256), (10, 30, 100)


def grid(*factors: tuple[float, ...]) -> Points:
    """Every depth with every width, resolution and number of epochs, of one family."""
    logs = np.log(np.array(np.meshgrid(*factors, indexing="ij")).reshape(4, -1).T)
    zeros = np.zeros(len(logs), dtype=np.intp)
    return Points(logs, zeros, zeros, logs @ [1.0, 2.1, 2.23, 1.07])


WHOLE = grid(DEPTHS, WIDTHS, RESOLUTIONS, EPOCHS)
SLOPES = np.array([-0.1, -0.2, -0.3, -0.15])


def plane(points: Points) -> Floats:
    return np.asarray(-1.0 + (points.logs - points.logs.mean(axis=0)) @ SLOPES)


def spread(found: Prediction) -> Floats:
    return np.sqrt(np.diag(found.covariance))


def dearest(points: Points, share: float = 1 / 3) -> Rows:
    return np.argsort(points.compute, kind="stable")[-round(share * len(points.compute)) :]


@cache
def study(seed: int) -> Simulated:
    return surface(seed, depths=DEPTHS, widths=WIDTHS, resolutions=RESOLUTIONS, epochs=EPOCHS, seeds=2)


def hidden_third(settings: pd.DataFrame) -> tuple[Prediction, Rows, Floats, Floats]:
    """What is predicted of the dearest third of settings, which they are, their errors and these errors' noise."""
    points = Points.of(settings)
    errors = 1 - settings["top1"].to_numpy(float)
    noise = settings["top1_sd"].to_numpy(float) / errors
    hidden = dearest(points)
    known = np.setdiff1d(np.arange(len(errors)), hidden)
    return predict(points, known, np.log(errors[known]), noise[known]), hidden, errors, noise


def test_a_plane_is_recovered_where_a_third_was_not_measured() -> None:
    hidden = dearest(WHOLE)
    known = np.setdiff1d(np.arange(len(WHOLE.logs)), hidden)
    found = predict(WHOLE, known, plane(WHOLE)[known], np.full(len(known), 1e-3))
    assert found.mean == pytest.approx(plane(WHOLE), abs=0.01)


def test_what_was_measured_exactly_comes_back_and_what_was_measured_badly_is_smoothed() -> None:
    values = plane(WHOLE) + 0.3 * np.random.default_rng(0).standard_normal(len(WHOLE.logs))
    every = np.arange(len(values))
    exact = predict(WHOLE, every, values, np.full(len(values), 1e-6))
    smooth = predict(WHOLE, every, values, np.full(len(values), 0.3))
    assert exact.mean == pytest.approx(values, abs=1e-4)
    assert np.abs(smooth.mean - plane(WHOLE)).mean() < 0.3 * np.abs(values - plane(WHOLE)).mean()


def test_intervals_hold_the_dearest_third_of_simulated_studies() -> None:
    inside = []
    for seed in range(8):
        settings = collapse_seeds(study(seed).frame)
        found, hidden, *_ = hidden_third(settings)
        truth = study(seed).truth.reindex(pd.MultiIndex.from_frame(settings[FACTORS])).to_numpy()
        off = np.abs(np.log(1 - truth) - found.mean) / spread(found)
        inside.append((off[hidden] < Z90).mean())
    assert 0.8 <= np.mean(inside) <= 0.97


@pytest.mark.parametrize("name", ["fig2", "fig3"])
def test_intervals_hold_the_dearest_third_of_the_papers_grids(name: str) -> None:
    settings = collapse_seeds(published.load(name))
    found, hidden, errors, noise = hidden_third(settings[settings["top1"].notna()].reset_index(drop=True))
    off = np.abs(np.log(errors) - found.mean) / np.hypot(spread(found), noise)
    assert (off[hidden] < Z90).mean() >= 0.8
    # Not by saying nothing: within 15% of the error, at a standard deviation.
    assert np.median(spread(found)[hidden]) < 0.15


def test_doubt_grows_with_the_distance_from_what_was_measured() -> None:
    far = grid((50.0, 100.0, 200.0, 800.0), (1.0,), (128.0,), (30.0,))
    points = Points(*(np.concatenate(parts) for parts in zip(vars(WHOLE).values(), vars(far).values(), strict=True)))
    known = np.arange(len(WHOLE.logs))
    inside, edge, beyond, far_beyond = spread(predict(points, known, plane(WHOLE), np.full(len(known), 0.01)))[-4:]
    assert inside == pytest.approx(edge, rel=0.5)
    assert edge <= beyond * (1 + 1e-9)
    assert beyond < far_beyond


def test_doubt_beyond_what_was_measured_is_widened_by_its_own_record() -> None:
    """Error that stops falling in the dearest third is too steep a fall to the surface over the rest."""
    hidden = dearest(WHOLE)
    known = np.setdiff1d(np.arange(len(WHOLE.logs)), hidden)
    values = np.maximum(plane(WHOLE), np.quantile(plane(WHOLE)[known], 0.3))
    noise = np.full(len(known), 1e-3)
    own, plain = predict(WHOLE, known, values[known], noise), surfaces._averaged(WHOLE, known, values[known], noise)
    assert own.mean == pytest.approx(plain.mean)
    assert spread(own)[hidden].mean() > 1.5 * spread(plain)[hidden].mean()
    within = surfaces._beyond(WHOLE, known) == 0
    assert spread(own)[within] == pytest.approx(spread(plain)[within])


def test_too_few_settings_to_test_it_widen_doubt_by_a_fixed_factor() -> None:
    known = np.array([0, 1, 40])
    values = plane(WHOLE)[known]
    noise = np.full(3, 0.01)
    own, plain = predict(WHOLE, known, values, noise), surfaces._averaged(WHOLE, known, values, noise)
    ratio = spread(own) / spread(plain)
    assert set(np.round(ratio, 6)) == {1.0, surfaces.UNTESTED}
    assert ratio[known] == pytest.approx(1.0)


def test_of_a_family_that_nobody_trained_little_is_known_and_of_another_recipe_more() -> None:
    half = len(WHOLE.logs) // 2
    later = (np.arange(len(WHOLE.logs)) >= half).astype(np.intp)
    known = np.arange(half)

    def at(points: Points) -> float:
        found = predict(points, known, plane(WHOLE)[known], np.full(half, 0.01))
        return float(np.median(spread(found)[half:]))

    same, recipe, family = at(WHOLE), at(replace(WHOLE, kind=later)), at(replace(WHOLE, family=later, kind=later))
    assert same < recipe < family
    # An error that may as well be 2.7 times as large or as small.
    assert family > 1.0


def test_families_do_not_bend_one_another() -> None:
    """The second one falls where the first rises; each is predicted as if it were alone, but for the common level."""
    half = len(WHOLE.logs) // 2
    family = (np.arange(2 * half) % 2).astype(np.intp)
    points = replace(WHOLE, family=family, kind=family)
    values = np.where(family, -1.0 - (plane(WHOLE) + 1.0), plane(WHOLE))
    known = np.flatnonzero(np.arange(2 * half) % 6 < 4)
    found = predict(points, known, values[known], np.full(len(known), 1e-3))
    assert found.mean == pytest.approx(values, abs=0.02)


def test_the_order_of_what_was_measured_changes_nothing() -> None:
    settings = collapse_seeds(study(0).frame)
    points, values = Points.of(settings), np.log(1 - settings["top1"].to_numpy(float))
    known = np.arange(0, len(values), 2)
    mixed = np.random.default_rng(1).permutation(known)
    first, second = (predict(points, rows, values[rows], np.full(len(rows), 0.02)) for rows in (known, mixed))
    assert first.mean == pytest.approx(second.mean, abs=1e-8)
    assert spread(first) == pytest.approx(spread(second), abs=1e-8)


def test_the_order_of_settings_changes_nothing() -> None:
    settings = collapse_seeds(study(0).frame)
    mixed = settings.sample(frac=1, random_state=3)
    told = []
    for frame in (settings, mixed):
        rows = frame.reset_index(drop=True)
        known = np.flatnonzero(rows["depth"] < 101)
        values = np.log(1 - rows["top1"].to_numpy(float))[known]
        found = predict(Points.of(rows), known, values, np.full(len(known), 0.02))
        told.append(pd.Series(found.mean, frame.index).sort_index())
    assert told[0].to_numpy() == pytest.approx(told[1].to_numpy(), abs=1e-8)


def test_of_more_settings_than_a_surface_takes_the_dearest_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surfaces, "MOST_KNOWN", 60)
    every = np.arange(len(WHOLE.logs))
    values = plane(WHOLE)
    values[np.setdiff1d(every, dearest(WHOLE, 60 / len(every)))] += 1.0
    found = predict(WHOLE, every, values, np.full(len(every), 0.01))
    kept = dearest(WHOLE, 60 / len(every))
    assert found.mean[kept] == pytest.approx(plane(WHOLE)[kept], abs=0.03)
    assert MOST_KNOWN > 60


def test_a_thousand_settings_are_no_matter() -> None:
    points = grid(tuple(range(10, 60, 2)), (0.25, 0.5, 1.0, 2.0), (64.0, 128.0), (10.0, 20.0, 40.0, 80.0, 160.0))
    assert len(points.logs) > MOST_KNOWN
    every = np.arange(len(points.logs))
    found = predict(points, every, plane(points), np.full(len(every), 0.01))
    assert found.mean == pytest.approx(plane(points), abs=0.02)


@pytest.mark.parametrize(
    "known", [[0], [0, 0], [0, 1], list(range(0, 144, 3))], ids=["one point", "the same twice", "two", "one resolution"]
)
def test_little_to_go_by_is_answered_with_doubt_and_no_warning(known: list[int]) -> None:
    rows = np.array(known)
    found = predict(WHOLE, rows, plane(WHOLE)[rows], np.full(len(rows), 1e-3))
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.covariance).all()
    assert spread(found)[rows].max() < spread(found).max()


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame.assign(epochs=np.nan),
        lambda frame: frame.assign(macs=np.nan),
        lambda frame: frame.assign(resolution=128),
    ],
    ids=["no epochs", "no multiply-accumulates", "one resolution"],
)
def test_settings_with_unknown_columns_have_points(make: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    points = Points.of(make(collapse_seeds(study(0).frame)))
    assert np.isfinite(points.logs).all()
    assert np.isfinite(points.compute).all()


def test_draws_have_the_mean_and_covariance_of_the_prediction() -> None:
    known = np.arange(0, 144, 2)
    found = predict(WHOLE, known, plane(WHOLE)[known], np.full(len(known), 0.05))
    drawn = found.draw(4000, np.random.default_rng(0))
    assert drawn.mean(axis=0) == pytest.approx(found.mean, abs=5 * spread(found).max() / np.sqrt(4000))
    assert drawn.std(axis=0) == pytest.approx(spread(found), rel=0.08)
