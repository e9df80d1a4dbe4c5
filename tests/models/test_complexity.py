"""Costs counted from data, against numbers from outside."""

from __future__ import annotations

import pytest

from scaling.models import count, describe
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

# Trainable parameters as keras.applications and timm count them; coefficients of the released efficientnet_builder.py.
EFFICIENTNETS = [
    ("B0", 1.0, 1.0, 224, 5_288_548),
    ("B1", 1.0, 1.1, 240, 7_794_184),
    ("B2", 1.1, 1.2, 260, 9_109_994),
    ("B3", 1.2, 1.4, 300, 12_233_232),
    ("B4", 1.4, 1.8, 380, 19_341_616),
    ("B5", 1.6, 2.2, 456, 30_389_784),
    ("B6", 1.8, 2.6, 528, 43_040_704),
    ("B7", 2.0, 3.1, 600, 66_347_960),
]


@pytest.mark.parametrize(("depth", "resolution", "params", "gmacs"), TABLE_7)
def test_resnet_rs_has_the_params_and_macs_of_table_7(depth: int, resolution: int, params: int, gmacs: float) -> None:
    cost = count(describe(Variant(depth=depth, resolution=resolution), channels=3, classes=1000))
    assert cost.params == params
    assert round(cost.macs / 1e9, 2) == gmacs


@pytest.mark.parametrize(("name", "width", "depth", "resolution", "params"), EFFICIENTNETS)
def test_efficientnet_has_the_published_params(
    name: str, width: float, depth: float, resolution: int, params: int
) -> None:
    variant = Variant(family="efficientnet", width=width, depth=depth, resolution=resolution)
    assert count(describe(variant, channels=3, classes=1000)).params == params


def test_efficientnet_b0_costs_what_pycls_says() -> None:
    b0 = count(describe(Variant(family="efficientnet", depth=1, resolution=224), channels=3, classes=1000))
    assert (round(b0.macs / 1e6, 1), b0.activations) == (385.8, 6_748_036)


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
        ({"depth": 26, "resolution": 64, "width": 0.01}, "width 0.01 leaves a layer without filters"),
        ({"depth": 26, "resolution": 31}, "resolution 31 is below the network's stride of 32"),
        ({"depth": 26, "resolution": 7, "stem": "small"}, "resolution 7 is below the network's stride of 8"),
        ({"family": "efficientnet", "depth": 1, "resolution": 31}, "resolution 31 is below EfficientNet's 32"),
    ],
)
def test_what_cannot_be_built_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        describe(Variant.model_validate(options), channels=3, classes=10)
