"""The stages of a network: the stem, each stage of blocks, the head, told by the first word of layers' names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scaling.models import describe, family_of
from scaling.models.layouts import in_order
from scaling.schema import Recipe, Variant


def of(variant: Variant) -> list[str]:
    """The stages in the order in which an image meets them, as `["stem", "stage2", ..., "head"]`.

    Raises:
        ValueError: of a family that has no layers as data.
    """
    network = describe(variant, channels=3, classes=2)
    return list(dict.fromkeys(_stage(layer.name) for layer in in_order(network.layers)))


def check(variant: Variant, recipe: Recipe, has_init: bool) -> None:
    """Stops at what asks for stages that there are not, or keeps weights that nothing has trained.

    Raises:
        ValueError: the message starts with the field of the recipe at fault.
    """
    frozen = recipe.frozen_stages
    if not frozen and recipe.layer_decay == 1:
        return
    if frozen and not has_init:
        raise ValueError(f"frozen_stages: {frozen} stages would keep random weights; name trained ones with init")
    if family_of(variant.family).layers is None:
        field = "frozen_stages" if frozen else "layer_decay"
        raise ValueError(f"{field}: family {variant.family} has no layers as data, so its stages are not known")
    if frozen >= (number := len(of(variant))):
        raise ValueError(f"frozen_stages {frozen}: {variant.name} has {number} stages, and the last is its head")


def frozen(variant: Variant, number: int) -> Callable[[str], bool]:
    """Whether a layer belongs to the first `number` stages."""
    first = frozenset(of(variant)[:number]) if number else frozenset()
    return lambda layer: _stage(layer) in first


def steps_from_head(variant: Variant, weights: Sequence[str]) -> list[float]:
    """How many stages each weight, by its name, stands before the head; 0 where the family's stages are not known."""
    if family_of(variant.family).layers is None:
        return [0.0 for _ in weights]
    order = of(variant)
    return [float(len(order) - 1 - order.index(_stage(name))) for name in weights]


def _stage(name: str) -> str:
    return name.partition("_")[0]
