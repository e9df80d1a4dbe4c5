"""A batch is shared out evenly or not at all."""

from __future__ import annotations

import pytest

from scaling.errors import UserError
from scaling.runner.compute.execution import micro_batch_size


def test_micro_batches_are_parts_of_the_batch_on_all_devices() -> None:
    assert micro_batch_size(128, devices=1, micro_batches=1) == 128
    assert micro_batch_size(128, devices=4, micro_batches=2) == 64


@pytest.mark.parametrize(
    ("batch", "devices", "parts", "message"),
    [
        (127, 2, 1, "batch_size 127 does not divide by 2 devices: choose a multiple of 2"),
        (12, 1, 8, "batch_size 12 does not divide by 1 device x 8 micro-batches: choose a multiple of 8"),
        (8, 3, 2, "batch_size 8 does not divide by 3 devices x 2 micro-batches: choose a multiple of 6"),
    ],
)
def test_a_batch_that_does_not_divide_is_an_error_with_a_way_out(
    batch: int, devices: int, parts: int, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        micro_batch_size(batch, devices, parts)
