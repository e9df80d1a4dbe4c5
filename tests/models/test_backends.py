"""TensorFlow and JAX answer alike from equal weights, in float32 and in mixed bfloat16."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

QUICK_TO_COMPILE = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_backend_optimization_level=0"}
"""What XLA computes is the same, by slower machine code."""

NETWORKS = ("resnet_rs", "resnet_plain", "convnext", "vit", "efficientnet")

BFLOAT16_TOLERANCE = 0.25
"""Euclidean length of the difference over that of the float32 logits.

Each of some fifty roundings to 8 bits is off by up to 0.4%, and batch norm with the pictures' own statistics enlarges
what it is given: 0.01 (plain), 0.04 (ResNet-RS) and 0.12 (EfficientNet) were measured, on both backends.
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed: the extra `jax`"),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("backends")
    forward("tensorflow", folder / "tensorflow.npz")
    forward("jax", folder / "jax.npz", folder / "tensorflow.npz")
    return {backend: np.load(folder / f"{backend}.npz") for backend in ("tensorflow", "jax")}


def forward(backend: str, *paths: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.models.forward", *map(str, paths)],
        env=os.environ | {"KERAS_BACKEND": backend} | QUICK_TO_COMPILE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("network", NETWORKS)
def test_both_backends_compute_the_same_in_float32(answers: dict[str, Any], network: str) -> None:
    one, other = (answers[backend][f"output/{network}/float32"] for backend in answers)
    assert np.ptp(one, axis=0).max() > 0.1, "the pictures make no difference"
    np.testing.assert_allclose(one, other, atol=1e-4, rtol=0)


@pytest.mark.parametrize("network", NETWORKS)
def test_bfloat16_is_float32_but_for_rounding(answers: dict[str, Any], network: str) -> None:
    exact = answers["tensorflow"][f"output/{network}/float32"]
    for backend in answers:
        rounded = answers[backend][f"output/{network}/mixed_bfloat16"]
        assert rounded.dtype == np.float32
        assert 0 < np.linalg.norm(rounded - exact) < BFLOAT16_TOLERANCE * np.linalg.norm(exact)
