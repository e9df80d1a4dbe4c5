"""Seeds collapsed: one row for each variant and recipe, with the spread over its seeds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.uncertainty import CORRECT
from scaling.errors import UserError, did_you_mean
from scaling.results.columns import TABLE, names
from scaling.schema import Dataset, Recipe, Variant

DATASET = tuple("dataset" if name == "name" else name for name in Dataset.model_fields)
VARIANT = tuple(Variant.model_fields)
RECIPE = tuple(Recipe.model_fields)
SETTING = names("setting")
"""Columns of the results frame that tell one setting from another: everything a trial is made of, but its seed."""

FACTORS = ("depth", "width", "resolution", "epochs")
"""What a network and its training may grow in."""

Grouping = str | pd.Series
"""What parts settings into groups: a column, or a label for each, under their index; what has none is left out."""

GIVEN_SEED_SD = "given_seed_sd"
"""A column that a frame may have: the standard deviation between seeds (fraction) that overrules what was measured."""

SEVERAL_DEVICES = "several devices"
"""Stands for the device of a setting whose seeds were trained on more than one: their times make no mean."""


def collapse_seeds(frame: pd.DataFrame) -> pd.DataFrame:
    """Gathers the trials that differ in nothing but their seed.

    Args:
        frame: as `scaling.load_results` gives it, one row a trial; columns it lacks are taken as unknown. It may have
            `GIVEN_SEED_SD` besides.

    Returns:
        One row a setting, in order of first appearance: the columns of `SETTING`; `seeds`, the number of trials that
        went well, and `failed`, of those that did not; over the trials that went well, NaN where there are none, the
        means of all columns that are `averaged`, and `top1_min`, `top1_max`, `top1_std` and `test_top1_*` (fractions);
        `train_device`, where they were trained, or `SEVERAL_DEVICES`; `top1_sd`, `seed_sd` and how it is known, see
        `scaling.analysis.uncertainty.with_noise`; `validation_correct`, what each seed was right on, where that is
        known of all; `changed`, whether its seeds differ in size or in their number of validation images; and size,
        cost, latency and `trust` (published numbers only) as they were. Trials whose variant was timed under different
        conditions (another device) stay apart, so that no row mixes two latencies.
    """
    given = float(frame[GIVEN_SEED_SD].iloc[0]) if GIVEN_SEED_SD in frame and len(frame) else None
    frame = _prepared(frame)
    keys = [*SETTING, *names("condition")]
    # By number: groups of fifty columns take pandas long to make, and it would make them anew for each column.
    setting = frame.groupby(keys, dropna=False, sort=False).ngroup()
    groups = frame.groupby(setting)
    trained = groups["device"]
    spreads = groups[["top1", "test_top1"]].agg(["min", "max", "std"])
    columns = [
        frame.loc[~setting.duplicated(), keys].reset_index(drop=True),
        groups[["ok", "not_ok"]].sum().set_axis(["seeds", "failed"], axis=1),
        trained.first().mask(trained.nunique() > 1, SEVERAL_DEVICES).rename("train_device"),
        groups[list(names("averaged"))].mean(),
        spreads.set_axis(spreads.columns.map("_".join), axis=1),
        groups[["trust", *names("carried")]].first(),
        pd.Series(_correct(groups, frame), name=CORRECT, dtype=object),
        groups[["params", "top1_n"]].nunique().gt(1).any(axis=1).rename("changed"),
    ]
    return uncertainty.with_noise(pd.concat(columns, axis=1), given, as_if=False)


def _correct(groups: Any, frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """Of each setting what its seeds were right on; empty where that is not known of each of them."""
    if not frame[CORRECT].notna().any():
        return [()] * groups.ngroups
    known = groups[CORRECT].agg(tuple)
    alike = zip(known, groups["ok"].sum(), strict=True)
    return [
        told if len(told := tuple(correct for correct in seeds if pd.notna(correct))) == ok else ()
        for seeds, ok in alike
    ]


def labels(settings: pd.DataFrame, by: Grouping) -> pd.Series[Any]:
    """The label of the group of each setting, under the settings' index; missing where it is in none.

    Raises:
        UserError: if a column is asked for that does not tell settings apart.
    """
    if isinstance(by, pd.Series):
        return by.reindex(settings.index)
    if by not in SETTING:
        raise UserError(f"cannot group by {by!r}{did_you_mean(by, SETTING)}")
    return settings[by]


def with_seed_noise(frame: pd.DataFrame, points: float | None) -> pd.DataFrame:
    """A results frame whose seeds are taken to differ by this standard deviation (points); None: as measured.

    Raises:
        UserError: if it is negative or no number.
    """
    if points is not None and not 0 <= points < float("inf"):
        raise UserError(f"seed noise is a standard deviation in points, 0 or more, not {points:g}")
    return frame if points is None else frame.assign(**{GIVEN_SEED_SD: points / 100})


def of_settings(frame: pd.DataFrame, trial_ids: Collection[str]) -> pd.DataFrame:
    """The trials of a results frame whose settings are those of some trials, with whatever seeds they have.

    Args:
        frame: as `scaling.load_results` gives it.
        trial_ids: of these trials; those that the frame does not hold have no say.
    """
    named = frame["trial_id"].isin(trial_ids)
    settings = frame.reindex(columns=SETTING).groupby(list(SETTING), dropna=False, sort=False).ngroup()
    return frame[settings.isin(settings[named])]


def _prepared(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns needed, each of one type whatever is missing; results of failed trials blanked."""
    results = (*names("averaged"), CORRECT)
    columns = ["device", *SETTING, *names("condition"), *results, *names("carried")]
    frame = frame.reindex(columns=["status", "trust", "seed", *columns])
    again = _is_seen_again(frame)
    typed = {
        name: frame[name].astype("string") if TABLE[name].text else pd.to_numeric(frame[name]).astype(float)
        for name in columns
    }
    frame = pd.DataFrame({"status": frame["status"], "trust": frame["trust"].astype("string"), **typed})
    ok = (frame["status"] == "ok") & ~again
    frame.loc[~ok, list(results)] = float("nan")
    frame.loc[~ok, "device"] = pd.NA
    return frame.assign(ok=ok.astype(int), not_ok=(frame["status"] == "failed").astype(int))


def _is_seen_again(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which trials went well with a setting and a seed that a later one has, too.

    There are such where a precision was first left to the device, and then named as what the device had chosen.
    """
    known = frame[(frame["status"] == "ok") & frame["seed"].notna()]
    again = known.duplicated(["seed", *SETTING, *names("condition")], keep="last")
    return again.reindex(frame.index, fill_value=False)


def crossed(settings: pd.DataFrame) -> list[str]:
    """Columns of recipe, data and first weights that take several values for one variant trained for so many epochs."""
    candidates = [name for name in (*DATASET, *RECIPE, "init") if name != "epochs"]
    if settings.empty:
        return []
    groups = settings.groupby(["study", "folder", *VARIANT, "epochs"], dropna=False)
    several = groups[candidates].nunique(dropna=False).gt(1).any()
    return [name for name in candidates if several[name]]
