"""Examples for docs/study-file.md: for each place of a study file and each key there, what may be written.

An example is what stands between the braces of its place; other keys stand beside the one that it shows where that one
needs them. `tests/generator/test_reference.py` has each of them checked by the program and by the JSON schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from scaling.generator import file_schema, yaml_file
from scaling.generator.file_schema import Schema
from scaling.generator.study_file import WAYS
from scaling.models import BUILT_IN

COMPLETE = """\
# yaml-language-server: $schema=study.schema.json
study: my_study                     # its results are written to results/my_study
question: For the same time per training step, does depth or width pay more?
answer: {compare: [width, depth], at_equal: training_ms}
dataset: {name: fashion_mnist, train_examples: 8000, validation_fraction: 0.05}
grid:                               # two blocks, each with every combination of its values
  - {depth: [14, 26, 50], width: 0.0625}
  - {depth: 14, width: [0.125, 0.25]}
across: {resolution: 14, stem: small, epochs: [2, 6], seed: [0, 1]}   # combined with every block
rules: [paper_regularization]       # the paper's regularisation, by width, resolution and epochs
recipe: {batch_size: 128, learning_rate: 0.1, warmup_epochs: 0.5}     # for all trials
constraints: {max_params: 1.0e+7}   # larger networks are left out
latency: {phases: [training], batch_size: 128, max_seconds: 4}
"""
"""The study file that the page begins with."""

_WRITTEN: dict[str, dict[str, str]] = {
    "": {
        "study": "study: my_study",
        "question": "question: Does depth or width pay more?",
        "answer": "answer: {compare: [width, depth]}",
        "paper": "paper: Figure 3",
        "cost": "cost: 5 min on 2 cores",
        "dataset": "dataset: {name: cifar10}",
        "family": "family: resnet",
        "grid": "grid: [{depth: [14, 26], width: 0.25}]",
        "scale": "scale: {base: {depth: 14, resolution: 32}, strategy: width, targets: {macs_factor: [1, 2]}}",
        "search": "search: {trials: 12, space: {depth: [14, 26], width: {low: 0.125, high: 0.5}}}",
        "across": "across: {resolution: 32, epochs: [2, 6], seed: [0, 1]}",
        "constraints": "constraints: {max_params: 1.0e+7}",
        "slices": "slices: {macs: [2.5e+6], tolerance: 0.2}",
        "rules": "rules: [baseline]",
        "recipe": "recipe: {batch_size: 64}",
        "latency": "latency: {phases: [training]}",
        "init": "init: results/pretraining",
    },
    "dataset": {
        "name": 'name: "image_folder:/data/photos"',
        "train_examples": "train_examples: 8000",
        "validation_fraction": "validation_fraction: 0.05",
        "resize": "name: imagenet, resize: legacy_bicubic",
    },
    "answer": {
        "compare": "compare: [width, depth]",
        "at_equal": "compare: [width, depth], at_equal: macs",
        "cost": "compare: [family], cost: inference_ms",
    },
    "grid": {
        "family": "family: [resnet_rs, resnet]",
        "depth": "depth: [14, 26, 50]",
        "width": "width: [0.25, 0.5, 1]",
        "resolution": "stem: small, resolution: [14, 20, 28]",
        "seed": "seed: [0, 1, 2]",
        "init": "init: [null, results/pretraining]",
    },
    "grid of resnet_rs": {
        "stem": "stem: small",
        "se_ratio": "se_ratio: [0, 0.25]",
        "resnet_d": "resnet_d: [false, true]",
        "activation": "activation: swish",
        "blocks": "depth: 17, blocks: [1, 2, 1, 1]",
    },
    "grid of resnet": {
        "stem": "stem: small",
        "blocks": "depth: 14, blocks: 1-1-1-1",
    },
    "grid of convnext": {"kernel": "kernel: [3, 5]"},
    "grid of vit": {"patch": "patch: 8", "mlp_ratio": "mlp_ratio: 2.0", "head": "head: 16"},
    "recipe": {
        "epochs": "epochs: 6",
        "batch_size": "batch_size: 64",
        "learning_rate": "learning_rate: 0.05",
        "warmup_epochs": "warmup_epochs: 0.5",
        "schedule": "schedule: step",
        "momentum": "momentum: 0.8",
        "weight_decay": "weight_decay: 1.0e-4",
        "label_smoothing": "label_smoothing: 0.1",
        "dropout": "dropout: 0.25",
        "stochastic_depth": "stochastic_depth: 0.1",
        "randaugment_layers": "randaugment_layers: 2",
        "randaugment_magnitude": "randaugment_layers: 2, randaugment_magnitude: 15",
        "randaugment": "randaugment_layers: 2, randaugment: released",
        "mixup_alpha": "mixup_alpha: 0.2",
        "cutmix_alpha": "cutmix_alpha: 1",
        "clip_norm": "clip_norm: 1",
        "ema_decay": "ema_decay: 0",
        "batch_norm_momentum": "batch_norm_momentum: 0",
        "batch_norm_group": "batch_size: 128, batch_norm_group: 32",
        "precision": "precision: mixed_bfloat16",
        "frozen_stages": "frozen_stages: 3",
        "body_rate": "body_rate: 0.1",
        "layer_decay": "layer_decay: 0.8",
    },
    "scale": {
        "base": "base: {depth: 14, width: 0.25, resolution: 12, stem: small}",
        "strategy": "strategy: [compound, resnet_rs]",
        "targets": "targets: {macs_factor: [1, 2, 4]}",
        "resolution_step": "resolution_step: 2",
        "long_training": "long_training: 6",
    },
    "scale.targets": {
        "macs": "macs: [4.0e+6, 8.0e+6]",
        "params": "params: [1.0e+6]",
        "macs_factor": "macs_factor: [1, 2, 4]",
    },
    "search": {
        "sampler": "sampler: nsga2",
        "trials": "trials: 12",
        "seed": "seed: 1",
        "objectives": "objectives: [top1, training_ms]",
        "space": "space: {depth: [14, 26], width: {low: 0.125, high: 0.5, step: 0.125}}",
        "storage": "storage: sqlite:///search.db",
    },
    "search.space.width": {
        "low": "low: 0.125, high: 0.5",
        "high": "low: 0.125, high: 0.5",
        "step": "low: 0.125, high: 0.5, step: 0.125",
        "log": "low: 0.125, high: 0.5, log: true",
    },
    "constraints": {
        "max_training_ms": "max_training_ms: 50",
        "max_inference_ms": "max_inference_ms: 5",
        "max_inference_litert_ms": "max_inference_litert_ms: 5",
        "max_inference_onnx_ms": "max_inference_onnx_ms: 5",
        "max_inference_openvino_ms": "max_inference_openvino_ms: 5",
        "max_macs": "max_macs: 1.0e+9",
        "max_params": "max_params: 1.0e+7",
        "max_activations": "max_activations: 1.0e+6",
        "max_memory_gb": "max_memory_gb: 8",
        "max_train_hours": "max_train_hours: 2",
        "max_cost": "max_cost: 5, on: a100-40",
        "on": "max_train_hours: 2, on: a100-40",
    },
    "slices": {
        "macs": "macs: [2.5e+6], tolerance: 0.2",
        "tolerance": "macs: [2.5e+6], tolerance: 0.2",
    },
    "latency": {
        "phases": "phases: [inference]",
        "batch_size": "batch_size: 1",
        "precision": "precision: mixed_bfloat16",
        "max_seconds": "max_seconds: 4",
        "runtimes": "runtimes: [keras, litert, onnx]",
    },
}


def _other_values(fields: Mapping[str, Schema]) -> dict[str, str]:
    """For each key with a default another choice, or the default itself where it is no choice."""
    defaults = {name: field["default"] for name, field in fields.items() if field.get("default") is not None}
    return {name: f"{name}: {_other_value(fields[name], default)}" for name, default in defaults.items()}


def _other_value(field: Schema, default: Any) -> str:
    if isinstance(default, bool):
        return str(not default).lower()
    others = [choice for choice in field.get("enum", ()) if choice != default]
    return str(others[-1] if others else default)


EXAMPLES: dict[str, dict[str, str]] = _WRITTEN | {
    place: _other_values(fields) | _WRITTEN.get(place, {})
    for place, fields in {
        "recipe": file_schema.schema()["$defs"]["recipe"]["properties"],
        **{f"grid of {family}": options for family, options in file_schema.family_options().items()},
    }.items()
}
"""By place and key; the first place is the file itself. Knobs of recipes and options of families need none written."""

_STUDY: dict[str, Any] = {
    "study": "example",
    "question": "Is it accepted?",
    "dataset": {"name": "fashion_mnist", "validation_fraction": 0.05},
    "grid": [{"depth": 14, "width": 0.25}],
    "across": {"resolution": 32, "epochs": 8},
}
_BESIDE: dict[str, dict[str, Any]] = {
    "answer": {"compare": ["depth"]},
    "scale": {
        "base": {"depth": 14, "width": 0.25, "resolution": 12, "stem": "small"},
        "strategy": "width",
        "targets": {"macs_factor": [1, 2]},
    },
    "search": {"trials": 4, "space": {"depth": [14, 26]}},
}


def _beside(place: str) -> dict[str, Any]:
    """What stands at the place of an example already; with options of a family, its first member."""
    if not place.startswith("grid of "):
        return _BESIDE.get(place, {})
    family = BUILT_IN[place.removeprefix("grid of ")]
    return {"family": family.name, "depth": next(iter(family.named.values())).depth}


def read(place: str, key: str) -> dict[str, Any]:
    """What an example says: a line of the file, or what stands between the braces of its place."""
    text = EXAMPLES[place][key]
    content: dict[str, Any] = yaml_file.parse(f"{{{text}}}" if place else text, f"example of {place}.{key}")
    return content


def example_study(place: str, key: str) -> dict[str, Any]:
    """The content of a small study file with an example in its place."""
    written = _beside(place) | read(place, key)
    content = deepcopy(_STUDY)
    match place.split(maxsplit=1)[0] if place else "":
        case "":
            content |= written
        case "grid":
            content["grid"][0] |= written
        case "scale.targets":
            content["scale"] = _BESIDE["scale"] | {"targets": written}
        case "search.space.width":
            content["search"] = _BESIDE["search"] | {"space": {"depth": [14, 26], "width": written}}
        case block:
            content[block] = content.get(block, {}) | written
    if key == "frozen_stages":
        content["init"] = "results/pretraining"
    if place == "constraints":
        content["latency"] = {"runtimes": ["keras", "litert", "onnx", "openvino"]}
    return _once(content)


def _once(content: Mapping[str, Any]) -> dict[str, Any]:
    """One way of naming trials, and each axis in one place."""
    other = [way for way in WAYS if way != "grid" and way in content]
    kept = {key: value for key, value in content.items() if not (other and key == "grid")}
    elsewhere = {*kept.get("recipe", {}), *(axis for block in kept.get("grid", ()) for axis in block)}
    elsewhere |= {"resolution"} if "scale" in kept else set()
    return kept | {"across": {axis: value for axis, value in kept["across"].items() if axis not in elsewhere}}
