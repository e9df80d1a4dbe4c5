"""Strategies scale as their definitions say, and come as near to a target as can be."""

from __future__ import annotations

import math

import pytest

from scaling.datasets.known import IMAGENET
from scaling.generator.sizes import size
from scaling.generator.strategies import SHARES, Scaled, Shares, reach, shares, stretch
from scaling.models.families.resnet_rs import BLOCKS, deepened, with_blocks
from scaling.schema import Variant

RS50 = Variant(depth=50, resolution=160)
B0 = Variant(family="efficientnet", depth=1, width=1, resolution=224)


def macs(variant: Variant) -> int:
    return size(variant, IMAGENET).macs


def params(variant: Variant) -> int:
    return size(variant, IMAGENET).params


def scaled(strategy: str, base: Variant, factor: float, epochs: int = 350) -> Scaled:
    return reach(strategy, shares(strategy, epochs), base, "macs", factor * macs(base), macs)


def test_compound_is_efficientnets_coefficients_to_one_power() -> None:
    once, thrice = (stretch(B0, (1.2 * 1.1**2 * 1.15**2) ** power, SHARES["compound"]) for power in (1, 3))
    assert (once.depth, once.width, once.resolution) == (1.2, 1.1, 256)  # 257.6, to a multiple of 4
    assert (thrice.depth, thrice.width) == (1.728, 1.331)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("d1_w8_r1", (0.1, 0.8, 0.1)),
        ("d1_w2_r1", (0.25, 0.5, 0.25)),
        ("d1_w0_r0", (1, 0, 0)),
        ("d0.5_w0.5_r1", (0.25, 0.25, 0.5)),
        ("depth", (1, 0, 0)),
        ("width", (0, 1, 0)),
        ("resolution", (0, 0, 1)),
    ],
)
def test_exponents_are_relative_shares_of_the_cost(strategy: str, expected: tuple[float, ...]) -> None:
    direction = shares(strategy, None)
    assert (direction.depth, direction.width, direction.resolution) == pytest.approx(expected)
    wider = stretch(B0, 16.0, direction)
    product = wider.depth * wider.width**2 * (wider.resolution / B0.resolution) ** 2
    assert product == pytest.approx(16, rel=0.02)


def test_resnet_rs_deepens_in_long_training_and_widens_otherwise() -> None:
    assert shares("resnet_rs", 350) == Shares(0.75, 0, 0.25, 320)
    assert shares("resnet_rs", 349) == Shares(0, 0.75, 0.25, 320)
    assert shares("resnet_rs", 8, long_training=8).depth == 0.75
    with pytest.raises(ValueError, match="depends on the epochs"):
        shares("resnet_rs", None)


def test_resnet_rs_raises_the_resolution_slowly_and_not_beyond_320() -> None:
    factors = (1, 2, 4, 8, 16)
    assert [scaled("resnet_rs", RS50, factor).variant.resolution for factor in factors] == [160, 176, 192, 212, 232]
    assert [scaled("compound", RS50, factor).variant.resolution for factor in factors] == [160, 188, 216, 256, 296]
    tiny = Variant(depth=50, width=0.25, resolution=256)
    beyond = [scaled("resnet_rs", tiny, factor, epochs=10) for factor in (4, 16, 64)]
    assert [(found.variant.resolution, found.hit) for found in beyond] == [(304, True), (320, True), (320, True)]
    assert scaled("resnet_rs", Variant(depth=50, resolution=448), 4).variant.resolution == 448


@pytest.mark.parametrize("strategy", ["d0_w0_r0", "d1_w2", "d-1_w1_r1", "deep", "d1_w1_r1_"])
def test_what_is_no_strategy_is_refused(strategy: str) -> None:
    with pytest.raises(ValueError, match=repr(strategy)):
        shares(strategy, 1)


def test_named_layouts_stay_themselves() -> None:
    for depth, blocks in BLOCKS.items():
        assert deepened(with_blocks(RS50, blocks), 1.0) == {"depth": depth, "blocks": None}


@pytest.mark.parametrize(
    ("blocks", "factor", "depth", "grown"),
    [
        ((3, 4, 6, 3), 2.0, 98, (3, 10, 16, 3)),  # 32 blocks, 26 of them in c3 and c4 at 4 to 6
        ((3, 24, 36, 3), 116 / 66, 350, None),  # as many blocks as ResNet-350
        ((4, 29, 53, 4), 98 / 90, 296, (4, 32, 58, 4)),
        ((4, 36, 54, 4), 0.5, 149, (4, 16, 25, 4)),
        ((3, 4, 6, 3), 0.01, 26, None),  # never fewer than one block a stage
    ],
)
def test_depth_grows_in_stages_c3_and_c4(
    blocks: tuple[int, int, int, int], factor: float, depth: int, grown: tuple[int, ...] | None
) -> None:
    assert deepened(with_blocks(RS50, blocks), factor) == {"depth": depth, "blocks": grown}


@pytest.mark.parametrize("base", [RS50, Variant(depth=200, width=0.5, resolution=128, stem="resnet_d"), B0])
@pytest.mark.parametrize("strategy", ["depth", "width", "resolution", "compound", "d1_w2_r1", "resnet_rs"])
@pytest.mark.parametrize("factor", [0.5, 1, 2, 8])
def test_targets_are_reached(base: Variant, strategy: str, factor: float) -> None:
    found = scaled(strategy, base, factor)
    if base is RS50 and strategy == "depth" and factor == 0.5:
        assert (found.variant.depth, found.hit) == (26, False)  # stages c2 and c5 do not shrink: 8 blocks are the least
        return
    assert found.hit
    assert found.achieved == macs(found.variant)
    assert found.ratio == found.achieved / (factor * macs(base))
    if factor == 1:
        assert found.variant == base


def test_parameters_can_be_the_target() -> None:
    for strategy in ("depth", "width", "compound", "d1_w2_r1", "resnet_rs"):
        found = reach(strategy, shares(strategy, 350), RS50, "params", 70e6, params)
        assert found.hit
        assert found.achieved == params(found.variant)
    assert not reach("resolution", SHARES["resolution"], RS50, "params", 70e6, params).hit


@pytest.mark.parametrize("target", [3.1e9, 5e9, 9.7e9])
def test_no_other_depth_or_resolution_is_nearer(target: float) -> None:
    def off(variant: Variant) -> float:
        return abs(math.log(macs(variant) / target))

    def changed(**fields: object) -> Variant:
        return RS50.model_copy(update=fields)

    deeper = reach("depth", SHARES["depth"], RS50, "macs", target, macs).variant
    assert off(deeper) == min(off(changed(**deepened(RS50, blocks / 16))) for blocks in range(8, 140))
    larger = reach("resolution", SHARES["resolution"], RS50, "macs", target, macs).variant
    assert off(larger) == min(off(changed(resolution=pixels)) for pixels in range(32, 600, 4))


def test_resolutions_are_multiples_of_the_step() -> None:
    small = Variant(depth=14, width=0.25, resolution=14, stem="small")
    assert stretch(small, 1.15, SHARES["resolution"]).resolution == 15
    assert stretch(RS50, 1.15, SHARES["resolution"]).resolution == 172
    assert stretch(RS50, 1.15, SHARES["resolution"], resolution_step=32).resolution == 160
    assert stretch(Variant(depth=50, resolution=150), 2, SHARES["depth"]).resolution == 150


def test_what_cannot_be_built_bounds_the_search() -> None:
    assert scaled("width", RS50, 1e-6).variant.width >= 1 / 32
    assert scaled("resolution", RS50, 1e-6).variant.resolution == 32
    assert scaled("depth", RS50, 1e6).variant.depth <= 2000
