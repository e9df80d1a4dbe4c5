"""The `scale` of a study file: strategies from one base to several sizes, as cells like a grid's."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from scaling.datasets import DatasetInfo
from scaling.errors import did_you_mean
from scaling.generator import grid
from scaling.generator.constraints import Positive
from scaling.generator.errors import StudyError, explain, placed
from scaling.generator.sizes import size
from scaling.generator.strategies import LONG_TRAINING, STRATEGIES, Metric, Scaled, Shares, reach, shares
from scaling.models import family_of
from scaling.schema import Count, Noun, Variant

Goals = Annotated[tuple[Positive, ...], Field(min_length=1)]
Target: TypeAlias = tuple[str, Metric, float]
"""Where it stands in the study file, what is counted, and how much of it is wanted."""
_Aim: TypeAlias = tuple[str, Shares, Target]


class Targets(Noun):
    """The sizes that the base is scaled to, given in exactly one of three ways.

    Attributes:
        macs: sizes in multiply-accumulates of a forward pass of one image.
        params: sizes in trainable parameters.
        macs_factor: sizes as multiples of the base's multiply-accumulates; 1 is the base itself.
    """

    macs: Goals | None = None
    params: Goals | None = None
    macs_factor: Goals | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(given := self.model_dump(exclude_none=True)) != 1:
            raise ValueError(f"give one of macs, params, macs_factor; given: {', '.join(given) or 'none'}")
        return self

    def each(self, base_macs: int) -> list[Target]:
        """Every target, multiples of the base multiplied out."""
        ((name, values),) = self.model_dump(exclude_none=True).items()
        metric: Metric = "params" if name == "params" else "macs"
        unit = base_macs if name == "macs_factor" else 1
        return [(f"scale.targets.{name}[{index}]", metric, unit * value) for index, value in enumerate(values)]


_Names: TypeAlias = Annotated[tuple[str, ...], Field(min_length=1)]


def _listed(names: Any) -> Any:
    return (names,) if isinstance(names, str) else names


class Scale(Noun):
    """A base network that each strategy grows to each of the target sizes.

    A target that a strategy cannot reach closely enough is a mistake in the file.

    Attributes:
        base: the network that is scaled: its depth and resolution, and any other key of a network.
        strategy: one strategy, or a list of them. `depth`, `width` and `resolution` grow one factor; `compound` is
            EfficientNet's compound scaling; `resnet_rs` is the paper's advice, which depends on `epochs`; a name such
            as `d1_w2_r1` gives depth, width and resolution these relative shares of the cost.
        targets: the sizes to grow to.
        resolution_step: resolutions are rounded to multiples of this number of pixels. By default, an eighth of the
            network's stride, or what the family says.
        long_training: number of epochs from which the strategy `resnet_rs` deepens networks instead of widening them.
    """

    base: dict[str, Any]
    strategy: Annotated[
        _Names,
        BeforeValidator(_listed, json_schema_input_type=str | _Names),
    ]
    targets: Targets
    resolution_step: Count | None = None
    long_training: Count = LONG_TRAINING


def cells(
    scale: Scale, across: Mapping[str, Any], family: str, epochs: Any, dataset_info: DatasetInfo
) -> tuple[list[grid.Cell], tuple[Scaled, ...]]:
    """Every strategy and target crossed with `across`, the latter fastest, and what the strategies made.

    Args:
        scale: the study's.
        across: axes of the recipe, and the seed.
        family: of the base, unless it names another.
        epochs: of the study's recipe; `across` wins.
        dataset_info: of the data set.

    Raises:
        StudyError: with every mistake found: in base, strategies and axes, or a strategy that changes nothing of what
            the targets count. A target out of reach is none: the nearest size is taken, and the plan says how near.
    """
    problems = [*grid.axis_problems("across", across), *_problems(scale, across)]
    if problems:
        raise StudyError(problems)
    base = _base(scale, family, dataset_info)
    axes = grid.axes("across", across)
    targets = scale.targets.each(size(base, dataset_info).macs)
    grid.refuse_too_many("scale", len(scale.strategy) * len(targets) * grid.size_of(axes))
    made: dict[_Aim, Scaled] = {}  # seeds, and most epochs, ask for the same again
    scaled_cells: list[grid.Cell] = []
    for index, target in itertools.product(range(len(scale.strategy)), targets):
        for cell in grid.cross(axes, "scale"):
            aim = (scale.strategy[index], _direction(scale, index, cell.values.get("epochs", epochs)), target)
            if aim not in made:
                made[aim] = _reach(scale, base, dataset_info, aim)
            scaled_cells.append(_with_variant(cell, made[aim].variant))
    return scaled_cells, tuple(made.values())


def _reach(scale: Scale, base: Variant, dataset_info: DatasetInfo, aim: _Aim) -> Scaled:
    strategy, direction, (_, metric, target) = aim

    def measure(variant: Variant) -> int:
        counted = size(variant, dataset_info)
        return counted.macs if metric == "macs" else counted.params

    return reach(strategy, direction, base, metric, target, measure, scale.resolution_step)


def _problems(scale: Scale, across: Mapping[str, Any]) -> Iterator[str]:
    for axis in across:
        if axis in Variant.model_fields:
            yield f"across.{axis}: scale varies the network; write it in scale.base"
    for index, strategy in enumerate(scale.strategy):
        try:
            direction = shares(strategy, epochs=1)
        except ValueError as error:
            yield f"scale.strategy[{index}]: {error}{did_you_mean(strategy, STRATEGIES)}"
            continue
        if scale.targets.params and not (direction.depth or direction.width):
            yield f"scale.strategy[{index}]: {strategy} changes no params; give targets.macs or targets.macs_factor"


def _base(scale: Scale, family: str, dataset_info: DatasetInfo) -> Variant:
    try:
        base = family_of(str(scale.base.get("family", family))).variant(scale.base)
        size(base, dataset_info)
    except ValidationError as error:
        raise StudyError(explain(error, Variant, {}, "scale.base.")) from None
    except ValueError as error:
        raise StudyError([placed(error, {axis: f"scale.base.{axis}" for axis in scale.base}, "scale.base")]) from None
    return base


def _direction(scale: Scale, index: int, epochs: Any) -> Shares:
    known = epochs if isinstance(epochs, int) else None
    try:
        return shares(scale.strategy[index], known, scale.long_training)
    except ValueError as error:
        raise StudyError([f"scale.strategy[{index}]: {error}"]) from None


def _with_variant(cell: grid.Cell, variant: Variant) -> grid.Cell:
    values = {name: getattr(variant, name) for name in variant.model_dump()}
    return grid.Cell({**values, **cell.values}, {**dict.fromkeys(values, "scale"), **cell.places}, "scale")
