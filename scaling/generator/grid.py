"""Grid blocks crossed with `across`: which values each trial takes, and where in the study file they stand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from scaling.errors import did_you_mean
from scaling.generator.errors import StudyError
from scaling.schema import Recipe, Variant

AXES = (
    *(name for name in Variant.model_fields if name not in ("options", "code")),
    *Recipe.model_fields,
    "seed",
    "init",
)
"""What a block or `across` may vary: any field of a variant or a recipe, the seed, and the weights that training begins
with; and options of its family."""

MAX_TRIALS = 50_000
"""Trials of one study: as many as a driver is measured with (`make bench ARGS=driver`), all of them in memory.

The paper's largest study has 525. More is usually a slip, and is refused before anything is expanded.
"""

Axis: TypeAlias = tuple[str, list[tuple[str, Any]]]
"""Its name and `(place, value)` pairs."""


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


def cells(
    grid: Sequence[Mapping[str, Any]], across: Mapping[str, Any], known: Collection[str] = AXES
) -> Iterator[Cell]:
    """Every block's cross product, in the order they are written, the last axis fastest.

    Args:
        grid: the blocks.
        across: axes of every block.
        known: axes that there are.

    Raises:
        StudyError: for unknown, empty or doubly set axes, or too many trials.
    """
    problems = [problem for place, block in _blocks(grid, across) for problem in axis_problems(place, block, known)]
    problems += [
        f"grid[{index}].{axis}: also set in across; keep one"
        for index, block in enumerate(grid)
        for axis in block
        if axis in across
    ]
    if problems:
        raise StudyError(problems)
    blocks = [axes(f"grid[{index}]", block) + axes("across", across) for index, block in enumerate(grid)]
    refuse_too_many("grid", sum(size_of(block) for block in blocks))
    for index, block in enumerate(blocks):
        yield from cross(block, f"grid[{index}]")


def cross(block: Sequence[Axis], place: str) -> Iterator[Cell]:
    """The cross product of a block's axes, the last one fastest."""
    names = [name for name, _ in block]
    for combination in itertools.product(*(values for _, values in block)):
        yield Cell(
            values={name: value for name, (_, value) in zip(names, combination, strict=True)},
            places={name: where for name, (where, _) in zip(names, combination, strict=True)},
            block=place,
        )


def axes(place: str, block: Mapping[str, Any]) -> list[Axis]:
    """Each axis with its values; a bare value is a list of one, and so are the four numbers of `blocks`."""
    return [
        (axis, [(f"{place}.{axis}[{index}]", value) for index, value in enumerate(values)])
        if isinstance(values, list) and not (axis == "blocks" and not any(isinstance(v, list) for v in values))
        else (axis, [(f"{place}.{axis}", values)])
        for axis, values in block.items()
    ]


def size_of(block: Sequence[Axis]) -> int:
    """Cells in the cross product."""
    return math.prod(len(values) for _, values in block)


def refuse_too_many(place: str, trials: int) -> None:
    """Stops before a cross product is expanded that nobody means.

    Raises:
        StudyError: for more than `MAX_TRIALS`.
    """
    if trials > MAX_TRIALS:
        raise StudyError(
            [
                f"{place}: {trials:,} trials, and a study has at most {MAX_TRIALS:,}, as one driver is measured with; "
                "shorten an axis"
            ]
        )


def axis_problems(place: str, block: Mapping[str, Any], known: Collection[str] = AXES) -> Iterator[str]:
    """What is wrong with a block before its values are looked at."""
    for axis, values in block.items():
        if axis not in known:
            yield f"{place}.{axis}: unknown axis{did_you_mean(axis, known)}"
        elif isinstance(values, dict):
            yield f"{place}.{axis}: a value or a list of values, not a mapping"
        elif values == []:
            yield f"{place}.{axis}: an empty list leaves no trials"


def _blocks(grid: Sequence[Mapping[str, Any]], across: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((f"grid[{index}]", block) for index, block in enumerate(grid))
    yield "across", across
