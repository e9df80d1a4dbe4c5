"""The table of columns."""

from __future__ import annotations

import pytest

from scaling.results.columns import TABLE


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [("train_seconds", 2.334, "2.33 s"), ("training_ms", 10.0, "10 ms"), ("macs", 1.57e6, "1.57 million")],
)
def test_a_value_is_shown_with_its_unit(column: str, value: float, text: str) -> None:
    assert TABLE[column].shown(value) == text
