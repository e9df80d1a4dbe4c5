"""Which images were right, packed into text and out of it."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scaling.results.correct import packed, unpacked
from tests.builders import train_record


@given(st.lists(st.booleans(), max_size=70))
def test_what_is_packed_comes_out_again(correct: list[bool]) -> None:
    again = unpacked(packed(np.array(correct, bool)), len(correct))
    assert again is not None
    assert again.tolist() == correct


def test_the_first_image_is_the_highest_bit() -> None:
    assert base64.b64decode(packed(np.array([True] + [False] * 8))) == b"\x80\x00"


def test_bits_of_another_number_of_images_are_not_taken() -> None:
    assert unpacked(packed(np.ones(16, bool)), 17) is None
    assert unpacked(packed(np.ones(16, bool)), 8) is None


def test_a_record_refuses_what_is_no_base64() -> None:
    with pytest.raises(ValidationError, match="validation_correct"):
        type(record := train_record()).model_validate(record.model_dump() | {"validation_correct": "?"})
