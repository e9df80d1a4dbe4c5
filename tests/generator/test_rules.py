"""Rules give the paper's values, and say which of them were only remembered."""

from __future__ import annotations

import pytest

from scaling.generator.rules import RULES, Filling
from scaling.models.names import parse
from scaling.schema import Recipe, Variant


def fill(rule: str, variant: Variant, epochs: int = 350) -> Filling:
    return RULES[rule].fill(variant, epochs)


def values(rule: str, variant: Variant, epochs: int = 350) -> dict[str, object]:
    return {field: filled.value for field, filled in fill(rule, variant, epochs).items()}


def studied(width: float, resolution: int, depth: int = 101) -> Variant:
    return Variant(depth=depth, width=width, resolution=resolution, stem="resnet_d")


B4 = Variant(family="efficientnet", depth=1.8, width=1.4, resolution=224)


@pytest.mark.parametrize("rule", RULES)
def test_every_value_is_a_recipes_and_says_where_it_comes_from(rule: str) -> None:
    swish = {"activation": "swish"} if rule == "model_garden_recipe" else {}
    for variant in (Variant.model_validate({"depth": 50, "resolution": 160, **swish}), B4):
        if RULES[rule].family in (None, variant.family):
            filled = fill(rule, variant, epochs=10 if variant is B4 else 350)
            assert Recipe.model_validate({"epochs": 350} | {field: its.value for field, its in filled.items()})
            assert all(its.source for its in filled.values())


@pytest.mark.parametrize("epochs", [1, 10, 100])
def test_short_training_has_weight_decay_alone(epochs: int) -> None:
    assert values("paper_regularization", studied(2.0, 448), epochs) == {
        "weight_decay": 4e-5,
        "label_smoothing": 0,
        "dropout": 0,
        "stochastic_depth": 0,
        "randaugment_layers": 0,
    }


@pytest.mark.parametrize(
    ("width", "resolution", "dropout", "stochastic_depth", "magnitude"),
    [
        (0.25, 128, 0.0, 0.0, 10),
        (0.25, 448, 0.0, 0.0, 10),
        (0.5, 320, 0.1, 0.2, 10),
        (1.0, 128, 0.25, 0.0, 10),
        (1.0, 160, 0.25, 0.0, 10),
        (1.0, 224, 0.25, 0.2, 15),
        (1.5, 320, 0.6, 0.2, 15),
        (2.0, 448, 0.75, 0.2, 20),
        (0.75, 224, 0.175, 0.2, 15),  # half-way between two widths
        (0.0625, 14, 0.0, 0.0, 10),  # narrower than the narrowest
        (3.0, 224, 0.75, 0.2, 15),  # wider than the widest
    ],
)
def test_long_training_is_regularised_by_size_from_memory(
    width: float, resolution: int, dropout: float, stochastic_depth: float, magnitude: float
) -> None:
    filled = fill("paper_regularization", studied(width, resolution))
    assert {field: its.value for field, its in filled.items()} == {
        "dropout": dropout,
        "stochastic_depth": stochastic_depth,
        "randaugment_layers": 2,
        "randaugment_magnitude": magnitude,
        "randaugment": "released" if resolution >= 128 else "scaled",
        "label_smoothing": 0.1,
        "weight_decay": 4e-5,
    }
    assert {field for field, its in filled.items() if its.verified} <= {"randaugment"}
    assert filled["randaugment"].verified == (resolution >= 128)
    assert "from memory" in filled["dropout"].source


@pytest.mark.parametrize(
    ("depth", "resolution", "magnitude", "dropout", "stochastic_depth"),
    [(50, 160, 10, 0.25, 0.0), (101, 160, 15, 0.25, 0.0), (350, 320, 15, 0.4, 0.1)],
)
def test_model_gardens_recipe_is_of_its_own_files(
    depth: int, resolution: int, magnitude: int, dropout: float, stochastic_depth: float
) -> None:
    """Those of `imagenet_resnetrs*.yaml`: swish, plain momentum, magnitude 15 from depth 101 on."""
    filled = fill("model_garden_recipe", Variant(depth=depth, resolution=resolution, activation="swish"))
    values = {field: its.value for field, its in filled.items()}
    assert values["randaugment_magnitude"] == magnitude
    assert (values["dropout"], values["stochastic_depth"]) == (dropout, stochastic_depth)
    assert (values["nesterov"], values["batch_size"], values["learning_rate"]) == (False, 4096, 1.6)
    assert (values["schedule"], values["warmup_epochs"], values["batch_norm_momentum"]) == ("cosine", 5.0, 0.0)
    assert all(its.verified for its in filled.values())
    with pytest.raises(ValueError, match="none of Model Garden's, which have activation swish"):
        fill("model_garden_recipe", Variant(depth=depth, resolution=resolution))


@pytest.mark.parametrize(
    ("depth", "resolution", "dropout", "stochastic_depth", "magnitude"),
    [(50, 160, 0.25, 0.0, 10), (101, 160, 0.25, 0.0, 10), (200, 256, 0.25, 0.1, 15), (420, 320, 0.4, 0.1, 15)],
)
def test_a_released_configuration_keeps_its_own_values(
    depth: int, resolution: int, dropout: float, stochastic_depth: float, magnitude: float
) -> None:
    filled = fill("paper_regularization", Variant(depth=depth, resolution=resolution))
    assert filled["dropout"].value == dropout
    assert filled["stochastic_depth"].value == stochastic_depth
    assert filled["randaugment_magnitude"].value == magnitude
    assert all(its.verified for its in filled.values())
    assert not fill("paper_regularization", Variant(depth=depth, width=0.5, resolution=resolution))["dropout"].verified


def test_the_released_recipe_is_whole_and_for_released_configurations_only() -> None:
    recipe = Recipe.model_validate({"epochs": 350} | values("released_recipe", Variant(depth=350, resolution=320)))
    assert (recipe.batch_size, recipe.learning_rate, recipe.warmup_epochs, recipe.schedule) == (4096, 1.6, 5, "cosine")
    assert (recipe.dropout, recipe.stochastic_depth, recipe.randaugment_magnitude) == (0.4, 0.1, 15)
    with pytest.raises(ValueError, match=r"none of the released configurations .* 50@160, 101@160"):
        fill("released_recipe", Variant(depth=350, resolution=224))


@pytest.mark.parametrize(("resolution", "magnitude"), [(192, 10), (224, 10), (225, 15), (320, 15), (321, 20)])
def test_efficientnet_rs_augments_by_resolution(resolution: int, magnitude: float) -> None:
    filled = fill("efficientnet_rs_randaugment", B4.model_copy(update={"resolution": resolution}))
    assert filled["randaugment_magnitude"].value == magnitude
    assert filled["randaugment_magnitude"].verified
    assert not filled["randaugment_layers"].verified


def test_efficientnets_dropout_goes_with_its_coefficients() -> None:
    assert values("efficientnet_recipe", B4)["dropout"] == 0.4
    with pytest.raises(ValueError, match="none of EfficientNet-B0, B1"):
        fill("efficientnet_recipe", Variant(family="efficientnet", depth=7, width=1, resolution=224))


def test_baseline_is_more_weight_decay_and_nothing_else() -> None:
    assert values("baseline", studied(1, 224)) == {
        "weight_decay": 1e-4,
        "label_smoothing": 0,
        "dropout": 0,
        "stochastic_depth": 0,
        "randaugment_layers": 0,
    }


def test_efficientnet_has_no_rule_of_the_scaling_study() -> None:
    with pytest.raises(ValueError, match="350 epochs: for resnet_rs"):
        fill("paper_regularization", B4)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("efficientnet_b0", {"autoaugment": True}),
        ("efficientnet_b5", {"randaugment_layers": 2, "randaugment_magnitude": 17.0}),
        ("efficientnet_b7", {"randaugment_layers": 2, "randaugment_magnitude": 28.0}),
    ],
)
def test_efficientnet_as_its_authors_trained_it(name: str, own: dict[str, object]) -> None:
    filled = {field: its.value for field, its in fill("efficientnet_released", parse(name)).items()}
    shared = {"optimizer": "rmsprop", "schedule": "exponential", "batch_size": 2048, "learning_rate": 0.128}
    assert filled.items() >= {**shared, **own, "warmup_epochs": 5.0, "weight_decay": 1e-5, "momentum": 0.9}.items()
    recipe = Recipe(epochs=350, **filled)
    assert recipe.randaugment == "released"
