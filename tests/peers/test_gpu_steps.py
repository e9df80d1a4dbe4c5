"""Both sides of the GPU benchmark, compiled, in bfloat16, on a processor. Run by `make test-peers`."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks.gpu_steps import Network, measured

ABSENT = [name for name in ("torch", "timm", "jax") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT), reason=f"{', '.join(ABSENT)} not installed: make test-peers"),
]


def test_both_sides_do_the_same_work_and_are_timed() -> None:
    small = Network("efficientnet_b0@32", "efficientnet_b0", 8)
    rows = list(measured(small, "cpu:0", *small.rows(), timed=1, repeats=1))
    assert [row.name.rpartition(": ")[2] for row in rows] == ["training step", "inference"]
    assert all(row.ours and row.peer and row.ratio == row.peer / row.ours for row in rows)
