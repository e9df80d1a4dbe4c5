"""Error as a joint law of depth, width, resolution and epochs, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.laws.response_surface import Surface, fit_surface, too_little
from scaling.analysis.settings import FACTORS
from scaling.analysis.uncertainty import Estimate, Floats, estimate
from scaling.results.columns import METRICS


@dataclass(frozen=True, eq=False)
class Joint:
    """The joint law of some settings.

    Attributes:
        rows: labels of the settings that were fitted, in the order of `residuals`.
        left_out: number of settings without accuracy or cost.
        factors: those that vary.
        error: the law of log error; None where there is none.
        costs: by name of the cost, the law of its log.
        parameters: of `error`, by term (`depth`, `depth*width`), with `error` for the value at the center.
        residuals: measured less fitted log error.
        reason: why there is no fit; empty where there is one.
    """

    rows: pd.Index
    left_out: int
    factors: tuple[str, ...]
    error: Surface | None
    costs: dict[str, Surface]
    parameters: dict[str, Estimate]
    residuals: Floats
    reason: str


def fit_joint(
    settings: pd.DataFrame, costs: Sequence[str] = ("macs", "training_ms"), *, draws: int = 500, seed: int = 0
) -> Joint:
    """Fits log error, and the log of each cost, to the logs of the factors that vary.

    The law is linear in the logs, with squares and products that are drawn towards 0: see `CURVATURE`. A cost's law is
    that of the settings' own counts or timings.

    Args:
        settings: of one family, as `scaling.analysis.settings.collapse_seeds` gives it.
        costs: of `METRICS`; those that no setting has are left out.
        draws: studies drawn anew, for the intervals.
        seed: of the random numbers.
    """
    settings = settings.sort_values([*FACTORS, "top1"], kind="stable")  # the same answer for every order of the rows
    top1, sds = (settings[name].to_numpy(float) for name in ("top1", "top1_sd"))
    logs = pd.DataFrame({name: settings[name].to_numpy(float) for name in FACTORS}, index=settings.index)
    known = (top1 < 1) & (top1 >= 0) & (logs[["depth", "width", "resolution"]] > 0).all(axis=1).to_numpy()
    factors = tuple(
        name for name in FACTORS if logs.loc[known, name].nunique() > 1 and (logs.loc[known, name] > 0).all()
    )
    kept, left_out = settings[known], int((~known).sum())
    center = {name: float(np.exp(np.log(logs.loc[known, name]).mean())) for name in factors}
    centered = {name: np.log(logs.loc[known, name].to_numpy(float) / center[name]) for name in factors}
    y = np.log(1 - top1[known])
    if reason := too_little(centered, len(kept)):
        return Joint(kept.index, left_out, factors, None, {}, {}, np.zeros(0), reason)
    random = np.random.default_rng(seed)
    error = fit_surface(centered, center, y, sds[known] / (1 - top1[known]), draws, random)
    laws = {cost: _cost(kept, cost, centered, center, draws, random) for cost in costs}
    return Joint(
        rows=kept.index,
        left_out=left_out,
        factors=factors,
        error=error,
        costs={cost: law for cost, law in laws.items() if law is not None},
        parameters=_named(error),
        residuals=y - error.fitted.line,
        reason="",
    )


def _cost(
    kept: pd.DataFrame,
    cost: str,
    centered: Mapping[str, Floats],
    center: dict[str, float],
    draws: int,
    random: np.random.Generator,
) -> Surface | None:
    """The law of a cost of one image, step or epoch, which the number of epochs does not change."""
    metric, sizes = METRICS[cost], [name for name in centered if name != "epochs"]
    value = kept[metric.name].to_numpy(float)
    if metric.name == "train_seconds":
        value = value / kept["epochs"].to_numpy(float)
    known = value > 0
    part = {name: centered[name][known] for name in sizes}
    if too_little(part, int(known.sum())):
        return None
    sd = uncertainty.log_sd(kept, metric)[known]
    return fit_surface(part, {name: center[name] for name in sizes}, np.log(value[known]), sd, draws, random)


def _named(surface: Surface) -> dict[str, Estimate]:
    theta, draws = surface.fitted.theta, surface.fitted.draws
    names = ["*".join(term) for term in surface.terms]
    estimates = {name: estimate(theta[at], draws[:, at]).reaching_value() for at, name in enumerate(names) if name}
    return {"error": estimate(np.exp(theta[0]), np.exp(draws[:, 0])).reaching_value(), **estimates}
