"""One table of metrics: every front, figure and table asks it for name, label, unit and direction."""

from __future__ import annotations

from dataclasses import dataclass

from scaling.schema import Phase

TIMED_UNDER = ("device", "precision", "batch_size")
"""What a time per step depends on besides the network; the columns are `training_device` and so on."""


@dataclass(frozen=True)
class Metric:
    """A column of the results frame that can be an axis or an objective.

    Attributes:
        column: in the frame of `scaling.load_results`.
        label: for an axis, unit included.
        maximize: whether more is better.
        scale: what a value is multiplied by to be shown in the label's unit.
        log: whether its axis is logarithmic.
        low, high: columns with the ends of its 95% interval, where it has one of its own.
        phase: of the step that is timed; None for what is no time of a step.
        depends_on: columns of the settings that must agree before two values are compared.
        law_unit: in what the x of a law of error is counted; None where error is no law of it.
    """

    column: str
    label: str
    maximize: bool = False
    scale: float = 1.0
    log: bool = True
    low: str | None = None
    high: str | None = None
    phase: Phase | None = None
    depends_on: tuple[str, ...] = ()
    law_unit: str | None = None


def _step_time(phase: Phase, label: str, law_unit: str) -> Metric:
    return Metric(
        f"{phase}_ms",
        label,
        low=f"{phase}_low_ms",
        high=f"{phase}_high_ms",
        phase=phase,
        depends_on=tuple(f"{phase}_{name}" for name in TIMED_UNDER),
        law_unit=law_unit,
    )


METRICS: dict[str, Metric] = {
    metric.column: metric
    for metric in (
        Metric("top1", "Top-1 validation accuracy (%)", maximize=True, scale=100, log=False),
        Metric("test_top1", "Top-1 test accuracy (%)", maximize=True, scale=100, log=False),
        _step_time("training", "Time per training step (ms)", "ms a training step"),
        _step_time("inference", "Time per inference step (ms)", "ms an inference step"),
        Metric(
            "macs",
            "Multiply-accumulates per picture (millions)",
            scale=1e-6,
            law_unit="multiply-accumulates a picture",
        ),
        Metric("params", "Trainable parameters (millions)", scale=1e-6, law_unit="trainable parameters"),
        Metric("activations", "Activations per picture (millions)", scale=1e-6),
        Metric("train_seconds", "Training time (s)", depends_on=("train_device", "precision")),
    )
}
