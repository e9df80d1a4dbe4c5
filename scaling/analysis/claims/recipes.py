"""Claims about training methods and resolution: differences between trials that differ in one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.claims.finding import Finding, NotAddressedError, Verdict, nearest
from scaling.analysis.settings import SETTING, VARIANT, collapse_seeds
from scaling.analysis.uncertainty import Estimate, affordable, estimate, jointly

DRAWS = 2000
_METHODS = ("ema_decay", "label_smoothing", "stochastic_depth", "randaugment_layers", "dropout")
"""Recipe columns of which 0 means that the method is left out."""


def share_from_training(frame: pd.DataFrame, low: float, high: float) -> Finding:
    """The part of the gain from the plainest recipe to the full network that the fullest recipe alone gives.

    One network: plain (no squeeze-and-excitation, no ResNet-D) by the recipe with the least methods, plain by that with
    the most, and with both by that with the most.
    """
    settings, top1 = _drawn(frame[frame["family"] == "resnet_rs"])
    network = ["study", "folder", *(name for name in VARIANT if name not in ("se_ratio", "resnet_d"))]
    steps = (_steps(rows) for _, rows in settings.groupby(network, dropna=False))
    step_rows = next((step for step in steps if step), None)
    if step_rows is None:
        raise NotAddressedError("needs a plain network by a plain and a full recipe, and by the full one with SE and D")
    base, trained, complete = (top1[:, row] for row in step_rows)
    whole = complete - base
    if np.quantile(whole[1:], 0.05) <= 0:
        return Finding("undecided", f"no sure gain to share out: {_points(estimate(whole[0], whole[1:]))}")
    share = estimate(((trained - base) / whole)[0], ((trained - base) / whole)[1:])
    text = f"{share.value:.2f} (90%: {share.low:.2f} to {share.high:.2f}) of {100 * whole[0]:.1f} points"
    return Finding(cast(Verdict, share.within(low, high)), text, share, nearest(share, low, high))


def _steps(rows: pd.DataFrame) -> tuple[int, int, int] | None:
    """Of one network: plain by the least, plain by the most, and with both additions by the most methods."""
    methods = (rows[[*_METHODS]].fillna(0) > 0).sum(axis=1)
    plain = rows[(rows["se_ratio"] == 0) & (rows["resnet_d"] == 0)].assign(methods=methods)
    full = rows[(rows["se_ratio"] > 0) & (rows["resnet_d"] == 1)].assign(methods=methods)
    if plain["methods"].nunique() < 2 or full.empty:
        return None
    base = plain.sort_values(["methods", "epochs", "schedule"], ascending=[True, True, False]).index[0]
    by_most = ["methods", "weight_decay"]
    trained, complete = (of.sort_values(by_most, ascending=[True, False]).index[-1] for of in (plain, full))
    return int(base), int(trained), int(complete)


def weight_decay_with_regularization(frame: pd.DataFrame) -> Finding:
    """The gain from less weight decay, without any regularization and with all of it, averaged over networks."""
    settings, top1 = _drawn(frame[frame["family"] == "resnet_rs"])
    regularizers = [name for name in _METHODS if name != "ema_decay"]
    strength = (settings[regularizers].fillna(0) > 0).sum(axis=1)
    others = [name for name in SETTING if name not in ("weight_decay", *regularizers, "randaugment_magnitude")]
    changes: dict[str, list[tuple[int, int]]] = {"none": [], "all": []}
    for _, rows in settings.assign(strength=strength).groupby(others, dropna=False):
        most = rows["strength"].max()
        for name, level in (("none", 0), ("all", most)):
            same = rows[rows["strength"] == level].sort_values("weight_decay")
            if most > 0 and same["weight_decay"].nunique() > 1:
                changes[name].append((same.index[0], same.index[-1]))
    if not all(changes.values()):
        raise NotAddressedError("needs two weight decays, each with and without regularization, on one network")
    both = np.array([_mean_change(top1, pairs) for pairs in changes.values()])
    none, full = jointly(both[:, 0], both[:, 1:].T)
    sides = (none.side_of(0, "fails", "holds"), full.side_of(0, "holds", "fails"))
    verdict = "holds" if sides == ("holds", "holds") else "fails" if "fails" in sides else "undecided"
    text = f"{_points(none)} without regularization, {_points(full)} with all of it"
    return Finding(cast(Verdict, verdict), text, full.scaled(100))


def diminishing_resolution(frame: pd.DataFrame, beyond: int) -> Finding:
    """Accuracy for a doubling of resolution beyond one less that up to it, from its neighbours on either side."""
    settings, top1 = _drawn(frame[frame["family"] == "resnet_rs"])
    known = settings[settings["epochs"] == settings["epochs"].max()]
    sizes = sorted(known["resolution"].astype(int).unique())
    if beyond not in sizes[1:-1]:
        have = ", ".join(map(str, sizes)) or "none"
        raise NotAddressedError(f"needs {beyond} pixels, with a lower and a higher resolution; there are: {have}")
    middle = sizes.index(beyond)
    around = sizes[middle - 1 : middle + 2]
    by_size = ("resolution", "dropout", "stochastic_depth", "randaugment_layers", "randaugment_magnitude")
    others = [name for name in SETTING if name not in by_size]
    triples = [
        [rows.index[rows["resolution"] == size][0] for size in around]
        for _, rows in known.groupby(others, dropna=False)
        if set(around) <= set(rows["resolution"])
    ]
    if not triples:
        raise NotAddressedError(f"no network was trained at all of {around}")
    low, mid, high = np.array(triples).T
    up_to = (top1[:, mid] - top1[:, low]).mean(axis=1) / np.log2(around[1] / around[0])
    past = (top1[:, high] - top1[:, mid]).mean(axis=1) / np.log2(around[2] / around[1])
    difference = estimate((past - up_to)[0], (past - up_to)[1:])
    text = (
        f"{100 * past[0]:.2f} points a doubling from {around[1]} to {around[2]}, {100 * up_to[0]:.2f} from {around[0]} "
        f"to {around[1]}, in {len(triples)} networks; the difference is {_points(difference)}"
    )
    return Finding(cast(Verdict, difference.side_of(0, "fails", "holds")), text, difference.scaled(100), 0.0)


def _drawn(frame: pd.DataFrame) -> tuple[pd.DataFrame, uncertainty.Floats]:
    """Settings with an accuracy, indexed from 0, and `(1 + draws, settings)` accuracies, first of all as measured."""
    settings = collapse_seeds(frame).drop_duplicates([*SETTING, "top1"])
    settings = settings[settings["top1"].notna()].reset_index(drop=True)
    drawn = uncertainty.draw_top1(settings, affordable(DRAWS, len(settings)), np.random.default_rng(0))
    return settings, np.vstack([settings["top1"].to_numpy(float), drawn])


def _mean_change(top1: uncertainty.Floats, pairs: Sequence[tuple[int, int]]) -> uncertainty.Floats:
    """`(1 + draws,)`, of the first of each pair less the second."""
    return np.asarray(np.mean([top1[:, first] - top1[:, second] for first, second in pairs], axis=0))


def _points(change: Estimate) -> str:
    of = change.scaled(100)
    return f"{of.value:+.2f} points (90%: {of.low:+.2f} to {of.high:+.2f})"
