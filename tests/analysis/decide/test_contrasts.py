"""Differences on the same networks: those that are there, joint intervals, and nothing that depends on order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from scaling.analysis.decide.contrasts import along, between_groups
from scaling.analysis.settings import collapse_seeds
from tests.analysis.simulated import row

IMAGES = 10**9


def point(depth: float, top1: float, seed: int = 0, images: int = IMAGES, **changed: Any) -> dict[str, object]:
    return row("resnet_rs", depth, depth, top1, seed, images) | changed


def settings(*rows: dict[str, object]) -> pd.DataFrame:
    return collapse_seeds(pd.DataFrame(list(rows)))


def test_each_group_is_set_against_the_plainest_on_the_networks_of_both() -> None:
    rows = [point(depth, 0.6 + depth / 1000) for depth in (14, 26, 50)]
    rows += [point(depth, 0.65 + depth / 1000, init="a") for depth in (14, 26)]
    rows += [point(depth, 0.63 + depth / 1000, init="a", frozen_stages=3) for depth in (26, 50, 101)]
    whole, frozen = between_groups(settings(*rows), ("init", "frozen_stages"))
    assert (whole.of, whole.over, whole.points) == (
        "beginning with trained weights",
        "training from scratch",
        2,
    )
    assert whole.difference.value == pytest.approx(0.05)
    assert (frozen.of, frozen.points) == ("beginning with trained weights, frozen stages 3", 2)
    assert frozen.difference.value == pytest.approx(0.03)


def test_of_two_weights_of_one_network_both_count() -> None:
    rows = [point(14, 0.6), point(14, 0.7, init="a"), point(14, 0.8, init="b")]
    (contrast,) = between_groups(settings(*rows), ("init",))
    assert (contrast.points, contrast.difference.value) == (2, pytest.approx(0.15))


def test_what_most_have_is_the_plainest() -> None:
    rows = [point(depth, 0.6, dropout=0.1) for depth in (14, 26)] + [point(14, 0.62, dropout=0.3)]
    (contrast,) = between_groups(settings(*rows), ("dropout",))
    assert (contrast.of, contrast.over) == ("dropout 0.3", "dropout 0.1")
    assert contrast.difference.value == pytest.approx(0.02)


@pytest.mark.parametrize("by", [("init",), ("family",)], ids=["one value", "no network in common"])
def test_where_nothing_can_be_set_against_anything_there_are_none(by: tuple[str, ...]) -> None:
    rows = [point(14, 0.6), point(26, 0.7, family="efficientnet")]
    assert between_groups(settings(*rows), by) == []


def test_steps_along_a_factor_are_in_ascending_order_and_fail_where_a_value_did() -> None:
    rows = [point(depth, top1) for depth, top1 in ((50, 0.7), (14, 0.6), (26, 0.66))]
    rows.append(point(101, 0.7, status="failed"))
    first, second = along(settings(*rows), "depth")
    assert (first.of, first.over, second.of, second.over) == ("26", "14", "50", "26")
    assert (first.difference.value, second.difference.value) == pytest.approx((0.06, 0.04))


def test_a_step_is_taken_where_all_else_is_alike() -> None:
    rows = [point(14, 0.6, resolution=32), point(26, 0.7, resolution=32), point(26, 0.9, resolution=64)]
    (contrast,) = along(settings(*rows), "depth")
    assert (contrast.points, contrast.difference.value) == (1, pytest.approx(0.1))


def test_a_recipe_that_a_rule_sets_by_size_parts_no_step_and_one_that_is_crossed_does() -> None:
    ruled = [point(14, 0.6, dropout=0.1), point(26, 0.7, dropout=0.2)]
    assert along(settings(*ruled), "depth")[0].difference.value == pytest.approx(0.1)
    both = [point(14, 0.6, dropout=0.1), point(14, 0.5, dropout=0.2), point(26, 0.7, dropout=0.1)]
    both.append(point(26, 0.8, dropout=0.2))
    for rows in (both, both[::-1]):
        (contrast,) = along(settings(*rows), "depth")
        assert (contrast.points, contrast.difference.value) == (2, pytest.approx(0.2))


def test_steps_whose_epochs_nobody_knows_are_steps() -> None:
    rows = [point(depth, 0.6, epochs=None) for depth in (14, 26)]
    assert len(along(settings(*rows), "depth")) == 1


def test_nothing_depends_on_the_order_of_records() -> None:
    random = np.random.default_rng(0)
    rows = [
        point(depth, 0.6 + 0.01 * random.standard_normal(), seed, 5000, init=init)
        for depth in (14, 26, 50)
        for init in (None, "a")
        for seed in (0, 1)
    ]
    mixed = [rows[index] for index in random.permutation(len(rows))]
    for contrasts in (lambda of: along(of, "depth"), lambda of: between_groups(of, ("init",))):
        told = [
            [value for contrast in contrasts(settings(*records)) for value in vars(contrast.difference).values()]
            for records in (rows, mixed)
        ]
        assert told[0] == pytest.approx(told[1], abs=1e-12)


def test_intervals_hold_all_differences_at_once_in_nine_of_ten_studies() -> None:
    truth, held = np.array([0.60, 0.62, 0.63, 0.63]), []
    for number in range(25):
        random = np.random.default_rng(number)
        rows = []
        for depth, top1 in enumerate(truth, start=1):
            images = np.sqrt(top1 * (1 - top1) / 10_000) * random.standard_normal()
            rows += [point(depth, top1 + images + 0.003 * random.standard_normal(), seed, 10_000) for seed in range(3)]
        found = along(settings(*rows), "depth")
        inside = [
            contrast.difference.low <= step <= contrast.difference.high
            for contrast, step in zip(found, np.diff(truth), strict=True)
        ]
        held.append(all(inside))
    assert 0.8 <= np.mean(held) <= 1.0
