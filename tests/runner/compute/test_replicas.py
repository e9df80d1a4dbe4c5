"""Two devices train as one does, on both backends and across processes; and JAX computes what TensorFlow does."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scaling.runner.compute import devices
from tests.commands import PATIENCE

pytestmark = pytest.mark.slow

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed: the extra `jax`")
CPUS = ("cpu:0", "cpu:1")
QUICK_TO_COMPILE = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_backend_optimization_level=0"}


def start(module: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output[-5000:]


def runs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for key, value in np.load(path).items():
        run, _, name = key.partition("/")
        found.setdefault(run, {})[name] = value
    return found


def assert_equal_within_rounding(one: dict[str, Any], two: dict[str, Any], atol: float) -> None:
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(two[name], one[name], atol=atol, rtol=1e-4, err_msg=name)


def assert_groups_are_normalised_alike(runs: dict[str, dict[str, Any]], atol: float) -> None:
    """Of one device and the whole batch as of two devices and two parts; and not as without groups."""
    assert_equal_within_rounding(runs["whole_by_groups"], runs["parts_by_groups"], atol)
    assert np.abs(runs["whole_by_groups"]["results"] - runs["two"]["results"]).max() > 10 * atol


@pytest.fixture(scope="module")
def tensorflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    path = tmp_path_factory.mktemp("replicas") / "tensorflow.npz"
    end(start("tests.runner.compute.replicas", str(path), "both", KERAS_BACKEND="tensorflow", **devices.visible(CPUS)))
    return runs(path)


def test_two_devices_train_as_one_on_tensorflow(tensorflow: dict[str, dict[str, Any]]) -> None:
    assert_equal_within_rounding(tensorflow["one"], tensorflow["two"], atol=1e-5)
    assert_groups_are_normalised_alike(tensorflow, atol=1e-5)
    velocity = tensorflow["one"]["velocity/000"]
    assert np.count_nonzero(velocity) > 0.9 * velocity.size


@needs_jax
def test_two_devices_train_as_one_on_jax(tmp_path: Path) -> None:
    path = tmp_path / "jax.npz"
    end(start("tests.runner.compute.replicas", str(path), "both", **devices.visible(CPUS) | QUICK_TO_COMPILE))
    both = runs(path)
    assert_equal_within_rounding(both["one"], both["two"], atol=1e-4)
    assert_groups_are_normalised_alike(both, atol=1e-4)


def test_two_processes_train_as_one_device_on_tensorflow(tensorflow: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    paths = [tmp_path / f"{index}.npz" for index in range(2)]
    members = [
        start(
            "tests.runner.compute.replicas",
            str(path),
            "all",
            KERAS_BACKEND="tensorflow",
            TF_CONFIG=json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
            **devices.visible(CPUS[:1]),
        )
        for index, path in enumerate(paths)
    ]
    for member in members:
        end(member)
    for path in paths:
        assert_equal_within_rounding(tensorflow["one"], runs(path)["two"], atol=1e-5)


@needs_jax
def test_the_program_is_right_on_jax_too(tmp_path: Path) -> None:
    """What is compiled twice there, from equal programs, is compiled once."""
    compiled_once = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
        "JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    rooms = ("tests/models/test_kernels.py", "tests/runner/compute/test_program.py")
    end(start("pytest", "-q", "-x", *rooms, **QUICK_TO_COMPILE, **compiled_once))


def test_replicas_of_tensorflow_do_not_drop_alike() -> None:
    from keras import ops

    from scaling.runner.compute.network import _apart

    fixed = [ops.ones((3,)), ops.convert_to_tensor(np.array([7, 1], np.int64))]
    replica = ops.convert_to_tensor(1)
    apart = _apart(fixed, replica)
    np.testing.assert_array_equal(apart[0], fixed[0])
    assert (np.asarray(apart[1]) != np.asarray(fixed[1])).all()
    np.testing.assert_array_equal(_apart(apart, -replica)[1], fixed[1])


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
