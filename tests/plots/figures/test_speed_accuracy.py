from __future__ import annotations

import pytest

from scaling import published
from scaling.plots.figures.speed_accuracy import spec
from scaling.plots.kit import style
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from tests.plots.drawn import assert_equal_limits, assert_nothing_overlaps, context, drawn, lines, names

TABLE7 = published.load("table7")


def test_figure_1_has_every_model_on_both_devices() -> None:
    figure = drawn(spec(context(TABLE7)))
    assert [axes.get_title() for axes in figure.axes] == ["TPUv3 (8 cores)", "Tesla V100"]
    for axes in figure.axes:
        points = lines(axes)
        assert (len(points["ResNet-RS"][0]), len(points["EfficientNet"][0])) == (11, 8)
    x, y = lines(figure.axes[0])["EfficientNet"]
    assert (x[-1], y[-1]) == pytest.approx((6020, 84.7), rel=0.02)
    assert {f"B{number}" for number in range(8)} < set(names(figure.axes[0]))
    assert "152@192" in names(figure.axes[0])
    assert_nothing_overlaps(figure)


def test_devices_share_their_scales_and_say_the_speedup_beside_its_arrow() -> None:
    figure = drawn(spec(context(TABLE7)))
    assert_equal_limits(figure.axes)
    for axes in figure.axes:
        assert any(name.startswith("at 82.0%: ResNet-RS\n") and "× (1." in name for name in names(axes))


def test_an_undecided_speedup_is_dashed() -> None:
    noisy = TABLE7.assign(given_seed_sd=0.03)
    arrows = [line for axes in drawn(spec(context(noisy))).axes for line in axes.lines if line.get_marker() == "|"]
    assert [(line.get_linestyle(), line.get_color()) for line in arrows] == [("--", style.GREY)] * 2


def test_the_small_print_says_where_the_arrow_is_read_and_what_labels_are() -> None:
    found = spec(context(TABLE7))
    assert isinstance(found, FigureSpec)
    assert "Arrow: the speed-up at one accuracy" in found.notes[0]
    assert "Labels: the model's name, or depth × width, @resolution" in found.notes[0]


def test_the_conclusion_has_the_interval_of_each_device() -> None:
    found = spec(context(TABLE7))
    assert isinstance(found, FigureSpec)
    assert "On TPUv3 (8 cores): At equal accuracy from 78.8% to 84.4%" in found.concludes
    assert "(90%:" in found.concludes.split("On Tesla V100")[1]


def test_numbers_that_nobody_verified_are_hollow() -> None:
    doubted = TABLE7.assign(
        trust=["unverified" if model == "EfficientNet-B0" else "primary" for model in TABLE7["model"]]
    )
    axes = drawn(spec(context(doubted))).axes[0]
    (hollow,) = (line for line in axes.lines if line.get_label() == "EfficientNet, not verified")
    assert len(hollow.get_xdata()) == 1
    assert hollow.get_markerfacecolor() == "white"


def test_published_points_stand_behind_ones_own() -> None:
    own = TABLE7[TABLE7["depth"] < 300].assign(study="mine")
    axes = drawn(spec(context(own, TABLE7))).axes[0]
    points = lines(axes)
    assert len(points["published: ResNet-RS"][0]) == 11
    assert len(points["ResNet-RS"][0]) == 8


def test_one_family_is_skipped_with_a_reason() -> None:
    alone = spec(context(TABLE7[TABLE7["family"] == "resnet_rs"]))
    assert alone == Skipped("speed_accuracy", "one family only: there is nothing to compare it with")
