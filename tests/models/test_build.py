"""The Keras model is the data: same cost, same names, same rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from scaling.models import Complexity, count, describe
from scaling.models.families.resnet_rs import BLOCKS
from scaling.models.names import parse
from scaling.schema import Variant

pytestmark = pytest.mark.slow

VARIANTS = [
    Variant(depth=14, width=0.25, resolution=16, stem="small"),
    Variant(depth=26, width=0.375, resolution=30, stem="small", se_ratio=0.0),
    Variant(depth=101, width=1.5, resolution=65),
    Variant(depth=26, width=0.5, resolution=97, stem="resnet_d", activation="swish"),
    Variant(depth=26, width=0.5, resolution=97, stem="paper_text", se_ratio=0.1),
    Variant(depth=26, width=0.5, resolution=97, resnet_d=False, se_ratio=0.0),
    Variant(depth=17, width=0.5, resolution=16, stem="small", resnet_d=False, blocks=(1, 2, 1, 1)),
    Variant(family="resnet", depth=10, width=0.25, resolution=17, options={"stem": "small"}),
    Variant(family="resnet", depth=34, width=0.25, resolution=65),
    Variant(family="resnet", depth=26, width=0.25, resolution=66, options={"resnet_d": True}),
    Variant(family="resnet", depth=35, width=0.25, resolution=32, options={"blocks": "2-3-4-2"}),
    Variant(family="convnext", depth=7, width=0.25, resolution=66, options={"patch": 2, "kernel": 3}),
    Variant(family="convnext", depth=12, width=0.4, resolution=97),
    Variant(family="vit", depth=3, width=0.5, resolution=48),
    Variant(family="vit", depth=2, width=0.25, resolution=28, options={"patch": 7, "head": 16, "mlp_ratio": 2.5}),
    Variant(family="efficientnet", depth=0.5, width=0.5, resolution=32),
    Variant(family="efficientnet", depth=1.2, width=1.1, resolution=130),
]
EFFICIENTNET = VARIANTS[-2]
RGB = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}


def make(variant: Variant, **options: Any) -> Any:
    from scaling.models.build import build

    return build(variant, **{"classes": 10, **RGB, **options})


def count_layers(model: Any) -> Complexity:
    """Counts a built model from its own layers' weights and output shapes."""
    import keras

    from scaling.models.keras_layers import SelfAttention

    total = Complexity(params=sum(math.prod(v.shape) for v in model.trainable_variables))
    for layer in model.layers:
        elements = math.prod(layer.output.shape[1:]) if isinstance(layer.output, keras.KerasTensor) else 0
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            total += Complexity(macs=math.prod(layer.kernel_size) * elements, activations=elements)
        elif isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            inputs = math.prod(layer.kernel.shape[:-1])
            total += Complexity(macs=inputs * elements, activations=elements)
        elif isinstance(layer, SelfAttention):
            total += Complexity(macs=2 * layer.output.shape[1] * elements)
    return total


def described(variant: Variant) -> str:
    return "-".join(
        [variant.name, *(str(v) for k, v in variant.changed().items() if k in ("stem", "resnet_d", "options"))]
    )


@pytest.mark.parametrize("variant", VARIANTS, ids=described)
def test_a_count_from_data_equals_a_count_over_built_layers(variant: Variant) -> None:
    assert count_layers(make(variant)) == count(describe(variant, channels=3, classes=10))


@pytest.mark.parametrize(
    "name", [*(f"resnet_rs_{d}@160" for d in BLOCKS if d <= 152), *(f"efficientnet_b{i}" for i in (0, 1, 3))]
)
def test_named_models_are_built_as_they_are_counted(name: str) -> None:
    """All that are not so deep that building them takes seconds: deeper ones have more of the same blocks."""
    variant = parse(name)
    assert count_layers(make(variant, classes=1000)) == count(describe(variant, channels=3, classes=1000))


def test_options_reach_the_built_model() -> None:
    def layer(name: str, **options: Any) -> Any:
        return make(Variant(**{"depth": 14, "width": 0.25, "resolution": 32, **options})).get_layer(name)

    assert layer("stage2_block1_2_conv").strides == (1, 1)
    assert layer("stage2_block1_2_conv", stem="paper_text").strides == (2, 2)
    assert layer("stage2_block1_shortcut_pool", stem="paper_text").pool_size == (2, 2)
    assert layer("stem_pool", stem="resnet_d").pool_size == (3, 3)
    assert layer("stem_1_conv", resnet_d=False).kernel_size == (7, 7)
    assert layer("stage3_block1_shortcut_conv", resnet_d=False).strides == (2, 2)
    assert layer("stage3_block1_out", activation="swish").get_config()["activation"] in ("silu", "swish")
    with pytest.raises(ValueError, match="No such layer"):
        layer("stage3_block1_se", se_ratio=0.0)


def test_residual_branches_start_switched_off_and_drop_by_stage() -> None:
    model = make(Variant(depth=26, width=0.25, resolution=32), stochastic_depth=0.2)
    last_norms = [layer for layer in model.layers if layer.name.startswith("stage") and layer.name.endswith("_3_norm")]
    assert len(last_norms) == 8
    assert all((layer.gamma.numpy() == 0).all() for layer in last_norms)
    drops = {layer.name: layer.rate for layer in model.layers if layer.name.endswith("_add_drop")}
    assert drops["stage2_block1_add_drop"] == pytest.approx(0.2 * 2 / 5)
    assert drops["stage5_block2_add_drop"] == pytest.approx(0.2)


def test_a_picture_of_mean_colour_reaches_the_network_as_zero() -> None:
    for variant in (VARIANTS[0], EFFICIENTNET):
        model = make(variant)
        first = next(layer for layer in model.layers if "conv" in layer.name and not layer.name.endswith("pad"))
        import keras

        seen = keras.Model(model.input, first.input)
        grey = np.full((1, variant.resolution, variant.resolution, 3), 0.5 * 255, "float32")
        np.testing.assert_allclose(np.asarray(seen(grey)), 0, atol=1e-6)


@pytest.mark.parametrize("variant", [VARIANTS[0], EFFICIENTNET], ids=lambda variant: variant.name)
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
