"""Like with like: what has to be one and the same before costs and accuracies may be compared."""

from __future__ import annotations

import pandas as pd

from scaling.analysis.seeds import PHASES, SETTING
from scaling.errors import UserError, did_you_mean
from scaling.metrics import METRICS, Metric

MEASURED_ON = ("dataset", "validation_fraction")
TIMED_UNDER = ("device", "precision", "batch_size")


class MixedConditionsError(UserError):
    """Settings whose numbers must not be compared; the message says what differs."""


def cost_metric(cost: str) -> Metric:
    """The metric of that name.

    Raises:
        UserError: if there is none, or more of it is better.
    """
    costs = {name: metric for name, metric in METRICS.items() if not metric.maximize}
    if cost not in costs:
        raise UserError(f"no cost named {cost!r}{did_you_mean(cost, costs)}")
    return costs[cost]


def phase_of(cost: str) -> str | None:
    """`training` or `inference` for a time per step, None for what depends on no device."""
    return next((phase for phase in PHASES if cost == f"{phase}_ms"), None)


def comparable(settings: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The settings, each once: what was timed on two devices counts once where the cost is no time.

    Args:
        settings: as `scaling.analysis.seeds.collapse_seeds` gives it.
        cost: of `METRICS`.

    Raises:
        MixedConditionsError: if those with an accuracy and the cost were measured or timed under different conditions.
    """
    if phase_of(cost) is None:
        settings = settings.drop_duplicates([*SETTING, "top1"])
    conditions(settings, cost)
    return settings


def conditions(settings: pd.DataFrame, cost: str) -> dict[str, str]:
    """What all the settings share: data set and validation pictures; for a time also device, precision and batch size.

    Args:
        settings: with accuracies; those without one, or without the cost, have no say.
        cost: of `METRICS`.

    Returns:
        Column and value as text; `unknown` where it was not told.

    Raises:
        MixedConditionsError: if one of them takes several values.
    """
    counted = settings[settings["top1"].notna() & settings[cost_metric(cost).column].notna()]
    phase = phase_of(cost)
    columns = (*MEASURED_ON, *(f"{phase}_{name}" for name in TIMED_UNDER if phase))
    values = {name: counted[name].map(_text) for name in columns}
    if mixed := {name: found for name, found in values.items() if found.nunique() > 1}:
        lines = "; ".join(f"{name}: {_counts(found)}" for name, found in mixed.items())
        device = f"{phase}_device" in mixed
        hint = "choose one with --device" if device else "compare them one at a time, or by --cost macs"
        hint = "accuracies on different pictures do not compare" if set(mixed) & set(MEASURED_ON) else hint
        raise MixedConditionsError(f"{cost}: not like with like: {lines}; {hint}")
    return {name: found.iloc[0] for name, found in values.items() if len(found)}


def on_device(frame: pd.DataFrame, cost: str, device: str) -> pd.DataFrame:
    """The rows whose cost was timed on a device whose name contains `device`, whatever its case.

    Raises:
        UserError: if there are none, with the devices there are; or if the cost depends on no device.
    """
    phase = phase_of(cost)
    if phase is None:
        raise UserError(f"{cost} depends on no device; leave --device out")
    names = frame[f"{phase}_device"].astype("string") if f"{phase}_device" in frame else pd.Series(dtype="string")
    kept = names.str.contains(device, case=False, regex=False).fillna(False).astype(bool)
    if not kept.any():
        known = sorted(names.dropna().unique())
        raise UserError(f"nothing was timed on {device!r}" + (did_you_mean(device, known) if known else ": no times"))
    return frame[kept.to_numpy()]


def _text(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "unknown"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _counts(found: pd.Series[str]) -> str:
    return ", ".join(f"{value} ({count} settings)" for value, count in found.value_counts(sort=False).items())
