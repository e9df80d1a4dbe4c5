"""The `search` of a study file: its ranges and choices, and what a suggested trial is to be good at."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, StrictBool, ValidationError, field_validator, model_validator

from scaling.errors import did_you_mean
from scaling.generator import grid
from scaling.generator.constraints import Positive
from scaling.generator.errors import StudyError, explain
from scaling.schema import Noun, Number, Phase, Recipe, Variant

Sampler: TypeAlias = Literal["tpe", "nsga2", "random", "gp"]
Objective: TypeAlias = Literal["top1", "training_ms", "inference_ms", "macs", "params"]

PHASES: dict[Objective, Phase] = {"training_ms": "training", "inference_ms": "inference"}
"""The timing that an objective needs."""


class Range(Noun):
    """The numbers of an axis between two ends, both included.

    Attributes:
        low: smallest value.
        high: largest value.
        step: distance between values, counted from `low`. By default, any number between the ends, or any whole number
            where the axis takes whole numbers only.
        log: whether values are spread evenly on a logarithmic axis; not together with `step`.
    """

    low: Number
    high: Number
    step: Positive | None = None
    log: StrictBool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} must be less than high {self.high:g}; write one value into across")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log asks for a low above 0, and for no step")
        return self

    @property
    def last(self) -> float:
        """The largest number on a step."""
        if self.step is None:
            return self.high
        return round(self.low + self.step * math.floor((self.high - self.low) / self.step + 1e-9), 10)

    def contains(self, value: float) -> bool:
        """Whether a value could have been suggested."""
        if not self.low <= value <= self.high:
            return False
        steps = (value - self.low) / self.step if self.step else 0.0
        return abs(steps - round(steps)) < 1e-6


Axis: TypeAlias = Range | tuple[Any, ...]
"""A range, or the choices."""


class Search(Noun):
    """What a sampler of Optuna looks for, and where.

    Attributes:
        sampler: Optuna's sampler; `gp` needs PyTorch.
        trials: number of trials to train. Failed ones count.
        seed: seed of the sampler. The same seed and the same records give the same next suggestion.
        objectives: one or two objectives. `top1` is maximised; all others are minimised.
        space: for each axis that is searched, a range of numbers or a list of choices. Values that all trials share
            stand in `across`.
        storage: URL of an Optuna storage that is kept in step with the records, for optuna-dashboard.
    """

    sampler: Sampler = "tpe"
    trials: Annotated[int, Field(strict=True, ge=1, le=grid.MAX_TRIALS)]  # pydantic 2.10 takes a default from `Count`
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = 0
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1, max_length=2)] = ("top1",)
    space: Annotated[dict[str, Any], Field(min_length=1)]
    storage: str | None = None

    @field_validator("objectives", mode="after")
    @classmethod
    def _differ(cls, objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
        if len(set(objectives)) < len(objectives):
            raise ValueError(f"{objectives[0]} twice; name two different objectives, or one")
        return objectives

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The timings that the objectives need."""
        return tuple(PHASES[objective] for objective in self.objectives if objective in PHASES)


def check(
    search: Search, across: Mapping[str, Any], recipe: Mapping[str, Any], known: Collection[str] = grid.AXES
) -> dict[str, Axis]:
    """A search's axes, checked.

    Args:
        search: of a study file.
        across: the study's values for all trials; one each.
        recipe: its recipe, which may give the epochs.
        known: axes that there are.

    Raises:
        StudyError: with every mistake found.
    """
    mistakes = [*_axis_mistakes(search.space, across, known), *_missing({*search.space, *across, *recipe})]
    axes: dict[str, Axis] = {}
    for axis, written in search.space.items() if not mistakes else ():
        try:
            axes[axis] = _axis(axis, written)
        except StudyError as error:
            mistakes += error.problems
    if mistakes:
        raise StudyError(mistakes)
    return axes


def cell(parameters: Mapping[str, Any], across: Mapping[str, Any]) -> grid.Cell:
    """Values of the searched axes and of `across` as a cell like a grid's."""
    fixed = [(axis, *values[0]) for axis, values in grid.axes("across", across)]
    return grid.Cell(
        values={axis: value for axis, _, value in fixed} | dict(parameters),
        places={axis: place for axis, place, _ in fixed} | {axis: f"search.space.{axis}" for axis in parameters},
        block="search.space",
    )


def is_whole(axis: str) -> bool:
    """Whether an axis has whole numbers only."""
    return axis == "seed" or _annotation(axis) is int


def has_ranges(axis: str) -> bool:
    """Whether an axis has numbers between two others, so that a range of it can be searched."""
    return axis == "seed" or _annotation(axis) in (int, float)


def _annotation(axis: str) -> Any:
    """Of a field; None for the seed and for options of a family."""
    field = {**Variant.model_fields, **Recipe.model_fields}.get(axis)
    return field and field.annotation


def _axis_mistakes(space: Mapping[str, Any], across: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    for axis, written in space.items():
        if axis not in known or axis == "blocks":
            searchable = [axis for axis in known if axis != "blocks"]
            yield f"search.space.{axis}: not an axis that can be searched{did_you_mean(axis, searchable)}"
        elif axis in across:
            yield f"search.space.{axis}: also set in across; keep one"
        elif not isinstance(written, dict | list) or not written:
            yield f"search.space.{axis}: a range {{low: .., high: ..}} or a list of choices, not {written!r}"
    yield from grid.axis_problems("across", across, known)
    for axis, values in grid.axes("across", across):
        if len(values) > 1:
            yield f"across.{axis}: a search takes one value here; choices stand in search.space"


def _missing(given: set[str]) -> Iterator[str]:
    for noun in (Variant, Recipe):
        for axis, field in noun.model_fields.items():
            if field.is_required() and axis not in given:
                yield f"search.space.{axis}: required, here or in across, and not given"


def _axis(axis: str, written: dict[str, Any] | list[Any]) -> Axis:
    place = f"search.space.{axis}"
    if isinstance(written, list):
        _check_choices(axis, place, written)
        return tuple(written)
    if not has_ranges(axis):
        raise StudyError([f"{place}: has no numbers between two others; write a list of choices"])
    try:
        bounds = Range.model_validate(written)
    except ValidationError as error:
        raise StudyError(explain(error, Range, {}, f"{place}.")) from None
    numbers = {"low": bounds.low, "high": bounds.high, "step": bounds.step or 1.0}
    if is_whole(axis):
        if broken := [f"{place}.{end}: {n:g} is no whole number" for end, n in numbers.items() if not n.is_integer()]:
            raise StudyError(broken)
        numbers = {end: int(number) for end, number in numbers.items()}
    _check_values(axis, {f"{place}.{end}": numbers[end] for end in ("low", "high")})
    return bounds


def _check_choices(axis: str, place: str, choices: Sequence[Any]) -> None:
    for index, choice in enumerate(choices):
        if not isinstance(choice, str | bool | int | float | None):
            raise StudyError([f"{place}[{index}]: a text or a number, not {choice!r}"])
        if choice in choices[:index]:
            raise StudyError([f"{place}[{index}]: {choice!r} twice"])
    _check_values(axis, {f"{place}[{index}]": choice for index, choice in enumerate(choices)})


def _check_values(axis: str, values: Mapping[str, Any]) -> None:
    """What a field of this kind never takes, by place; combinations are only known when they are suggested."""
    if axis not in {**Variant.model_fields, **Recipe.model_fields}:
        return
    noun, rest = (
        (Variant, {"depth": 50, "resolution": 224}) if axis in Variant.model_fields else (Recipe, {"epochs": 1})
    )
    mistakes: list[str] = []
    for place, value in values.items():
        try:
            noun.model_validate(rest | {axis: value})
        except ValidationError as error:
            mistakes += [told for told in explain(error, noun, {axis: place}) if told.startswith(f"{place}:")]
    if mistakes:
        raise StudyError(mistakes)
