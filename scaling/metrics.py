"""One table of metrics: every front, figure and table asks it for name, label, unit and direction."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    column: str
    label: str
    maximize: bool = False
    scale: float = 1.0
    log: bool = True
    low: str | None = None
    high: str | None = None


METRICS: dict[str, Metric] = {
    metric.column: metric
    for metric in (
        Metric("top1", "Top-1 validation accuracy (%)", maximize=True, scale=100, log=False),
        Metric("test_top1", "Top-1 test accuracy (%)", maximize=True, scale=100, log=False),
        Metric("training_ms", "Time per training step (ms)", low="training_low_ms", high="training_high_ms"),
        Metric("inference_ms", "Time per inference step (ms)", low="inference_low_ms", high="inference_high_ms"),
        Metric("macs", "Multiply-accumulates per picture (millions)", scale=1e-6),
        Metric("params", "Trainable parameters (millions)", scale=1e-6),
        Metric("activations", "Activations per picture (millions)", scale=1e-6),
        Metric("train_seconds", "Training time (s)"),
    )
}
