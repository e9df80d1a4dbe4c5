"""Grid blocks and their axes."""

from __future__ import annotations

import pytest

from scaling.generator.errors import StudyError
from scaling.generator.grid import MAX_TRIALS, cells


def test_four_numbers_are_one_layout_and_lists_of_them_are_several() -> None:
    one = list(cells([{"depth": 17, "blocks": [1, 2, 1, 1]}], {}))
    assert [(cell.values["blocks"], cell.places["blocks"]) for cell in one] == [([1, 2, 1, 1], "grid[0].blocks")]
    two = list(cells([{"depth": 17, "blocks": [[1, 2, 1, 1], [1, 1, 2, 1]]}], {}))
    assert [cell.places["blocks"] for cell in two] == ["grid[0].blocks[0]", "grid[0].blocks[1]"]


def test_places_and_values_go_together() -> None:
    found = list(cells([{"depth": [14, 26]}], {"seed": [7, 8]}))
    assert [dict(cell.values) for cell in found][1] == {"depth": 14, "seed": 8}
    assert dict(found[1].places) == {"depth": "grid[0].depth[0]", "seed": "across.seed[1]"}


def test_the_limit_counts_all_blocks() -> None:
    half = {"depth": 14, "seed": list(range(MAX_TRIALS // 2))}
    assert len(list(cells([half, half], {}))) == MAX_TRIALS
    with pytest.raises(StudyError, match="grid: 50,001 trials"):
        list(cells([half, half, {"depth": 14}], {}))
