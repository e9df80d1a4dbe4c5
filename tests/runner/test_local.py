"""Who gets which cores."""

from __future__ import annotations

import pytest

from scaling.runner.engines.local import core_shares


@pytest.mark.parametrize(
    ("cores", "workers", "shares"),
    [
        ((0, 1, 2, 3), 1, [(0, 1, 2, 3)]),
        ((0, 1, 2, 3), 2, [(0, 1), (2, 3)]),
        ((4, 5, 6), 2, [(4,), (5,)]),
        ((0, 1), 3, [(0,), (1,), (0,)]),
    ],
)
def test_workers_have_cores_of_their_own_while_there_are_enough(
    cores: tuple[int, ...], workers: int, shares: list[tuple[int, ...]]
) -> None:
    assert core_shares(cores, workers) == shares
