"""The card of a network says what it was trained in."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaling.reports.card import card
from scaling.schema import Precision
from tests.builders import latency_record, train_record, trial


@pytest.mark.parametrize(
    ("computed_in", "line"),
    [("mixed_bfloat16", "- precision: auto, which was mixed_bfloat16"), (None, "- precision: auto")],
)
def test_a_precision_that_was_left_to_the_device_is_named(computed_in: Precision | None, line: str) -> None:
    record = train_record(trial(recipe={"precision": "auto"}), precision=computed_in)
    assert line in card(record, [], Path("network.onnx"), "ONNX", None, None).splitlines()


def test_one_image_is_no_plural_and_a_fraction_is_said_in_per_cent() -> None:
    record = train_record(trial(epochs=2))
    timings = [latency_record(trial().variant, batch_size=size, phase="inference") for size in (1, 64)]
    text = card(record, timings, Path("network.onnx"), "ONNX", None, None)
    assert " for inference of 1 image with keras" in text
    assert " for inference of 64 images with keras" in text
    held_out = 100 * trial().dataset.validation_fraction
    assert f"; {held_out:g}% of the training images held out." in text
