"""A configuration file of the released ResNet-RS (`resnetrs50_i160.yaml`) as a study of one trial.

Keys are those of the files in `models/official/resnet/resnet_rs/configs` of github.com/tensorflow/tpu. The recipe is
the paper's: the cosine schedule and five epochs of warm-up, which the files do not name (that code has steps only),
with Nesterov's momentum, which its optimiser has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scaling.datasets.known import IMAGENET
from scaling.errors import did_you_mean
from scaling.generator.errors import StudyError

TOLD_BY = "resnet_depth"
"""The key that no study file has."""

_OF_THE_MACHINE = ("data_format", "eval_batch_size", "num_eval_images", "transpose_input", "use_tpu")
"""Say how to run, not what to train."""

_AUGMENTED = ("none", "randaugment", "autoaugment")
_PRECISIONS = {"bfloat16": "mixed_bfloat16", "float32": "float32"}
_RECIPE = {
    "train_batch_size": "batch_size",
    "momentum": "momentum",
    "weight_decay": "weight_decay",
    "label_smoothing": "label_smoothing",
    "dropout_rate": "dropout",
    "drop_connect_rate": "stochastic_depth",
    "moving_average_decay": "ema_decay",
    "bn_momentum": "batch_norm_momentum",
}
"""Those that are a value of the recipe as they stand; null is 0."""

_NUMBERS = (TOLD_BY, "image_size", "train_batch_size", "base_learning_rate", "train_steps", "num_train_images")
_NETWORK = ("se_ratio", "use_resnetd_stem", "resnetd_shortcut", "replace_stem_max_pool")
_FORMS: dict[tuple[bool, ...], dict[str, Any]] = {
    (True, True, True): {"stem": "resnet_rs", "resnet_d": True},
    (True, True, False): {"stem": "resnet_d", "resnet_d": True},
    (False, False, False): {"stem": "resnet_d", "resnet_d": False},
}
"""By the last three of these: what of ResNet-D the network has."""

_OTHERS = ("augment_name", "randaug_num_layers", "randaug_magnitude", "num_label_classes", "precision")
KEYS = tuple(dict.fromkeys((*_NUMBERS, *_NETWORK, *_RECIPE, *_OTHERS, *_OF_THE_MACHINE)))


def is_one(content: Mapping[str, Any]) -> bool:
    """Whether a file is such a configuration, not a study."""
    return TOLD_BY in content and "study" not in content


def study_of(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The content of a study file that trains what a configuration says, on ImageNet.

    Args:
        content: of the configuration.
        name: of its file, without ending; the study is named after it.

    Raises:
        StudyError: with every key that is missing, not understood, or asks for what cannot be trained here.
    """
    problems = [f"{key}: not understood{did_you_mean(key, KEYS)}" for key in content if key not in KEYS]
    problems += [f"{key}: missing" for key in (*_NUMBERS, *_NETWORK) if key not in content]
    problems += [
        f"{key}: {content[key]!r} is no number" for key in _NUMBERS if key in content and not _is_number(content[key])
    ]
    if problems:
        raise StudyError(problems)
    problems += [*_network_problems(content), *_recipe_problems(content)]
    if content.get("num_label_classes", IMAGENET.classes) != IMAGENET.classes:
        problems.append(f"num_label_classes: {content['num_label_classes']}; ImageNet has {IMAGENET.classes}")
    held_out = 1 - content["num_train_images"] / IMAGENET.train
    if not 0 <= held_out < 1:
        problems.append(f"num_train_images: {content['num_train_images']}; ImageNet has {IMAGENET.train}")
    if problems:
        raise StudyError(problems)
    recipe = _recipe(content)
    return {
        "study": re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"),
        "question": f"How good does the network of the authors' {name} become?",
        "dataset": {"name": IMAGENET.name, "validation_fraction": round(held_out, 7), "resize": "legacy_bicubic"},
        "grid": [_network(content)],
        "recipe": recipe,
        "latency": {"batch_size": 128, "precision": recipe["precision"]},
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _form(content: Mapping[str, Any]) -> tuple[bool, ...]:
    return tuple(bool(content[key]) for key in _NETWORK[1:])


def _network_problems(content: Mapping[str, Any]) -> Iterator[str]:
    if _form(content) not in _FORMS:
        said = ", ".join(f"{key} {value}" for key, value in zip(_NETWORK[1:], _form(content), strict=True))
        yield f"{said}: no such network here; ResNet-D's stem and shortcut come together"


def _network(content: Mapping[str, Any]) -> dict[str, Any]:
    sizes = {"depth": content[TOLD_BY], "resolution": content["image_size"], "se_ratio": content["se_ratio"] or 0.0}
    return sizes | _FORMS[_form(content)]


def _recipe_problems(content: Mapping[str, Any]) -> Iterator[str]:
    for key, choices in (("augment_name", _AUGMENTED), ("precision", _PRECISIONS)):
        if (value := content.get(key)) is not None and str(value) not in choices:
            yield f"{key}: {value!r} is not a choice{did_you_mean(str(value), choices)}"


def _recipe(content: Mapping[str, Any]) -> dict[str, Any]:
    batch_size, augment = content["train_batch_size"], content.get("augment_name")
    return {
        "epochs": round(content["train_steps"] * batch_size / content["num_train_images"]),
        "learning_rate": content["base_learning_rate"] * batch_size / 256,
        "warmup_epochs": 5.0,
        "schedule": "cosine",
        "nesterov": True,
        "precision": _PRECISIONS[content.get("precision") or "float32"],
        "randaugment_layers": content.get("randaug_num_layers", 2) if augment == "randaugment" else 0,
        "randaugment_magnitude": content.get("randaug_magnitude", 10),
        "randaugment": "released",
        "autoaugment": augment == "autoaugment",
        **{ours: content[theirs] or 0.0 for theirs, ours in _RECIPE.items() if theirs in content},
    }
