"""Trains a few steps on virtual CPU devices; a process of its own, since their number is fixed when a backend starts.

    KERAS_BACKEND=jax JAX_NUM_CPU_DEVICES=2 python -m tests.runner.compute.replicas OUT.npz both|all

writes state, losses and scores: of one device and of two (`both`), or of all that `TF_CONFIG` names (`all`). With
`both` also where batch norm has groups: of one device and the whole batch, and of two and two parts.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from scaling.datasets import DATASETS
from scaling.runner.compute import backend, mixing
from scaling.runner.compute.execution import Execution
from scaling.runner.compute.program import Program, ProgramKey
from scaling.runner.compute.rates import Rates
from scaling.schema import Recipe, Variant

BATCH, SIZE, STEPS = 16, 16, 3
VARIANT = Variant(family="resnet", depth=10, width=0.125, resolution=SIZE, options={"stem": "small"})
RECIPE = Recipe(epochs=1, mixup_alpha=0.2, cutmix_alpha=1.0, clip_norm=1.0)
RATES = Rates(0.05, momentum=0.9, weight_decay=1e-3, label_smoothing=0.1, ema_decay=0.5, clip_norm=1.0)


def trained(execution: Execution, recipe: Recipe = RECIPE) -> dict[str, Any]:
    program = Program(ProgramKey.of(VARIANT, DATASETS["synthetic"], recipe), execution)
    program.reset(seed=0)
    random = np.random.default_rng(0)
    results = []
    for step in range(STEPS):
        images = random.integers(0, 256, (BATCH, SIZE, SIZE, 3), dtype=np.uint8)
        labels = random.integers(0, 10, BATCH, dtype=np.int32)
        results += program.step(images, labels, RATES, mixing.draw(recipe, 0, step, BATCH, SIZE))
    mask = (np.arange(BATCH) < BATCH - 3).astype("float32")
    scores = [score for averaged in (False, True) for score in program.evaluate(images, labels, mask, averaged)[:3]]
    flat = {f"{name}/{i:03}": value for name, values in program.snapshot().items() for i, value in enumerate(values)}
    return flat | {
        "results": np.array([float(one) for one in results]),
        "scores": np.array([float(one) for one in scores]),
        "logits": np.asarray(program.forward(images)),
    }


def main(path: str, which: str) -> None:
    two = ("cpu:0", "cpu:1")
    backend.use(two if which == "both" else two[:1])
    runs = {"one": trained(Execution(micro_batches=2))} if which == "both" else {}
    if which == "both":
        groups = RECIPE.model_copy(update={"batch_norm_group": BATCH // 4})
        runs["whole_by_groups"] = trained(Execution(), groups)
        runs["parts_by_groups"] = trained(Execution(devices=two, micro_batches=2), groups)
    runs["two"] = trained(Execution(devices=two if which == "both" else (), micro_batches=2))
    np.savez(path, **{f"{run}/{name}": value for run, values in runs.items() for name, value in values.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
