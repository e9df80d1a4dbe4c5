"""What a record says of where it was made."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from scaling.runner import environment


def test_it_names_versions_and_device_but_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    described = environment.describe()
    assert {"python", "keras", "numpy", "backend"} <= described.versions.keys()
    assert described.device.endswith(f"{described.cores} core" + "s" * (described.cores > 1))
    assert described.memory_gb > 0.1
    assert "hunter2" not in described.model_dump_json()
    assert environment.describe("jax", "NVIDIA H100").place == "NVIDIA H100 (jax)"


def test_the_backend_is_the_one_that_keras_will_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert environment.configured_backend() == "tensorflow"
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    assert environment.configured_backend() == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert environment.configured_backend() == "torch"


def test_commit_and_dirt_are_those_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment.describe().git_commit is None
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    file = tmp_path / "file"
    file.write_text("a")
    for arguments in (("init", "-q"), ("add", "file"), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *arguments], check=True)
    clean = environment.describe()
    assert len(clean.git_commit or "") == 40
    assert clean.git_dirty is False
    file.write_text("b")
    assert environment.describe().git_dirty is True


def test_several_devices_are_another_place() -> None:
    one, two = environment.describe("jax"), environment.describe("jax", devices=2)
    assert two.device == f"{one.device}, as 2 devices"
    assert environment.describe("jax", "2 x NVIDIA A100", devices=2).place == "2 x NVIDIA A100 (jax)"
