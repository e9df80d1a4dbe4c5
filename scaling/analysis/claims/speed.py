"""Claims about speed at equal accuracy."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from scaling.analysis.claims.finding import Finding, NotAddressedError, Verdict
from scaling.analysis.equal_accuracy.compare import Comparison, compare
from scaling.analysis.equal_accuracy.pairs import matched
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.uncertainty import Estimate
from scaling.models.families.efficientnet import NAMED
from scaling.results.columns import METRICS


def paired_speedups(frame: pd.DataFrame, low: float, high: float) -> Finding:
    """Whether the smallest and the largest ratio of the table's own pairs are these, to the digit printed."""
    pairs = matched(frame)
    if not pairs:
        raise NotAddressedError("the results name no pairs")
    ratios = [pair.speedup for pair in pairs]
    gaps = [100 * (pair.top1 - pair.paired_top1) for pair in pairs]
    ends = Estimate(float(np.exp(np.mean(np.log(ratios)))), min(ratios), max(ratios))
    text = (
        f"{ends.low:.2f} to {ends.high:.2f} in {len(pairs)} pairs, "
        f"whose accuracies differ by {min(gaps):+.1f} to {max(gaps):+.1f} points"
    )
    as_printed = (round(ends.low, 1), round(ends.high, 1)) == (low, high)
    return Finding("holds" if as_printed else "fails", text, ends, level=None)


def speed_at_equal_accuracy(frame: pd.DataFrame, low: float, cost: str) -> Finding:
    """Whether ResNet-RS needs `low` times less of a cost than EfficientNet, averaged over what both reach."""
    timed = frame[frame[cost].notna()] if cost in frame else frame.iloc[:0]
    settings = collapse_seeds(timed)
    pairs = compare(settings, cost).pairs if len(settings) else ()
    rs_over_efficientnet = [pair for pair in pairs if (pair.of.name, pair.over.name) == ("resnet_rs", "efficientnet")]
    if not rs_over_efficientnet:
        raise NotAddressedError(f"no {METRICS[cost].words} of both ResNet-RS and EfficientNet")
    return _faster(rs_over_efficientnet[0], low)


def lower_resolution_faster(frame: pd.DataFrame, low: float) -> Finding:
    """Whether EfficientNets below their own resolution are faster at equal accuracy than those at it."""
    settings = collapse_seeds(frame[frame["training_ms"].notna()])
    groups = resolution_groups(settings).map({True: "compound scaling", False: "lower resolution"})
    if groups.nunique() < 2:
        raise NotAddressedError("no EfficientNets of one kind both at and below their own resolution, with times")
    return _faster(compare(settings, by=groups).pairs[0], low)


def resolution_groups(settings: pd.DataFrame) -> pd.Series[bool]:
    """Of the settings that are a named EfficientNet at or below its own resolution, whether it is at it."""
    named = {(own.depth, own.width): own.resolution for own in NAMED.values()}
    ours = settings[settings["family"] == "efficientnet"]
    own = pd.Series([named.get(key) for key in zip(ours["depth"], ours["width"], strict=True)], ours.index, dtype=float)
    return own.eq(ours["resolution"])[own >= ours["resolution"]]


def _faster(pair: Comparison, low: float) -> Finding:
    if pair.overall is None:
        raise NotAddressedError(pair.sentence)
    overall = Estimate(pair.overall.speedup, pair.overall.low, pair.overall.high)
    by_band = [band.speedup for band in pair.bands]
    text = (
        f"{overall.value:.2f} (90%: {overall.low:.2f} to {overall.high:.2f}) on average from "
        f"{pair.overall.accuracy_low:.1%} to {pair.overall.accuracy_high:.1%}, by bands {min(by_band):.2f} to "
        f"{max(by_band):.2f}"
    )
    return Finding(cast(Verdict, overall.within(low=low)), text, overall, low)
