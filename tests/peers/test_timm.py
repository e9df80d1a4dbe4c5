"""Our networks against timm's in PyTorch: equal weights, equal logits. Run by `make test-peers`."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scaling.importing.timm_files import variant_of
from scaling.models.names import parse
from scaling.models.weights import load_weights
from scaling.schema import Variant
from tests.peers.comparison import compare, ours, pictures

ABSENT = [name for name in ("torch", "timm", "safetensors") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT), reason=f"{', '.join(ABSENT)} not installed: make test-peers"),
]


def run_timm(name: str, images: np.ndarray, folder: Path) -> np.ndarray:
    """Timm's logits; `folder` has its `weights.safetensors` then."""
    np.save(folder / "pictures.npy", images)
    command = [sys.executable, "-m", "tests.peers.timm_side", name, str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return np.load(folder / "logits.npy")


@pytest.mark.parametrize(
    "variant",
    [Variant(depth=50, resolution=160), Variant(depth=101, resolution=160), Variant(depth=50, resolution=97)],
    ids=lambda variant: variant.name,
)
def test_our_logits_are_timm_s(variant: Variant, tmp_path: Path) -> None:
    images = pictures(variant)
    wanted = run_timm(f"resnetrs{variant.depth:g}", images, tmp_path)
    load_weights(model := ours(variant), variant, tmp_path / "weights.safetensors")
    compare("timm", variant, np.asarray(model(images)), wanted)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("resnet_18@97", "resnet18"),
        ("resnet_34@64", "resnet34"),
        ("resnet_50@96", "resnet50"),
        ("resnet_18d@65", "resnet18d"),
        ("resnet_50d@96", "resnet50d"),
        ("efficientnet_b0@97", "tf_efficientnet_b0"),
        ("efficientnet_b3@96", "tf_efficientnet_b3"),
        ("convnext_atto@96", "convnext_atto"),
        ("convnext_tiny@97", "convnext_tiny"),
        ("vit_tiny@224", "vit_tiny_patch16_224"),
        ("vit_small@224", "vit_small_patch16_224"),
    ],
)
def test_every_family_has_timm_s_logits(name: str, theirs: str, tmp_path: Path) -> None:
    variant = parse(name)
    assert variant_of(theirs, variant.resolution) == variant
    images = pictures(variant)
    wanted = run_timm(theirs, images, tmp_path)
    load_weights(model := ours(variant), variant, tmp_path / "weights.safetensors")
    compare("timm", variant, np.asarray(model(images)), wanted)


def test_a_timm_checkpoint_of_another_depth_is_refused(tmp_path: Path) -> None:
    variant = Variant(depth=50, resolution=32)
    run_timm("resnetrs101", pictures(variant), tmp_path)
    with pytest.raises(ValueError, match="blocks 3-4-23-3, which is depth 101; the model is depth 50 with 3-4-6-3"):
        load_weights(ours(variant), variant, tmp_path / "weights.safetensors")
