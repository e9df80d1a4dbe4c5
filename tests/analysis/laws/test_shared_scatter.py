"""Scatter that the settings of one width share."""

from __future__ import annotations

import itertools

import numpy as np

from scaling.analysis.laws.response_surface import Surface, fit_surface

SIZES = np.array(
    list(itertools.product((26, 50, 101, 152, 200, 350), (0.25, 0.5, 1, 1.5, 2), (128, 160, 224, 256, 320)))
)
CENTER = dict(zip(("depth", "width", "resolution"), np.exp(np.log(SIZES).mean(axis=0)), strict=True))
LOGS = np.log(SIZES / np.array([*CENTER.values()]))
SLOPES = np.array([-0.1, -0.2, -0.28])


def fitted(seed: int, part: float) -> Surface:
    """To log errors that scatter by 0.03; the settings of one width share a part of its variance."""
    random = np.random.default_rng(seed)
    width = np.unique(SIZES[:, 1], return_inverse=True)[1]
    scatter = np.sqrt(1 - part) * random.standard_normal(len(SIZES)) + np.sqrt(part) * random.standard_normal(5)[width]
    y = -1.8 + LOGS @ SLOPES + 0.03 * scatter
    return fit_surface(dict(zip(CENTER, LOGS.T, strict=True)), CENTER, y, np.full(len(y), 0.003), 200, random)


def holds(surface: Surface, factor: str) -> bool:
    draws = surface.fitted.draws[:, surface.terms.index((factor,))]
    low, high = np.quantile(draws, (0.05, 0.95))
    return bool(low <= SLOPES[[*CENTER].index(factor)] <= high)


def test_intervals_hold_what_the_settings_of_one_width_share() -> None:
    """Taken for each setting's own, the interval of the width's slope would hold the truth in 30% of studies."""
    found = [fitted(seed, part=0.5) for seed in range(60)]
    shared = [one.fitted.shared for one in found]
    assert np.mean([one.by == "width" for one in shared]) > 0.75
    assert np.mean([holds(one, "width") for one in found]) > 0.65
    assert np.mean([holds(one, "depth") for one in found]) > 0.82
    assert np.median([one.correlation for one in shared]) > 0.25


def test_none_is_seen_where_each_setting_scatters_by_itself() -> None:
    found = [fitted(seed, part=0.0) for seed in range(30)]
    assert np.mean([one.fitted.shared.correlation > 0 for one in found]) < 0.1
    assert np.mean([holds(one, "width") for one in found]) > 0.75
