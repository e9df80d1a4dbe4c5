"""Where each value of a recipe came from: the study file, `--set`, a rule with its source, or the default."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scaling.generator.rules import Filled


@dataclass(frozen=True)
class Origin:
    """Where a value comes from.

    Attributes:
        kind: `study file`, `--set`, `rule` or `default`; each wins over those after it, `--set` over all.
        where: place in the study file, path of the assignment, or name of the rule; empty for a default.
        source: of a rule's value.
        verified: whether that source was seen; None where there is no rule.
    """

    kind: Literal["study file", "--set", "rule", "default"]
    where: str = ""
    source: str = ""
    verified: bool | None = None

    def __str__(self) -> str:
        parts = [f"{self.kind} {self.where}".rstrip(), self.source]
        if self.verified is not None:
            parts.append("verified" if self.verified else "NOT verified")
        return ", ".join(part for part in parts if part)


DEFAULT = Origin("default")


def of_rule(name: str, filled: Filled) -> Origin:
    """The origin of a value that a rule gave."""
    return Origin("rule", name, filled.source, filled.verified)


def of_place(place: str, overridden: Iterable[str]) -> Origin:
    """The origin of a value that stands in the study file, unless an assignment put it there."""
    for path in overridden:
        if place == path or place.startswith((f"{path}.", f"{path}[")):
            return Origin("--set", path)
    return Origin("study file", place)


def assigned(overrides: Iterable[str]) -> tuple[str, ...]:
    """The places that `path=value` assignments set, written as places are: `grid[0].depth`."""
    paths = (override.partition("=")[0].strip() for override in overrides)
    return tuple(_place(re.split(r"[.\[\]]+", path)) for path in paths)


def _place(keys: Iterable[str]) -> str:
    place = ""
    for key in filter(None, keys):
        place += f"[{key}]" if key.isdigit() else f".{key}" if place else key
    return place


def origins(
    fields: Iterable[str],
    axes: Mapping[str, str],
    recipe: Mapping[str, Any],
    rules: Mapping[str, Origin],
    overridden: Iterable[str],
) -> dict[str, Origin]:
    """Origin by recipe field, by the order in which values win: axes, the study's recipe, rules, defaults.

    Args:
        fields: of a recipe.
        axes: place of each axis of the trial's cell.
        recipe: the study's own values for all trials.
        rules: origin of each value that a rule gave.
        overridden: see `assigned`.
    """
    return {
        field: of_place(axes[field], overridden)
        if field in axes
        else of_place(f"recipe.{field}", overridden)
        if field in recipe
        else rules.get(field, DEFAULT)
        for field in fields
    }
