from __future__ import annotations

import pytest

from benchmarks import gpu_steps
from scaling.models import describe
from scaling.models.complexity import count
from scaling.models.names import parse
from scaling.runner.compute import devices

TIMM_S = {
    "resnetrs50": 35_691_912,
    "resnetrs152": 86_621_576,
    "efficientnet_b0": 5_288_548,
    "efficientnet_b4": 19_341_616,
}
"""Trainable parameters of timm 1.0.31's networks."""


def notes() -> set[str]:
    """Why nothing was measured; two rows for each network must say so."""
    planned = gpu_steps.measurements()
    rows = [row for one in planned for row in one.measured()]
    assert all(one.missing for one in planned)
    assert len(rows) == 2 * len(gpu_steps.NETWORKS)
    assert all(row.ours is row.peer is row.ratio is row.met is None and row.target == ">= 1" for row in rows)
    return {row.note for row in rows}


@pytest.mark.parametrize("found", [(), ("tpu",)])
def test_without_a_gpu_every_row_says_so(monkeypatch, found):
    monkeypatch.setattr(devices, "detect", lambda: found)
    assert notes() == {"no GPU here"}


def test_a_gpu_without_the_peer_is_told(monkeypatch):
    monkeypatch.setattr(devices, "detect", lambda: ("gpu:0",))
    monkeypatch.setattr(gpu_steps, "lacks", lambda *packages: f"not installed: {', '.join(packages)}")
    assert notes() == {f"not installed: timm, torch, {gpu_steps.BACKEND}"}


@pytest.mark.parametrize("blind", ["torch", gpu_steps.BACKEND])
def test_a_package_that_does_not_see_the_gpu_is_named_with_what_helps(monkeypatch, blind):
    monkeypatch.setattr(devices, "detect", lambda: ("gpu:0",))
    monkeypatch.setattr(devices, "visible", lambda group: {})
    monkeypatch.setattr(gpu_steps, "lacks", lambda *packages: "")
    codes = {name: (f"raise SystemExit({name == blind:d})", f"cure of {name}") for name in gpu_steps.SEES_GPU}
    monkeypatch.setattr(gpu_steps, "SEES_GPU", codes)
    assert notes() == {f"{blind} computes on no GPU here: cure of {blind}"}


def test_rows_of_a_gpu_are_of_that_gpu(monkeypatch):
    monkeypatch.setattr(devices, "detect", lambda: ("gpu:0",))
    monkeypatch.setattr(gpu_steps, "_unseen", lambda gpu: "")
    monkeypatch.setattr(gpu_steps, "gpu_name", lambda gpu: "NVIDIA H100")
    assert {one.device for one in gpu_steps.measurements()} == {"NVIDIA H100"}


@pytest.mark.parametrize("network", gpu_steps.NETWORKS, ids=lambda network: network.ours)
def test_both_names_mean_as_many_parameters(network):
    assert count(describe(parse(network.ours), channels=3, classes=1000)).params == TIMM_S[network.theirs]
