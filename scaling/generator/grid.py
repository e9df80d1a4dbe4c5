"""Grid blocks crossed with `across`: which values each trial takes, and where in the study file they stand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scaling.generator.errors import StudyError, did_you_mean
from scaling.schema import Recipe, Variant

AXES = (*Variant.model_fields, *Recipe.model_fields, "seed")
"""What a block or `across` may vary: any field of a variant or a recipe, and the seed."""


@dataclass(frozen=True)
class Cell:
    """One combination of axis values.

    Attributes:
        values: by axis.
        places: where each value stands in the study file, by axis.
        block: where its block stands.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str]
    block: str


def cells(grid: Sequence[Mapping[str, Any]], across: Mapping[str, Any]) -> Iterator[Cell]:
    """Every block's cross product, in the order they are written, the last axis fastest.

    Raises:
        StudyError: for unknown, empty or doubly set axes.
    """
    problems = [problem for place, block in _blocks(grid, across) for problem in _problems(place, block)]
    problems += [
        f"grid[{index}].{axis}: also set in across; keep one"
        for index, block in enumerate(grid)
        for axis in block
        if axis in across
    ]
    if problems:
        raise StudyError(problems)
    for index, block in enumerate(grid):
        axes = [*_axes(f"grid[{index}]", block), *_axes("across", across)]
        for combination in itertools.product(*(values for _, values in axes)):
            names = [axis for axis, _ in axes]
            yield Cell(
                values=dict(zip(names, (value for _, value in combination), strict=True)),
                places=dict(zip(names, (place for place, _ in combination), strict=True)),
                block=f"grid[{index}]",
            )


def _blocks(grid: Sequence[Mapping[str, Any]], across: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((f"grid[{index}]", block) for index, block in enumerate(grid))
    yield "across", across


def _problems(place: str, block: Mapping[str, Any]) -> Iterator[str]:
    for axis, values in block.items():
        if axis not in AXES:
            yield f"{place}.{axis}: unknown axis{did_you_mean(axis, AXES)}"
        elif isinstance(values, dict):
            yield f"{place}.{axis}: a value or a list of values, not a mapping"
        elif values == []:
            yield f"{place}.{axis}: an empty list leaves no trials"


def _axes(place: str, block: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Each axis with its `(place, value)` pairs; a bare value is a list of one."""
    for axis, values in block.items():
        if isinstance(values, list):
            yield axis, [(f"{place}.{axis}[{index}]", value) for index, value in enumerate(values)]
        else:
            yield axis, [(f"{place}.{axis}", values)]
