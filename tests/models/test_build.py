"""The Keras model is the data: same cost, same names, same rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from scaling.models import Complexity, count, describe
from scaling.schema import Variant

pytestmark = pytest.mark.slow

VARIANTS = [
    Variant(depth=14, width=0.25, resolution=16, stem="small"),
    Variant(depth=26, width=0.375, resolution=30, stem="small", se_ratio=0.0),
    Variant(depth=50, resolution=160),
    Variant(depth=101, width=1.5, resolution=65),
    Variant(family="efficientnet", depth=0.5, width=0.5, resolution=32),
    Variant(family="efficientnet", depth=1.0, width=1.0, resolution=224),
    Variant(family="efficientnet", depth=1.2, width=1.1, resolution=130),
]
RGB = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}


def make(variant: Variant, **options: Any) -> Any:
    from scaling.models.build import build

    return build(variant, **{"classes": 10, **RGB, **options})


def count_layers(model: Any) -> Complexity:
    """Counts a built model from its own layers' weights and output shapes."""
    import keras

    total = Complexity(params=sum(math.prod(v.shape) for v in model.trainable_variables))
    for layer in model.layers:
        elements = math.prod(layer.output.shape[1:]) if isinstance(layer.output, keras.KerasTensor) else 0
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            total += Complexity(macs=math.prod(layer.kernel_size) * elements, activations=elements)
        elif isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            inputs = math.prod(layer.kernel.shape[:-1])
            total += Complexity(macs=inputs * elements, activations=elements)
    return total


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_count_from_data_equals_a_count_over_built_layers(variant: Variant) -> None:
    assert count_layers(make(variant)) == count(describe(variant, channels=3, classes=10))


def test_residual_branches_start_switched_off_and_drop_by_stage() -> None:
    model = make(Variant(depth=26, width=0.25, resolution=32), stochastic_depth=0.2)
    last_norms = [layer for layer in model.layers if layer.name.startswith("stage") and layer.name.endswith("_3_norm")]
    assert len(last_norms) == 8
    assert all((layer.gamma.numpy() == 0).all() for layer in last_norms)
    drops = {layer.name: layer.rate for layer in model.layers if layer.name.endswith("_add_drop")}
    assert drops["stage2_block1_add_drop"] == pytest.approx(0.2 * 2 / 5)
    assert drops["stage5_block2_add_drop"] == pytest.approx(0.2)


def test_a_picture_of_mean_colour_reaches_the_network_as_zero() -> None:
    for variant in (VARIANTS[0], VARIANTS[4]):
        model = make(variant)
        first = next(layer for layer in model.layers if "conv" in layer.name and not layer.name.endswith("pad"))
        import keras

        seen = keras.Model(model.input, first.input)
        grey = np.full((1, variant.resolution, variant.resolution, 3), 0.5 * 255, "float32")
        np.testing.assert_allclose(np.asarray(seen(grey)), 0, atol=1e-6)


@pytest.mark.parametrize("variant", [VARIANTS[0], VARIANTS[4]], ids=lambda variant: variant.name)
def test_initialize_depends_on_the_seed_alone(variant: Variant) -> None:
    from scaling.models.build import initialize

    model = make(variant, dropout=0.1, stochastic_depth=0.1)
    initialize(model, seed=3)
    first = [v.numpy().copy() for v in model.variables]
    for variable in model.trainable_variables:
        variable.assign(variable + 1.0)
    initialize(model, seed=4)
    other = [v.numpy().copy() for v in model.variables]
    initialize(model, seed=3)
    assert all((a == b.numpy()).all() for a, b in zip(first, model.variables, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_mixed_precision_computes_in_bfloat16_and_answers_in_float32() -> None:
    model = make(VARIANTS[0], precision="mixed_bfloat16")
    assert model.get_layer("stage2_block1_1_conv").compute_dtype == "bfloat16"
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    assert model.output.dtype == "float32"
