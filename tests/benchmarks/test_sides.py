"""Sides run in environments of their own: what they ask of others is read off their text, and ours are tried."""

from __future__ import annotations

import ast
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import __main__, processes
from benchmarks.made_up import write_photos
from benchmarks.processes import Side

SIDES = sorted(processes.SIDES.glob("*.py"))
OWN = {"protocol": "benchmarks.sides.protocol"}


def imports(tree: ast.Module) -> Iterator[tuple[str, ast.alias]]:
    """Names that are imported from the protocol and from this package, each with its module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in (*OWN, "scaling"):
            yield from ((node.module or "", alias) for alias in node.names)


def found(module: str, name: str) -> object:
    """What is imported; None where there is no such thing."""
    at = OWN.get(module, module)
    value = getattr(importlib.import_module(at), name, None)
    if value is None and importlib.util.find_spec(f"{at}.{name}"):
        value = importlib.import_module(f"{at}.{name}")
    return value


@pytest.mark.parametrize("side", SIDES, ids=lambda path: path.stem)
def test_what_a_side_asks_of_others_is_there(side: Path) -> None:
    """Names it imports, and attributes of modules that it imports."""
    tree = ast.parse(side.read_text())
    modules: dict[str, ModuleType] = {}
    for module, alias in imports(tree):
        value = found(module, alias.name)
        assert value is not None, f"{module} has no {alias.name}"
        if isinstance(value, ModuleType):
            modules[alias.asname or alias.name] = value
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            assert hasattr(modules[node.value.id], node.attr), f"{node.value.id} has no {node.attr}"


@pytest.mark.parametrize("room", __main__.ROOMS)
def test_a_room_can_be_imported_and_names_sides_that_are_there(room: str) -> None:
    module = importlib.import_module(f"benchmarks.{room}")
    planned = module.measurements()
    assert len({row.name for one in planned for row in one.rows}) == sum(len(one.rows) for one in planned)
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        match node:
            case ast.Call(func=ast.Name(id="Side"), args=[ast.Constant(value=name), *_]):
                assert processes.SIDES / f"{name}.py" in SIDES


@pytest.mark.slow
def test_our_steps_are_timed() -> None:
    with Side("ours", 14, 0.0625, 14, "small", "fashion_mnist", 8, 1) as side:
        assert side.about["params"] > 0
        assert all(math.isfinite(loss) for loss in side.about["losses"])
        assert side.ask("step") > 0


@pytest.mark.slow
def test_our_pictures_are_timed(tmp_path: Path) -> None:
    write_photos(tmp_path, count=20, copies=1)
    with Side("ours_input", tmp_path, 32, 2, 2, 10, 1, 1, 1) as side:
        assert side.about["shape"] == [32, 32, 3]
        assert side.ask("read") > 0
