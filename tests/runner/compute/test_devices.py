"""Devices as people write them, as machines have them, and as workers get them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scaling.errors import UserError
from scaling.runner.compute import devices

FOUR = ("gpu:0", "gpu:1", "gpu:2", "gpu:3")


@pytest.mark.parametrize(
    ("text", "found", "parsed"),
    [
        (None, (), ("cpu:0",)),
        (None, FOUR, FOUR),
        (None, ("tpu",), ("tpu",)),
        ("cpu", FOUR, ("cpu:0",)),
        ("cpu:0,cpu:1", (), ("cpu:0", "cpu:1")),
        ("gpu:0,gpu:2", FOUR, ("gpu:0", "gpu:2")),
        ("0, 2", FOUR, ("gpu:0", "gpu:2")),
        ("GPU", FOUR, FOUR),
        ("tpu", ("tpu",), ("tpu",)),
    ],
)
def test_names(text: str | None, found: tuple[str, ...], parsed: tuple[str, ...]) -> None:
    assert devices.parse(text, found) == parsed


@pytest.mark.parametrize(
    ("text", "found", "message"),
    [
        ("gpu:7", FOUR, r"--devices gpu:7: no 'gpu:7' here; did you mean 'gpu:\d'\? \(choices: cpu, gpu:0,"),
        ("gpu", (), r"no 'gpu' here.*choices: cpu\)"),
        ("tpu", FOUR, "no 'tpu' here"),
        ("0,,1", FOUR, "no 'device' here"),
        ("0,gpu:0", FOUR, "gpu:0 more than once"),
        ("cpu,0", FOUR, "cpu and gpu cannot share a study"),
    ],
)
def test_errors_name_the_choices(text: str, found: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        devices.parse(text, found)


def test_groups_are_even_and_one_processor_is_shared() -> None:
    assert devices.split(("cpu:0",), 3) == [("cpu:0",)] * 3
    assert devices.split(FOUR, 2) == [("gpu:0", "gpu:1"), ("gpu:2", "gpu:3")]
    assert devices.split(FOUR, 4) == [(one,) for one in FOUR]
    with pytest.raises(UserError, match=r"--workers 3: 4 devices .*choices: 1, 2, 4"):
        devices.split(FOUR, 3)
    assert devices.split(FOUR, 8) == [(one,) for one in FOUR] * 2
    with pytest.raises(UserError, match=r"--workers 6: 4 devices .*choices: 1, 2, 4, or a multiple of 4\)"):
        devices.split(FOUR, 6)
    with pytest.raises(UserError, match=r"--workers 2: 1 devices .*choices: 1\)"):
        devices.split(("tpu",), 2)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without accelerators; its devices are files in the folder."""
    monkeypatch.setattr(devices, "DEV", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("CUDA_VISIBLE_DEVICES", "TPU_WORKER_ID"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def install_nvidia_smi(folder: Path, gpus: int) -> None:
    lines = "".join(f"echo 'GPU {n}: NVIDIA A100-SXM4-40GB (UUID: GPU-{n})'\n" for n in range(gpus))
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{lines}")
    (folder / "nvidia-smi").chmod(0o755)


def test_a_machine_without_accelerators_has_none(machine: Path) -> None:
    assert devices.detect() == ()


def test_gpus_are_counted_by_their_tool_else_by_their_files(machine: Path) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (machine / name).touch()
    assert devices.detect() == ("gpu:0", "gpu:1")
    install_nvidia_smi(machine, 3)
    assert devices.detect() == ("gpu:0", "gpu:1", "gpu:2")


@pytest.mark.parametrize(
    ("chosen", "seen"), [("2,1", 2), ("", 0), ("-1", 0), ("1,-1,2", 1), ("9", 0), ("GPU-1,GPU-2", 2)]
)
def test_what_cuda_hides_is_not_there(machine: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, seen: int) -> None:
    install_nvidia_smi(machine, 3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert len(devices.detect()) == seen


def test_a_tpu_is_found_by_its_file(machine: Path) -> None:
    (machine / "accel0").touch()
    assert devices.detect() == ("tpu",)


def test_a_worker_sees_its_own_devices_only(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_nvidia_smi(machine, 8)
    assert devices.visible(("gpu:2", "gpu:3"))["CUDA_VISIBLE_DEVICES"] == "2,3"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/tmp/x")
    seen = devices.visible(("gpu:2", "gpu:3"))
    assert seen["CUDA_VISIBLE_DEVICES"] == "6,7"
    assert seen["XLA_FLAGS"].split() == ["--xla_dump_to=/tmp/x", "--xla_gpu_deterministic_ops=true"]
    assert seen["XLA_CLIENT_MEM_FRACTION"] == "0.9000"
    cpu = devices.visible(("cpu:0", "cpu:1"))
    assert (cpu["CUDA_VISIBLE_DEVICES"], cpu["JAX_PLATFORMS"], cpu["JAX_NUM_CPU_DEVICES"]) == ("-1", "cpu", "2")


@pytest.mark.parametrize("name", ["XLA_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_MEM_FRACTION"])
def test_workers_of_one_gpu_share_its_memory(machine: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    install_nvidia_smi(machine, 1)
    assert devices.visible(("gpu:0",), sharing=4)["XLA_CLIENT_MEM_FRACTION"] == "0.2250"
    monkeypatch.setenv(name, "0.5")
    seen = devices.visible(("gpu:0",), sharing=4)
    assert {key: value for key, value in seen.items() if "FRACTION" in key} == {name: "0.1250"}


def test_neither_keras_nor_a_backend_is_loaded() -> None:
    names = "scaling.runner.compute.devices, scaling.runner.compute.execution"
    code = f"import sys, {names}; print({{'keras', 'tensorflow', 'jax'}} & {{*sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
