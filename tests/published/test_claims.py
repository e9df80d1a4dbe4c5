"""The paper's claims by name."""

from __future__ import annotations

import pytest

from scaling.errors import UserError
from scaling.published.claims import claims


def test_those_named_come_in_the_order_named_and_all_where_none_is() -> None:
    every = [claim.claim for claim in claims()]
    assert [claim.claim for claim in claims(every[3], every[0])] == [every[3], every[0]]
    assert len(every) == len(set(every)) > 10


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UserError, match="no claim named 'power_law_break'; did you mean 'power_law_breaks'"):
        claims("power_law_of_small_models", "power_law_break")
