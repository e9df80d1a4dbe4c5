"""The memory estimate against the four measurements of Table 3."""

from __future__ import annotations

import pytest

from scaling.datasets import IMAGENET
from scaling.generator.budget import training_memory_gb
from scaling.generator.sizes import size
from scaling.models import Complexity
from scaling.schema import Variant


def efficientnet(depth: float, width: float, resolution: int) -> Variant:
    return Variant(family="efficientnet", depth=depth, width=width, resolution=resolution)


@pytest.mark.parametrize(
    ("variant", "measured_gb", "off"),
    [
        (Variant(depth=350, resolution=256), 7.3, 0.27),
        (Variant(depth=420, resolution=320), 15.5, -0.02),
        (efficientnet(2.6, 1.8, 528), 16.6, 0.01),
        (efficientnet(3.1, 2.0, 600), 28.3, 0.02),
    ],
)
def test_the_estimate_is_off_by_as_much_as_its_docstring_says(variant: Variant, measured_gb: float, off: float) -> None:
    estimate = training_memory_gb(size(variant, IMAGENET), 32, "mixed_bfloat16")
    assert estimate / measured_gb - 1 == pytest.approx(off, abs=0.01)


def test_variables_stay_float32_and_activations_follow_precision_and_batch() -> None:
    counted = Complexity(params=1_000_000, macs=1, activations=1_000_000)
    assert training_memory_gb(counted, 100, "float32") == pytest.approx(0.016 + 0.6)
    assert training_memory_gb(counted, 100, "mixed_bfloat16") == pytest.approx(0.016 + 0.3)
