"""Names of all figures, known without loading what draws them, so that a shell can complete them at once."""

from __future__ import annotations

from scaling.results.columns import METRICS

COSTS = {
    "training_ms": "accuracy_vs_training_ms",
    "inference_ms": "accuracy_vs_inference_ms",
    "macs": "accuracy_vs_macs",
    "params": "accuracy_vs_params",
}
"""What accuracy is drawn against, and the name of the file."""

MEASURED = {
    name: f"accuracy_vs_{name}" for name, column in METRICS.items() if column.phase is not None and name not in COSTS
}
"""The same for what few studies measure, times with a deployment runtime and energy; drawn where it was."""

MODULES = (
    "speed_accuracy",
    "power_law",
    "residuals",
    "speedup",
    "regimes",
    "fronts",
    "differences",
    "rescaled",
    "additive",
    "distribution",
    "seed_spread",
    "runtimes",
)
"""The other figures in their order, each drawn by the module of `scaling.plots.figures` that is called after it."""

FIGURES = (*COSTS.values(), *MEASURED.values(), *MODULES)
"""Names of all figures of a study, in their order."""
