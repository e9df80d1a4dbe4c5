"""Costs counted from data, against numbers from outside."""

from __future__ import annotations

from typing import Any

import pytest

from scaling.models import Complexity, count, describe
from scaling.models.families.efficientnet import NAMED, Coefficients
from scaling.models.families.resnet_rs import BLOCKS
from scaling.models.family import dashed
from scaling.models.names import parse
from scaling.published import read_rows
from scaling.schema import Variant

# Params and MACs of arXiv 2103.07579, Table 7: printed FLOPs are 2 x MACs; exact params follow from the released code.
TABLE_7 = [
    (50, 160, 35_691_912, 2.28),
    (101, 160, 63_618_696, 4.18),
    (101, 192, 63_618_696, 6.01),
    (152, 192, 86_621_576, 8.75),
    (152, 224, 86_621_576, 11.90),
    (152, 256, 86_621_576, 15.53),
    (200, 256, 93_209_992, 20.09),
    (270, 256, 129_861_448, 26.95),
    (350, 256, 163_956_168, 34.38),
    (350, 320, 163_956_168, 53.68),
    (420, 320, 191_891_656, 63.94),
]

# Trainable parameters as keras.applications and timm count them (b8 and l2: timm).
EFFICIENTNETS = {
    "b0": 5_288_548,
    "b1": 7_794_184,
    "b2": 9_109_994,
    "b3": 12_233_232,
    "b4": 19_341_616,
    "b5": 30_389_784,
    "b6": 43_040_704,
    "b7": 66_347_960,
    "b8": 87_413_142,
    "l2": 480_309_308,
}

# Params and MACs that torchvision states for its ResNets at 224 pixels; params of timm's resnet50d and resnet200d.
PLAIN = {50: (25_557_032, 4.09), 101: (44_549_160, 7.80), 152: (60_192_808, 11.51)}
RESNET_D = {50: 25_576_264, 200: 64_693_064}

GRID = [
    (stem, column, row)
    for row in read_rows("grid_complexity")
    for stem, column in (("resnet_rs", "rs_stem"), ("resnet_d", "maxpool_stem"))
]


def cost_of(**options: Any) -> Complexity:
    return count(describe(Variant(**options), channels=3, classes=1000))


@pytest.mark.parametrize(("depth", "resolution", "params", "gmacs"), TABLE_7)
def test_resnet_rs_has_the_params_and_macs_of_table_7(depth: int, resolution: int, params: int, gmacs: float) -> None:
    cost = cost_of(depth=depth, resolution=resolution)
    assert cost.params == params
    assert round(cost.macs / 1e9, 2) == gmacs


def test_all_175_cells_of_the_grid_have_their_params_and_flops_with_either_stem() -> None:
    assert len(GRID) == 2 * 175
    for stem, column, row in GRID:
        depth = int(row["depth"])
        cost = cost_of(depth=depth, width=float(row["width"]), resolution=int(row["resolution"]), stem=stem)
        printed = (float(row[f"params_millions_{column}"]), float(row[f"flops_billions_{column}"]))
        assert (round(cost.params / 1e6, 2), round(2 * cost.macs / 1e9, 3)) == printed, (stem, row)
        assert dashed(BLOCKS[depth]) == row["blocks"]


@pytest.mark.parametrize("depth", PLAIN)
def test_without_resnet_d_and_gates_it_is_the_plain_resnet(depth: int) -> None:
    cost = cost_of(depth=depth, resolution=224, resnet_d=False, se_ratio=0.0)
    assert (cost.params, round(cost.macs / 1e9, 2)) == PLAIN[depth]
    assert cost == cost_of(depth=depth, resolution=224, resnet_d=False, se_ratio=0.0, stem="resnet_d")


@pytest.mark.parametrize("depth", RESNET_D)
def test_the_max_pool_stem_without_gates_is_resnet_d(depth: int) -> None:
    assert cost_of(depth=depth, resolution=224, stem="resnet_d", se_ratio=0.0).params == RESNET_D[depth]


def test_the_paper_s_text_saves_a_convolution_and_pays_in_the_first_block() -> None:
    released, text = (cost_of(depth=50, resolution=160, stem=stem) for stem in ("resnet_rs", "paper_text"))
    assert released.params - text.params == 9 * 64 * 64 + 2 * 64
    stem_4, first_1x1 = 9 * 64 * 64 * 40**2, 64 * 64 * (80**2 - 40**2)
    assert released.macs - text.macs == stem_4 - first_1x1


def test_activation_changes_no_count() -> None:
    assert cost_of(depth=50, resolution=160, activation="swish") == cost_of(depth=50, resolution=160)


@pytest.mark.parametrize("name", EFFICIENTNETS)
def test_efficientnet_has_the_published_params(name: str) -> None:
    variant = parse(f"efficientnet_{name}")
    assert count(describe(variant, channels=3, classes=1000)).params == EFFICIENTNETS[name]


def test_efficientnet_has_the_published_coefficients() -> None:
    for row in read_rows("efficientnet_coefficients"):
        published = tuple(float(row[field]) for field in Coefficients._fields)
        assert NAMED[row["efficientnet"].lower()] == published


def test_efficientnet_b0_costs_what_pycls_says() -> None:
    b0 = count(describe(parse("efficientnet_b0"), channels=3, classes=1000))
    assert (round(b0.macs / 1e6, 1), b0.activations) == (385.8, 6_748_036)


def test_resnet_50_has_the_activations_that_pycls_says() -> None:
    plain = cost_of(depth=50, resolution=224, resnet_d=False, se_ratio=0.0)
    assert round(plain.activations / 1e6, 1) == 11.1


def test_a_depth_without_a_layout_brings_its_own() -> None:
    brought = Variant(depth=38, resolution=64, blocks=(3, 3, 3, 3))
    names = [layer.name for layer in describe(brought, channels=3, classes=10).layers]
    assert [f"stage{stage}_block3_add" in names for stage in range(2, 6)] == [True] * 4
    assert cost_of(depth=26, resolution=64, blocks=(2, 2, 2, 2)) == cost_of(depth=26, resolution=64)


def test_width_scales_the_stem_too() -> None:
    half = describe(Variant(depth=26, width=0.5, resolution=64), channels=3, classes=10)
    assert [layer.filters for layer in half.layers if layer.name.startswith("stem") and hasattr(layer, "filters")] == [
        16,
        16,
        32,
        32,
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 27, "resolution": 64}, "depth 27 has no block layout; known depths: 14, 26, 50"),
        ({"depth": 50.5, "resolution": 64}, "depth 50.5 has no block layout"),
        ({"depth": 26, "resolution": 64, "blocks": (1, 2, 3, 2)}, "blocks 1-2-3-2 are not those of depth 26"),
        ({"depth": 28, "resolution": 64, "blocks": (2, 2, 3, 2)}, "blocks 2-2-3-2 make depth 29, not 28"),
        ({"depth": 3e9 + 2, "resolution": 64, "blocks": (1, 1, 1, 10**9 - 3)}, r"depth 3e\+09 is more than 2000"),
        ({"family": "efficientnet", "depth": 1e300, "resolution": 64}, r"depth 1e\+300 is more than 40"),
        ({"depth": 26, "resolution": 64, "width": 1e308}, r"width 1e\+308 is more than 64"),
        ({"depth": 26, "resolution": 10**6}, r"resolution 1e\+06 is more than 16384"),
        ({"depth": 26, "resolution": 64, "stem": "paper_text", "resnet_d": False}, "stem paper_text has .* ResNet-D"),
        ({"depth": 26, "resolution": 64, "resnet_d": False, "width": 0.015}, "width 0.015 .* at least 0.015625"),
        ({"depth": 26, "resolution": 31, "stem": "paper_text"}, "resolution 31 is below the network's stride of 32"),
        ({"depth": 26, "resolution": 64, "width": 0.01}, "width 0.01 leaves a layer without filters"),
        ({"depth": 26, "resolution": 31}, "resolution 31 is below the network's stride of 32"),
        ({"depth": 26, "resolution": 7, "stem": "small"}, "resolution 7 is below the network's stride of 8"),
        ({"family": "efficientnet", "depth": 1, "resolution": 31}, "resolution 31 is below EfficientNet's 32"),
    ],
)
def test_what_cannot_be_built_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        describe(Variant.model_validate(options), channels=3, classes=10)
