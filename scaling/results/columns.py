"""The one table of the columns of results: whoever reads, groups, compares or draws a column asks it.

A new metric is one entry here, and the place where it is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args, get_origin

from scaling.schema import Dataset, LatencyRequest, Recipe, Runtime, Variant

RUNTIMES: dict[Runtime, str] = {"keras": "Keras", "litert": "LiteRT", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}
"""What inference is timed with, and how people call it."""

TIMED: dict[str, str] = {
    "training": "training step",
    "inference": "inference step",
    **{
        f"inference_{runtime}": f"inference step with {title}"
        for runtime, title in RUNTIMES.items()
        if runtime != "keras"
    },
}
"""What is timed: how its columns begin, and in words. Keras' own steps are the first two."""

Role: TypeAlias = Literal["setting", "condition", "carried", "averaged", "trial"]
"""What becomes of a column when trials that differ in their seed alone are gathered into a setting.

`setting`: tells settings apart. `condition`: tells apart what was timed under different conditions. `carried`: the same
in all trials of a setting, so it is carried over. `averaged`: a result of a trial, of which the setting has the mean.
`trial`: a trial's own, of which the setting has nothing, or what `collapse_seeds` makes of it.
"""


@dataclass(frozen=True)
class Column:
    """A column of the frame that `scaling.load_results` gives.

    Attributes:
        name: of the column.
        role: see `Role`.
        text: whether it holds text; else numbers, NaN where unknown.
        label: for an axis, unit included; empty for what is no metric.
        maximize: whether more is better.
        scale: what a value is multiplied by to be shown in the label's unit.
        log: whether its axis is logarithmic.
        low, high: columns with the ends of its 95% interval, where it has one of its own.
        phase: of `TIMED`, the step that is timed; None for what is no time of a step.
        depends_on: columns of the settings that must agree before two values are compared.
        each_epoch: whether a training pays it once more for every epoch.
        law_unit: in what the x of a law of error is counted; None where error is no law of it.
    """

    name: str
    role: Role = "trial"
    text: bool = False
    label: str = ""
    maximize: bool = False
    scale: float = 1.0
    log: bool = True
    low: str | None = None
    high: str | None = None
    phase: str | None = None
    depends_on: tuple[str, ...] = ()
    each_epoch: bool = False
    law_unit: str | None = None

    @property
    def is_time(self) -> bool:
        """Whether it is a time of a step, so that less of it is faster."""
        return self.phase is not None and self.name.endswith("_ms")

    def shown(self, value: float) -> str:
        """A value with its unit, in a sentence: `2.33 s`, `1.57 million`."""
        unit = self.label.partition(" (")[2].rstrip(")").removesuffix("s" if self.label.endswith("millions)") else "")
        return f"{self.scale * value:.3g} {unit}".rstrip()

    @property
    def words(self) -> str:
        """What it is, in a sentence: `time per training step`."""
        words = self.label.split(" (")[0]
        return words[:1].lower() + words[1:]


def _is_text(annotation: Any) -> bool:
    """Whether a field holds words, or several values, which become one text."""
    if annotation is str or isinstance(annotation, str) or get_origin(annotation) is tuple:
        return True
    return any(map(_is_text, get_args(annotation)))


def _identity() -> Iterator[Column]:
    yield Column("study", "setting", text=True)
    yield Column("folder", "setting", text=True)
    yield Column("weights", "setting", text=True)
    yield Column("model", "carried", text=True)
    for name in ("trial_id", "status", "failure_kind", "failure_message"):
        yield Column(name, text=True)
    for noun in (Dataset, Variant, Recipe):
        for name, field in noun.model_fields.items():
            column, law_unit = "dataset" if name == "name" else name, "epochs" if name == "epochs" else None
            yield Column(column, "setting", text=_is_text(field.annotation), law_unit=law_unit)
    yield Column("init", "setting", text=True)
    yield Column("seed")


def _sizes() -> Iterator[Column]:
    yield Column(
        "params",
        "carried",
        label="Trainable parameters (millions)",
        scale=1e-6,
        law_unit="trainable parameters",
    )
    yield Column(
        "macs",
        "carried",
        label="Multiply-accumulates per image (millions)",
        scale=1e-6,
        each_epoch=True,
        law_unit="multiply-accumulates per image",
    )
    yield Column("activations", "carried", label="Activations per image (millions)", scale=1e-6)
    # Reckoned, not measured, and only where a study's plan was asked.
    yield Column("memory_gb", "carried", label="Memory of a training step (GB)")
    yield Column("planned_seconds", "carried")
    yield Column(
        "train_seconds",
        "averaged",
        label="Training time (s)",
        depends_on=("train_device", "precision"),
        each_epoch=True,
    )
    yield Column("device", text=True)


def _accuracies() -> Iterator[Column]:
    for score in ("validation_raw", "validation_ema", "test_raw", "test_ema"):
        for part in ("top1", "top5", "correct", "n", "loss"):
            yield Column(f"{score}_{part}")
    yield Column("top1", "averaged", label="Top-1 validation accuracy (%)", maximize=True, scale=100, log=False)
    yield Column("top1_n", "carried")
    yield Column("test_top1", "averaged", label="Top-1 test accuracy (%)", maximize=True, scale=100, log=False)
    yield Column("top5", "averaged", label="Top-5 validation accuracy (%)", maximize=True, scale=100, log=False)
    yield Column("test_top5", "averaged", label="Top-5 test accuracy (%)", maximize=True, scale=100, log=False)
    yield Column("validation_correct", text=True)
    yield Column("train_top1", "averaged")


def timed(request: LatencyRequest) -> str:
    """Of `TIMED`, what a request asks for."""
    return request.phase if request.runtime == "keras" else f"{request.phase}_{request.runtime}"


def _times(phase: str, words: str) -> Iterator[Column]:
    conditions = ("batch_size", "precision", "device")
    depends_on = tuple(f"{phase}_{name}" for name in ("device", "precision", "batch_size"))
    for name, label, unit in (("ms", "Time", "ms"), ("joules", "Energy", "J")):
        yield Column(
            f"{phase}_{name}",
            "carried",
            label=f"{label} per {words} ({unit})",
            low=f"{phase}_low_{name}",
            high=f"{phase}_high_{name}",
            phase=phase,
            depends_on=depends_on,
            each_epoch=phase == "training",
            law_unit=f"{unit} per {words}",
        )
    ends = ("low_ms", "high_ms", "low_joules", "high_joules")
    for name in (*ends, "p10_ms", "p90_ms", "disturbed", "n", "measured_batch_size"):
        yield Column(f"{phase}_{name}", "carried")
    for name in conditions:
        yield Column(f"{phase}_{name}", "condition", text=name != "batch_size")


TABLE: dict[str, Column] = {
    column.name: column
    for column in (
        *_identity(),
        *_sizes(),
        *_accuracies(),
        *(column for phase, words in TIMED.items() for column in _times(phase, words)),
    )
}
"""All columns of `scaling.load_results`, by name, in their order."""

METRICS: dict[str, Column] = {name: column for name, column in TABLE.items() if column.label}
"""Those that can be an axis or an objective."""

LAW_UNITS: dict[str, str] = {name: column.law_unit for name, column in TABLE.items() if column.law_unit}
"""What error may be a law of, and in what it is counted."""


def of_variant(variant: Variant) -> dict[str, Any]:
    """The columns of a variant; what its family has no choice of is None, and options are one text."""
    blocks = "-".join(map(str, variant.blocks)) if variant.blocks else None
    options = " ".join(f"{name}={value}" for name, value in variant.options) or None
    return dict.fromkeys(Variant.model_fields) | variant.model_dump() | {"blocks": blocks, "options": options}


def names(*roles: Role) -> tuple[str, ...]:
    """The columns of these roles, in the order of the table."""
    return tuple(name for name, column in TABLE.items() if column.role in roles)
