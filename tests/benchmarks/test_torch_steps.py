"""The peer of small networks: what is said where it cannot be measured."""

from __future__ import annotations

import pytest

from benchmarks import torch_steps

NAMES = ["resnet_rs_14x0.0625@14", "resnet_rs_14x0.25@14", "resnet_rs_50x0.0625@14", "resnet_rs_14x0.25@32",
         "resnet_rs_50x0.25@32"]  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "compiler", "why"),
    [
        ("not installed: torch", "/usr/bin/c++", "not installed: torch"),
        ("", None, "torch.compile needs a C++ compiler"),
    ],
)
def test_without_one_of_its_ways_nothing_is_measured(monkeypatch, missing, compiler, why):
    monkeypatch.setattr(torch_steps, "lacks", lambda *packages: missing)
    monkeypatch.setattr(torch_steps.shutil, "which", lambda name: compiler)
    rows = [row for one in torch_steps.measurements() for row in one.measured()]
    assert [row.name.partition(",")[0] for row in rows] == NAMES
    assert {(row.note, row.target, row.measured) for row in rows} == {(why, ">= 1.2", False)}


def test_other_losses_are_other_work():
    class Side:
        def __init__(self, *losses):
            self.about = {"params": 10, "losses": losses}

    torch_steps.same_losses(Side(2.0, 1.5), Side(2.0001, 1.4999))
    with pytest.raises(ValueError, match="not the same work"):
        torch_steps.same_losses(Side(2.0, 1.5), Side(2.0, 1.51))
