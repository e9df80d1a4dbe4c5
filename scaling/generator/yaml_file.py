"""YAML as study files mean it: safe and flat, no key twice, `1e-3` a number, `on` a key; and overrides of `--set`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from scaling.generator.errors import StudyError

LARGEST_NUMBER = 1e100
"""In a study file; nothing that is counted comes near, and larger ones make arithmetic overflow."""

DEEPEST = 12
"""Mappings and lists within each other; a study needs four."""


_BOOL, _TEXT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """PyYAML reads `1e-3` as text and a key `on` as true, and lets a repeated key win in silence; this does not.

    Aliases are refused: a few lines of them can stand for more values than fit into memory.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not read; write the value out", mark)
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (yaml.MarkedYAMLError, RecursionError):
            raise
        except Exception:  # PyYAML's own constructors raise whatever int(), float() and strptime() do
            problem = f"not a value of type {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "not a mapping", node.start_mark)
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == _BOOL:  # `on` is a key of `constraints`, and the word that YAML 1.1 has for true
                key_node.tag = _TEXT
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is not text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} appears twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def load(path: Path, form: str = "a study file is a mapping that starts with 'study:'") -> dict[str, Any]:
    """Reads a file as a mapping; `form` is what one that is none should be.

    Raises:
        StudyError: if it cannot be read, is no YAML, or is no mapping; with line and column where there is one.
    """
    try:
        content = parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise StudyError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise StudyError([f"{path}: not UTF-8 text at byte {error.start}"]) from None
    if not isinstance(content, dict):
        raise StudyError([f"{path}: {form}"])
    return content


def parse(text: str, place: str) -> Any:
    """Parses YAML text.

    Raises:
        StudyError: where it is none.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place
        raise StudyError([f"{where}: {error.problem or error.context or 'not YAML'}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StudyError([f"{place}: not YAML: {str(error).splitlines()[0]}"]) from None


def refuse_extremes(content: object) -> None:
    """Stops at what no study means and what would take forever: huge numbers and endless nesting.

    Raises:
        StudyError: with the place.
    """
    waiting = [("", content, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > DEEPEST:
            raise StudyError([f"{place}: more than {DEEPEST} mappings and lists within each other"])
        match value:
            case dict():
                waiting += [(f"{place}.{key}" if place else str(key), inner, depth + 1) for key, inner in value.items()]
            case list():
                waiting += [(f"{place}[{index}]", inner, depth + 1) for index, inner in enumerate(value)]
            case int() | float() if abs(value) > LARGEST_NUMBER and value != math.inf:
                raise StudyError([f"{place}: a number beyond {LARGEST_NUMBER:g}"])


def override(content: dict[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """A copy of a study's content with `path=value` assignments made, as `recipe.epochs=10` or `grid[0].depth=[14]`.

    A field set in `recipe` is no longer an axis: it leaves `across`, the grid's blocks and the searched space.

    Raises:
        StudyError: if an assignment has no `=`, or leads through something that is neither mapping nor list.
    """
    try:
        content = deepcopy(content)
    except RecursionError:
        raise StudyError(["nested too deeply"]) from None
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        keys = [part for part in re.split(r"[.\[\]]+", path.strip()) if part]
        if not equals or not keys:
            raise StudyError([f"--set {assignment}: write it as path=value, for instance recipe.epochs=10"])
        _assign(content, keys, parse(text, f"--set {path}"), assignment)
        if keys[0] == "recipe" and len(keys) == 2:
            _drop_axis(content, keys[1])
    return content


def _assign(content: Any, keys: list[str], value: Any, assignment: str) -> None:
    *inner, last = keys
    try:
        for key in inner:
            content = content[int(key)] if isinstance(content, list) else content.setdefault(key, {})
        if isinstance(content, list):
            content[int(last)] = value
        else:
            content.update({last: value})
    except (ValueError, IndexError, AttributeError, TypeError):
        raise StudyError([f"--set {assignment}: the study file has no such place"]) from None


def _drop_axis(content: dict[str, Any], axis: str) -> None:
    grid, search = content.get("grid"), content.get("search")
    blocks = [content.get("across"), *(grid if isinstance(grid, list) else [])]
    for block in [*blocks, search.get("space") if isinstance(search, dict) else None]:
        if isinstance(block, dict):
            block.pop(axis, None)
