"""The card of a network says what it was trained in."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.reports.card import card
from scaling.schema import Precision
from tests.builders import train_record, trial


@pytest.mark.parametrize(
    ("computed_in", "line"),
    [("mixed_bfloat16", "- precision: auto, which was mixed_bfloat16"), (None, "- precision: auto")],
)
def test_a_precision_that_was_left_to_the_device_is_named(computed_in: Precision | None, line: str) -> None:
    record = train_record(trial(recipe={"precision": "auto"}), precision=computed_in)
    assert line in card(record, [], Path("network.onnx"), "ONNX", None, None).splitlines()
