"""One backend's half of `test_backends`, a process of its own: a backend is chosen when Keras is imported.

    KERAS_BACKEND=jax python -m tests.models.forward OUT.npz [WEIGHTS.npz]

writes the weights of each network and what it makes of the same pictures, at each precision. Without WEIGHTS.npz the
weights are random, and batch norm has the statistics of these pictures.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from scaling.models.build import build, initialize
from scaling.models.weights import variables
from scaling.schema import Variant

NETWORKS = {
    "resnet_rs": Variant(depth=14, width=0.25, resolution=32),
    "resnet_plain": Variant(depth=14, width=0.125, resolution=33, resnet_d=False, se_ratio=0.0, activation="swish"),
    "convnext": Variant(family="convnext", depth=5, width=0.25, resolution=32, options={"patch": 1}),
    "vit": Variant(family="vit", depth=2, width=0.25, resolution=32, options={"patch": 8}),
    "efficientnet": Variant(family="efficientnet", depth=0.3, width=0.3, resolution=64),
}
PRECISIONS = ("float32", "mixed_bfloat16")
RGB = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def pictures(size: int) -> np.ndarray:
    """Sixteen mosaics of 4 x 4 random colours, `(16, size, size, 3)`."""
    colours = np.random.default_rng(0).integers(0, 256, (16, 4, 4, 3)).astype("float32")
    tile = -(-size // 4)
    return colours.repeat(tile, axis=1).repeat(tile, axis=2)[:, :size, :size]


def randomize(model: Any, network: str, images: np.ndarray) -> None:
    """Random weights, scales and offsets; the statistics are the pictures', where the momentum is 0."""
    initialize(model, seed=0)
    rng = np.random.default_rng(1)
    for name, variable in variables(model).items():
        if name.endswith("gamma"):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif name.endswith("kernel") and network in ("convnext", "vit"):
            variable.assign(rng.normal(0, 1 / np.sqrt(np.prod(variable.shape[:-1])), variable.shape))
        elif name.endswith(("beta", "bias", "class_token")):
            variable.assign(rng.normal(0, 0.2, variable.shape))
    model(images, training=True)


def main(out: str, given: str | None = None) -> None:
    arrays = dict(np.load(given)) if given else {}
    for network, variant in NETWORKS.items():
        images = pictures(variant.resolution)
        for precision in PRECISIONS:
            model = build(variant, classes=10, precision=precision, norm_momentum=0.0, **RGB)
            if not any(name.startswith(f"{network}/") for name in arrays):
                randomize(model, network, images)
                arrays |= {f"{network}/{name}": variable.numpy() for name, variable in variables(model).items()}
            for name, variable in variables(model).items():
                variable.assign(arrays[f"{network}/{name}"])
            arrays[f"output/{network}/{precision}"] = model.predict_on_batch(images)
    np.savez(out, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
