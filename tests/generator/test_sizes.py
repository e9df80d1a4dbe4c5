"""What is counted from a few blocks equals what is counted from the whole network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.datasets.known import FASHION_MNIST, IMAGENET
from scaling.generator.sizes import size
from scaling.models import check, count, describe
from scaling.models.families.resnet_rs import BLOCKS
from scaling.schema import Variant


@given(
    st.sampled_from([None, *[(a, b, c, d) for a in (1, 3) for b in (1, 7) for c in (2, 9) for d in (1, 4)]]),
    st.sampled_from(sorted(BLOCKS)),
    st.sampled_from([0.125, 0.25, 1.0, 1.37]),
    st.integers(32, 97),
    st.sampled_from(["resnet_rs", "resnet_d", "paper_text", "small"]),
    st.sampled_from([0.0, 0.25]),
    st.booleans(),
)
def test_sizes_are_exact(
    blocks: tuple[int, int, int, int] | None,
    depth: int,
    width: float,
    resolution: int,
    stem: str,
    se_ratio: float,
    resnet_d: bool,
) -> None:
    if blocks and 3 * sum(blocks) + 2 not in BLOCKS:
        depth = 3 * sum(blocks) + 2
    else:
        blocks = None
    variant = Variant.model_validate(
        {"depth": depth, "blocks": blocks, "width": width, "resolution": resolution, "stem": stem}
        | {"se_ratio": se_ratio, "resnet_d": resnet_d or stem == "paper_text"}
    )
    assert size(variant, IMAGENET) == count(describe(variant, channels=3, classes=1000))


def test_a_data_set_changes_the_first_and_the_last_layer() -> None:
    variant = Variant(family="efficientnet", depth=1, resolution=32)
    assert size(variant, FASHION_MNIST) == count(describe(variant, channels=1, classes=10))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"depth": 51}, "depth 51 has no block layout"),
        ({"depth": 5e8}, "depth 5e"),
        ({"width": 0.001}, "width 0.001 leaves"),
        ({"resolution": 31}, "resolution 31 is below"),
        ({"family": "efficientnet", "depth": 1, "resolution": 31}, "resolution 31 is below"),
        ({"resolution": 16_385}, "resolution 16385 is more than"),
        ({"stem": "paper_text", "resnet_d": False}, "stem paper_text has"),
        ({"depth": 17, "blocks": (1, 1, 1, 1)}, "blocks 1-1-1-1 make depth 14, not 17"),
    ],
)
def test_what_cannot_be_built_is_refused_and_has_no_size(fields: dict[str, object], message: str) -> None:
    variant = Variant.model_validate({"depth": 50, "resolution": 64} | fields)
    with pytest.raises(ValueError, match=message):
        check(variant)
    with pytest.raises(ValueError, match=message):
        size(variant, IMAGENET)
