"""What several figures ask of results is computed once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaling.plots import Context, context, registry
from scaling.results.frame import load_results

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def test_all_figures_of_a_study_gather_its_seeds_and_compare_its_families_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return function(*arguments, **options)

        return call

    for name in ("collapse_seeds", "compare"):
        monkeypatch.setattr(context, name, counted(name, getattr(context, name)))
    asked = Context(load_results(REFERENCE / "pareto"))
    names = [spec.name for spec in registry.specs(asked)]
    assert names == list(registry.NAMES)
    assert sorted(calls) == ["collapse_seeds", "compare"]
