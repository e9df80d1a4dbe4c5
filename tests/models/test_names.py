"""Names and variants, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.models.names import known, name_of, parse
from scaling.schema import Variant

NAMES = {
    "resnet_rs_50@160": Variant(depth=50, resolution=160),
    "resnet_rs_101x1.5@224": Variant(depth=101, width=1.5, resolution=224),
    "efficientnet_b3": Variant(family="efficientnet", depth=1.4, width=1.2, resolution=300),
    "efficientnet_b4@256": Variant(family="efficientnet", depth=1.8, width=1.4, resolution=256),
    "efficientnet_l2": Variant(family="efficientnet", depth=5.3, width=4.3, resolution=800),
    "efficientnet_1.3x1.25@288": Variant(family="efficientnet", depth=1.3, width=1.25, resolution=288),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_its_variant_and_the_variant_its_name(name: str) -> None:
    assert parse(name) == NAMES[name]
    assert name_of(NAMES[name]) == name


def test_the_schema_s_own_names_are_understood() -> None:
    for variant in NAMES.values():
        assert parse(variant.name) == variant


@pytest.mark.parametrize("name", known())
def test_every_known_name_parses_and_comes_back(name: str) -> None:
    assert name_of(parse(f"{name}@224")) == f"{name}@224".replace("efficientnet_b0@224", "efficientnet_b0")


@given(
    depth=st.sampled_from([26, 350]),
    width=st.floats(0.05, 3),
    resolution=st.integers(32, 600),
)
def test_any_width_and_resolution_come_back(depth: int, width: float, resolution: int) -> None:
    variant = Variant(depth=depth, width=width, resolution=resolution)
    assert parse(name_of(variant)) == variant


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet_rs_50", "resnet_rs_50 has no resolution of its own: add @ .* such as resnet_rs_50@224"),
        ("efficientnet_1.4x1.2", "add @"),
        (
            "resnetrs50@160",
            r"'resnetrs50@160' names no model; did you mean 'resnet_rs_50'\?; names look",
        ),
        ("ResNet-RS-152@160", "did you mean 'resnet_rs_152'"),
        ("efficientnet-b3", "did you mean 'efficientnet_b3"),
        ("efficientnet_b9", "did you mean 'efficientnet_b"),
        ("nasnet", "'nasnet' names no model; names look like"),
        ("", "'' names no model; names look like"),
        ("resnet_rs_50@", "'' is no resolution in pixels"),
        ("resnet_rs_50@160@3", "'160@3' is no resolution"),
        ("resnet_rs_50@-3", "'-3' is no resolution"),
        ("resnet_rs_50@0", "resolution 0 is no finite number above 0"),
        ("resnet_rs_50x0@64", "width 0 is no finite number above 0"),
        ("resnet_rs_50x1e999@64", "width inf is no finite number above 0"),
        ("resnet_rs_27@64", "resnet_rs_27@64: depth 27 has no block layout"),
        ("resnet_rs_26@16", "resnet_rs_26@16: resolution 16 is below the network's stride"),
    ],
)
def test_what_is_no_name_is_refused_with_what_would_be(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(name)
