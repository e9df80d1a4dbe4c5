"""What each method adds on top of those before it (the paper's Table 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from scaling.analysis import uncertainty
from scaling.analysis.settings import DATASET, RECIPE, VARIANT, collapse_seeds
from scaling.analysis.uncertainty import Estimate, Floats, jointly

DRAWS = 2000
_LEAST, _MOST_NETWORKS = 3, 200
"""Settings that make a chain, and networks looked at for one."""
_TOGETHER = {"randaugment_magnitude": "randaugment_layers", "batch_norm_momentum": "ema_decay"}
"""Columns that only say more about what another one turns on."""
_NETWORK = ("se_ratio", "resnet_d", "activation", "stem")
_METHODS = ("ema_decay", "label_smoothing", "stochastic_depth", "randaugment_layers", "dropout", "se_ratio", "resnet_d")


@dataclass(frozen=True)
class Step:
    """One thing more.

    Attributes:
        label: what was added; the first step is what it was added to.
        kind: `training`, `architecture`, or `` where nobody says.
        top1: accuracy reached (fraction), NaN where the trial failed.
        gain: over the step before it (fractions); the intervals of all steps hold at once in 90% of studies. NaN for
            the first.
        verified: False for a published number from memory.
    """

    label: str
    kind: str
    top1: float
    gain: Estimate
    verified: bool = True


def table_steps(table: pd.DataFrame, images: float = np.nan) -> tuple[Step, ...]:
    """The steps of a published table as it was printed: `step`, `top1_percent`, `trust` and, where it says, `kind`.

    Args:
        table: as `scaling.published.table` gives it.
        images: of ImageNet's that the accuracies were measured on, one seed each; where that is not known they are
            taken as exact.
    """
    top1 = table["top1_percent"].to_numpy(float) / 100
    kinds = table["kind"] if "kind" in table else pd.Series("", table.index)
    verified = [trust != "unverified" for trust in table["trust"]]
    drawn = _redrawn(_as_settings(top1, images)) if np.isfinite(images) else np.broadcast_to(top1, (1, len(top1)))
    return _steps(list(table["step"]), [str(kind) for kind in kinds], top1, drawn, verified)


def _as_settings(top1: Floats, images: float) -> pd.DataFrame:
    """Accuracies on ImageNet of one seed each, with the noise that is assumed."""
    setting = {"study": "", "folder": "", "dataset": "imagenet", "top1": top1, "top1_n": images}
    return uncertainty.with_noise(pd.DataFrame({**setting, "seeds": 1, "top1_std": np.nan}))


def _redrawn(settings: pd.DataFrame) -> Floats:
    """`(draws, settings)` accuracies: with the images that they share, and seeds whose noise is known from few."""
    return uncertainty.draw_top1(settings, DRAWS, np.random.default_rng(0))


def steps(frame: pd.DataFrame) -> tuple[Step, ...]:
    """The longest chain of settings of which each is the one before it and one thing more; empty without one of three.

    Args:
        frame: as `scaling.load_results` gives it. Networks of one depth, width and resolution form a chain; it begins
            with the setting that has the fewest methods (a step schedule before a cosine).
    """
    settings = collapse_seeds(frame)
    chain = chain_of(settings)
    if not chain:
        return ()
    rows = settings.loc[[row for row, _ in chain]]
    kinds = ["architecture" if column in _NETWORK else "training" for _, column in chain]
    return _steps(_labels(rows, chain), kinds, rows["top1"].to_numpy(float), _redrawn(rows), [True] * len(rows))


def chain_of(settings: pd.DataFrame) -> list[tuple[int, str]]:
    """Rows of the longest chain, the base first, each with the column that it changes; empty without one of three.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives them, trained or not.
    """
    network = ["study", "folder", *DATASET, *(name for name in VARIANT if name not in _NETWORK)]
    sizes = settings.groupby(network, dropna=False)["seeds"].transform("size")
    networks = settings[sizes >= _LEAST].groupby(network, dropna=False)
    chain = max((_chain(rows) for _, rows in islice(networks, _MOST_NETWORKS)), key=len, default=[])
    return chain if len(chain) >= _LEAST else []


def _chain(rows: pd.DataFrame) -> list[tuple[int, str]]:
    """Rows, each with the column that it changes first; in the base's place, its own."""
    columns = [name for name in (*RECIPE, *_NETWORK) if name not in _TOGETHER and rows[name].nunique(dropna=False) > 1]
    methods = (rows[[*_METHODS]].astype(float).fillna(0) > 0).sum(axis=1)
    plainest = ["methods", "epochs", "schedule"]
    ordered = rows.assign(methods=methods).sort_values(plainest, ascending=[True, True, False], kind="stable")
    known = ordered[columns].astype(object).where(ordered[columns].notna(), None)
    if not columns:
        return []
    best: list[tuple[int, str]] = []
    base = known.iloc[0]
    changes = [(row, {name for name in columns if values[name] != base[name]}) for row, values in known.iterrows()]
    before: set[str] = set()
    for row, changed in sorted(changes, key=lambda change: len(change[1])):
        if changed >= before and len(changed - before) == 1:
            best.append((int(str(row)), next(iter(changed - before))))
            before = changed
    return [(int(str(known.index[0])), ""), *best]


def _labels(rows: pd.DataFrame, chain: Sequence[tuple[int, str]]) -> list[str]:
    first = rows.iloc[0]
    labels = [f"base: depth {first['depth']:g}, width {first['width']:g}"]
    for row, column in chain[1:]:
        value = rows.loc[row, column]
        shown = f"{value:g}" if isinstance(value, int | float | np.number) else str(value)
        labels.append(f"{column.replace('_', ' ')} {shown}")
    return labels


def _steps(
    labels: Sequence[str],
    kinds: Sequence[str],
    top1: Floats,
    drawn: Floats,
    verified: Sequence[bool],
) -> tuple[Step, ...]:
    gains = [Estimate(np.nan, np.nan, np.nan), *jointly(np.diff(top1), np.diff(drawn, axis=1))]
    return tuple(
        Step(label, kind, float(value), gain, sure)
        for label, kind, value, gain, sure in zip(labels, kinds, top1, gains, verified, strict=True)
    )


def told(chain: Sequence[Step]) -> str:
    """What the steps add, in a sentence."""
    gains = [step for step in chain[1:] if np.isfinite(step.gain.value)]
    first = f"{len(gains)} steps from {100 * chain[0].top1:.1f}% to {100 * chain[-1].top1:.1f}%"
    if not all(step.verified for step in chain):
        return f"{first}; of the steps between nothing can be concluded, as their numbers are not verified."
    if all(step.gain.low == step.gain.high for step in gains):
        return f"{first}; which of them are more than noise is undecided, as it is not known."
    sides = [step.gain.side_of(0, "gain", "loss") for step in gains]
    most = max(gains, key=lambda step: step.gain.value)
    gain = most.gain.scaled(100)
    return (
        f"{first}: {sides.count('gain')} for sure a gain, {sides.count('loss')} a loss, {sides.count('undecided')} "
        f"undecided; most comes from {most.label} ({gain.value:+.2f} points, 90%: {gain.low:+.2f} to {gain.high:+.2f})."
    )
