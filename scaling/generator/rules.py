"""Rules that fill in a recipe from variant and regime; what a study file says itself wins over them.

Every value comes with its source and whether that was seen: some of the paper's regularisation is known from memory
only and is offered as a default, never as a fact.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from scaling.models.families.efficientnet import NAMED
from scaling.schema import Variant

SHORT_EPOCHS = 100
"""Up to here the paper regularises by weight decay alone (Appendix E); between 100 and 350 it has nothing."""


@dataclass(frozen=True)
class Filled:
    """A recipe value from a rule.

    Attributes:
        value: of the recipe's field.
        source: paper, section, file.
        verified: whether the source was seen; False is recollection, or ours where the source says nothing.
    """

    value: Any
    source: str
    verified: bool = True


Filling: TypeAlias = dict[str, Filled]


@dataclass(frozen=True)
class Rule:
    """Recipe values as a function of variant and epochs.

    Attributes:
        name: as study files give it.
        meaning: what it is, in a line.
        fill: `(variant, epochs)` to recipe fields; raises `ValueError` where its source says nothing.
        family: that it is for; it leaves others alone. None: for all.
    """

    name: str
    meaning: str
    fill: Callable[[Variant, int], Filling]
    family: str | None = None


_APPENDIX_E = "arXiv 2103.07579, Appendix E, seen in translation"
_APPENDIX_E_MEMORY = "arXiv 2103.07579, Appendix E, a later version, from memory"
_RELEASED_RANDAUGMENT = "github.com/tensorflow/tpu, models/official/efficientnet/autoaugment.py"
_LEAST_OF_THE_PAPER = 128
_RELEASED = "github.com/tensorflow/tpu, models/official/resnet/resnet_rs/configs"


def _all_from(source: str, verified: bool = True, /, **values: Any) -> Filling:
    return {field: Filled(value, source, verified) for field, value in values.items()}


_NOTHING: dict[str, Any] = {"label_smoothing": 0.0, "dropout": 0.0, "stochastic_depth": 0.0, "randaugment_layers": 0}


def baseline(variant: Variant, epochs: int) -> Filling:
    """No regularisation but a weight decay of 1e-4: the rows "None" of Table 2."""
    return _all_from("arXiv 2103.07579, Table 2; 1e-4 is the released code's default", weight_decay=1e-4, **_NOTHING)


def paper_regularization(variant: Variant, epochs: int) -> Filling:
    """The paper's scaling study: none up to 100 epochs, by size beyond; a released configuration has its own values."""
    if epochs <= SHORT_EPOCHS:
        return _all_from(f"{_APPENDIX_E}: 10 and 100 epochs", weight_decay=4e-5, **_NOTHING)
    if variant.family != "resnet_rs":
        raise ValueError(f"{epochs} epochs: for resnet_rs beyond {SHORT_EPOCHS}; efficientnet has efficientnet_recipe")
    return _released_regularization(variant) or _regularization_by_size(variant)


def _regularization_by_size(variant: Variant) -> Filling:
    small = variant.width <= 0.5 or variant.resolution <= 160
    magnitude = 10.0 if small else 15.0 if variant.resolution <= 320 else 20.0
    dropped = variant.width > 0.25 and variant.resolution >= 224
    return {
        "dropout": _dropout_by_width(variant.width),
        "randaugment": _randaugment_by_size(variant.resolution),
        **_all_from(
            _APPENDIX_E_MEMORY,
            False,
            randaugment_layers=2,
            randaugment_magnitude=magnitude,
            stochastic_depth=0.2 if dropped else 0.0,
            label_smoothing=0.1,
            weight_decay=4e-5,
        ),
    }


def _randaugment_by_size(resolution: int) -> Filled:
    """As released from the paper's smallest images on; on smaller ones its distances would leave them grey."""
    if resolution < _LEAST_OF_THE_PAPER:
        return Filled(
            "scaled", f"ours: released distances are pixels of images of {_LEAST_OF_THE_PAPER} and more", False
        )
    return Filled("released", _RELEASED_RANDAUGMENT)


def _dropout_by_width(width: float) -> Filled:
    """Table 12; between its widths on a straight line, beyond them as at the nearest (ours)."""
    rows = [(float(row["width"]), float(row["dropout"]), row) for row in _published("table12")]
    for at, dropout, row in rows:
        if at == width:
            return Filled(dropout, row["source"], row["trust"] == "primary")
    source = f"{rows[0][2]['source']}; its nearest widths are used for {width:g}"
    if not rows[0][0] < width < rows[-1][0]:
        return Filled(rows[0][1] if width < rows[0][0] else rows[-1][1], source, verified=False)
    ((low, less, _), (high, more, _)) = next(pair for pair in itertools.pairwise(rows) if pair[1][0] > width)
    return Filled(round(less + (more - less) * (width - low) / (high - low), 3), source, verified=False)


def _released_regularization(variant: Variant) -> Filling | None:
    """The TF1 values of the eleven released configurations; None for any other network."""
    for row in _published("recipes"):
        if variant == Variant(depth=float(row["depth"]), resolution=int(row["resolution"])):
            return _all_from(
                _RELEASED,
                row["trust"] == "primary",
                dropout=float(row["dropout"]),
                stochastic_depth=float(row["stochastic_depth"]),
                randaugment_layers=2,
                randaugment_magnitude=float(row["randaugment_magnitude_tf1"]),
                randaugment="released",
                label_smoothing=0.1,
                weight_decay=4e-5,
            )
    return None


def released_recipe(variant: Variant, epochs: int) -> Filling:
    """The whole recipe of one of the eleven released ResNet-RS, for 4096 images a step and 350 epochs."""
    regularization = _released_regularization(variant)
    if regularization is None:
        known = ", ".join(f"{row['depth']}@{row['resolution']}" for row in _published("recipes"))
        raise ValueError(f"{variant.name} is none of the released configurations at width 1, unchanged: {known}")
    return {
        **regularization,
        **_all_from(
            _RELEASED,
            batch_size=4096,
            learning_rate=1.6,
            momentum=0.9,
            nesterov=True,
            ema_decay=0.9999,
            batch_norm_momentum=0.0,
            precision="mixed_bfloat16",
        ),
        **_all_from(
            "arXiv 2103.07579, Table 1, and github.com/tensorflow/models imagenet_resnetrs*.yaml; TF1 only has steps",
            schedule="cosine",
            warmup_epochs=5.0,
        ),
    }


def model_garden_recipe(variant: Variant, epochs: int) -> Filling:
    """The whole recipe of a ResNet-RS of TensorFlow's Model Garden: plain momentum, its own RandAugment magnitudes."""
    source = "github.com/tensorflow/models, official/vision, imagenet_resnetrs*.yaml"
    for row in _published("recipes"):
        if variant == Variant(depth=float(row["depth"]), resolution=int(row["resolution"]), activation="swish"):
            return {
                **released_recipe(variant.model_copy(update={"activation": None}), epochs),
                **_all_from(
                    source,
                    row["trust"] == "primary",
                    nesterov=False,
                    randaugment_magnitude=float(row["randaugment_magnitude_tf2"]),
                    schedule="cosine",
                    warmup_epochs=5.0,
                ),
            }
    known = ", ".join(f"{row['depth']}@{row['resolution']}" for row in _published("recipes"))
    raise ValueError(f"{variant.name} is none of Model Garden's, which have activation swish, at width 1: {known}")


def efficientnet_recipe(variant: Variant, epochs: int) -> Filling:
    """EfficientNet's regularisation; its RMSProp and its schedule are not filled in."""
    source = "github.com/tensorflow/tpu, models/official/efficientnet"
    coefficients = [named for named in NAMED.values() if (named.width, named.depth) == (variant.width, variant.depth)]
    if not coefficients:
        raise ValueError(f"{variant.name} is none of EfficientNet-{', '.join(name.upper() for name in NAMED)}")
    return _all_from(
        source,
        dropout=coefficients[0].dropout,
        stochastic_depth=0.2,
        label_smoothing=0.1,
        weight_decay=1e-5,
        ema_decay=0.9999,
        batch_norm_momentum=0.99,
    )


def efficientnet_released(variant: Variant, epochs: int) -> Filling:
    """The whole recipe of EfficientNet's authors, for 2048 images a step and 350 epochs.

    AutoAugment, but RandAugment for B5 and from B7 on.
    """
    source = "github.com/tensorflow/tpu, models/official/efficientnet/main.py and utils.py"
    name = next(
        (name for name, named in NAMED.items() if (named.width, named.depth) == (variant.width, variant.depth)), ""
    )
    magnitude = {"b5": 17.0, "b7": 28.0, "b8": 28.0}.get(name)
    own = {"randaugment_layers": 2, "randaugment_magnitude": magnitude} if magnitude else {"autoaugment": True}
    return {
        **efficientnet_recipe(variant, epochs),
        **_all_from(
            source,
            batch_size=2048,
            learning_rate=0.128,
            warmup_epochs=5.0,
            schedule="exponential",
            optimizer="rmsprop",
            momentum=0.9,
        ),
        **_all_from(_RELEASED_RANDAUGMENT, randaugment="released", **own),
    }


def efficientnet_rs_randaugment(variant: Variant, epochs: int) -> Filling:
    """RandAugment by resolution, as EfficientNet-RS has it."""
    magnitude = 10.0 if variant.resolution <= 224 else 15.0 if variant.resolution <= 320 else 20.0
    source = "arXiv 2103.07579, section 7.2"
    return {
        "randaugment_layers": Filled(2, f"{source} names magnitudes only; 2 as in every other recipe", verified=False),
        "randaugment_magnitude": Filled(magnitude, source),
        "randaugment": Filled("released", _RELEASED_RANDAUGMENT),
    }


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("baseline", "no regularisation but a weight decay of 1e-4", baseline),
        Rule(
            "paper_regularization",
            f"the regularisation of the paper's scaling study: none up to {SHORT_EPOCHS} epochs; beyond, by width and "
            "resolution, for `resnet_rs` only",
            paper_regularization,
        ),
        Rule("released_recipe", "the whole recipe of a released ResNet-RS", released_recipe, "resnet_rs"),
        Rule(
            "model_garden_recipe",
            "the whole recipe of a ResNet-RS in TensorFlow's Model Garden",
            model_garden_recipe,
            "resnet_rs",
        ),
        Rule("efficientnet_recipe", "the regularisation of EfficientNet", efficientnet_recipe, "efficientnet"),
        Rule(
            "efficientnet_released",
            "the whole recipe of EfficientNet by its authors",
            efficientnet_released,
            "efficientnet",
        ),
        Rule(
            "efficientnet_rs_randaugment",
            "the RandAugment of EfficientNet-RS, by resolution",
            efficientnet_rs_randaugment,
            "efficientnet",
        ),
    )
}


@functools.cache
def _published(table: str) -> tuple[Mapping[str, str], ...]:
    """Rows of a table of the paper, read without pandas: planning has to be quick."""
    file = importlib.resources.files("scaling") / "published" / "data" / f"{table}.csv"
    return tuple(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
