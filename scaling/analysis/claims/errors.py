"""Claims about the law of error against FLOPs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd

from scaling.analysis.claims.finding import Finding, NotAddressedError, Verdict, nearest
from scaling.analysis.laws import power_law
from scaling.analysis.laws.breakpoint import SIGNIFICANT
from scaling.analysis.laws.families import LAWS, POWER, Law
from scaling.analysis.laws.power_law import FLOPS_PER_MAC, Laws
from scaling.analysis.settings import SETTING, collapse_seeds
from scaling.analysis.uncertainty import Estimate


def law_slope(frame: pd.DataFrame, low: float, high: float, above: float = 0, below: float = np.inf) -> Finding:
    """Whether ImageNet's exponent of error against FLOPs, between two numbers of FLOPs, lies in [low, high]."""
    if others := sorted(set(frame["dataset"].dropna()) - {"imagenet"}):
        raise NotAddressedError(f"the exponent is ImageNet's; these results are of {', '.join(others)}")
    fitted = _laws(frame, above, below, (POWER,))[POWER.name]
    exponent = fitted.parameters["slope"]
    slope = Estimate(exponent.value, exponent.low, exponent.high)
    text = (
        f"{slope.value:+.3f} (90%: {slope.low:+.3f} to {slope.high:+.3f}) over {len(fitted.residuals)} networks, which "
        f"scatter about it by {fitted.scatter.value:.1%} of their error"
    )
    return Finding(cast(Verdict, slope.within(low, high)), text, slope, nearest(slope, low, high))


def law_breaks(frame: pd.DataFrame) -> Finding:
    """Whether one power law does not do, and the law is flatter beyond its break than before it."""
    laws = _laws(frame, 0, np.inf, LAWS)
    if laws.broken is None:
        raise NotAddressedError("too few networks to see a break")
    at, slopes = laws.broken.at, laws["broken power law"].parameters
    before, after = slopes["slope_below"], slopes["slope_above"]
    flatter = after.value > before.value
    verdict = laws.broken.verdict if flatter or laws.broken.verdict != "holds" else "fails"
    where = f"break at {at.value:.2g} FLOPs (90%: {at.low:.2g} to {at.high:.2g})"
    where += "" if laws.broken.told_apart else ", not told apart from a smooth curve"
    text = (
        f"{where}, exponent {before.value:+.3f} before and {after.value:+.3f} beyond; an unbroken law would look so "
        f"broken with p = {laws.broken.p_value:.3f}"
    )
    return Finding(verdict, text, Estimate(at.value, at.low, at.high), level=1 - SIGNIFICANT)


def _laws(frame: pd.DataFrame, above: float, below: float, laws: Sequence[Law]) -> Laws:
    """Of the networks that were trained longest, one point a setting."""
    settings = collapse_seeds(frame[frame["family"] == "resnet_rs"]).drop_duplicates([*SETTING, "top1"])
    settings = settings[settings["epochs"].fillna(0) == settings["epochs"].fillna(0).max()]
    flops = FLOPS_PER_MAC * settings["macs"]
    rows = settings[(flops > above) & (flops < below)]
    found = power_law.fit(FLOPS_PER_MAC * rows["macs"], 1 - rows["top1"], rows["top1_sd"], laws=laws)
    if found.reason:
        raise NotAddressedError(f"between {above:.2g} and {below:.2g} FLOPs: {found.reason}")
    return found
