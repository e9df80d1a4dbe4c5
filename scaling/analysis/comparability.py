"""Like with like: what has to be one and the same before costs and accuracies may be compared."""

from __future__ import annotations

import pandas as pd

from scaling.analysis.settings import SETTING, SEVERAL_DEVICES
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import METRICS, Column

MEASURED_ON = ("dataset", "validation_fraction")


class MixedConditionsError(UserError):
    """Settings whose numbers must not be compared; the message says what differs."""


def cost_metric(cost: str) -> Column:
    """The metric of that name.

    Raises:
        UserError: if there is none, or more of it is better.
    """
    costs = {name: metric for name, metric in METRICS.items() if not metric.maximize}
    if cost not in costs:
        raise UserError(f"no cost named {cost!r}{did_you_mean(cost, costs)}")
    return costs[cost]


def comparable(settings: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The settings, each once and in an order of their own, so that no random draw depends on how they were stored.

    What was timed on two devices counts once where the cost does not depend on that.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it.
        cost: of `METRICS`.

    Raises:
        MixedConditionsError: if those with an accuracy and the cost were measured or timed under different conditions.
    """
    metric = cost_metric(cost)
    if metric.phase is None:
        settings = settings.drop_duplicates([*SETTING, "top1"])
    conditions(settings, cost)
    return settings.sort_values([*SETTING, metric.name, "top1"], kind="stable")


def parts(table: pd.DataFrame, cost: str) -> list[tuple[str, pd.DataFrame]]:
    """Parts a table so that within each part accuracies and costs may be compared.

    Rows without the cost stand in every part of their data set: they are counted there as not measured. A setting whose
    cost is a mean over several devices belongs to no part.

    Args:
        table: settings as `collapse_seeds` gives them, or trials as `scaling.load_results` does.
        cost: of `METRICS`.

    Returns:
        What tells a part from the others, in words, and its rows; in order of the words. One part without words where
        all rows may stand together, or none has the cost.
    """
    metric = cost_metric(cost)
    columns = [*MEASURED_ON, *metric.depends_on]
    if "train_device" in columns and "train_device" not in table:
        table = table.assign(train_device=table["device"])
    has_cost = table["top1"].notna() & table[metric.name].notna()
    has_cost &= ~table[columns].isin([SEVERAL_DEVICES]).any(axis=1)
    keys = table[columns].map(_text)
    distinct = keys[has_cost].drop_duplicates()
    if len(distinct) < 2:
        return [("", table)]
    telling = [name for name in columns if distinct[name].nunique() > 1]
    worded_parts = []
    for _, values in distinct.sort_values(columns).iterrows():
        here = has_cost & keys.eq(values).all(axis=1)
        same_images = keys[list(MEASURED_ON)].eq(values[list(MEASURED_ON)]).all(axis=1)
        words = ", ".join(f"{name.replace('_', ' ')} {values[name]}" for name in telling)
        worded_parts.append((words, table[here | (~has_cost & same_images)]))
    return worded_parts


def conditions(settings: pd.DataFrame, cost: str) -> dict[str, str]:
    """What all the settings share: data set and validation images, and whatever the cost depends on.

    Args:
        settings: with accuracies; those without one, or without the cost, have no say.
        cost: of `METRICS`.

    Returns:
        Column and value as text; `unknown` where it was not told.

    Raises:
        MixedConditionsError: if one of them takes several values.
    """
    metric = cost_metric(cost)
    counted = settings[settings["top1"].notna() & settings[metric.name].notna()]
    values = {name: counted[name].map(_text) for name in (*MEASURED_ON, *metric.depends_on)}
    if mixed := {name: texts for name, texts in values.items() if texts.nunique() > 1}:
        lines = "; ".join(f"{name}: {_counts(texts)}" for name, texts in mixed.items())
        hint = "compare each of them by itself, or by --cost macs"
        hint = "accuracies on different images do not compare" if set(mixed) & set(MEASURED_ON) else hint
        raise MixedConditionsError(f"{cost}: not like with like: {lines}; {hint}")
    return {name: texts.iloc[0] for name, texts in values.items() if len(texts)}


def on_device(frame: pd.DataFrame, cost: str, device: str) -> pd.DataFrame:
    """The rows whose cost was timed on a device whose name contains `device`, whatever its case.

    Raises:
        UserError: if there are none, with the devices there are; or if the cost depends on no device.
    """
    phase = cost_metric(cost).phase
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


def _counts(texts: pd.Series[str]) -> str:
    return ", ".join(f"{value} ({count} settings)" for value, count in texts.value_counts(sort=False).items())
