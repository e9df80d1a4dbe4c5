"""Claims about depth and width."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from scaling.analysis.claims.finding import Finding, NotAddressedError, Verdict
from scaling.analysis.depth_width.regimes import Regime, Regimes, regimes
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.wording import counted


def arm_ahead(frame: pd.DataFrame, arm: str, regime: str, epochs: int) -> Finding:
    """Whether an arm is surely ahead over all resolutions of the shortest, the middle or the longest regime."""
    found = _regime(frame, regime)
    verdict = {"undecided": "undecided", arm: "holds"}.get(found.verdict, "fails")
    return Finding(cast(Verdict, verdict), found.sentence, found.advantage.scaled(100), 0.0, _instead(found, epochs))


def arm_ahead_everywhere(frame: pd.DataFrame, arm: str, regime: str, epochs: int) -> Finding:
    """Whether an arm is surely ahead at each resolution; fails where the other one surely is at one."""
    found = _regime(frame, regime)
    verdicts = {cell.verdict for cell in found.cells}
    verdict = "holds" if verdicts == {arm} else "undecided" if verdicts <= {arm, "undecided"} else "fails"
    cells = ", ".join(
        f"{cell.resolution} px {cell.verdict} ({100 * cell.advantage.value:+.2f})" for cell in found.cells
    )
    text = f"{counted(found.epochs, 'epoch')}, width less depth in points: {cells}"
    return Finding(cast(Verdict, verdict), text, instead=_instead(found, epochs))


def arms_mixed(frame: pd.DataFrame, regime: str, epochs: int) -> Finding:
    """Whether each arm is surely ahead somewhere; fails where one is surely ahead everywhere."""
    found = _regime(frame, regime)
    wide, deep = found.decided
    sure = "holds" if wide and deep else "fails" if max(wide, deep) == len(found.cells) else "undecided"
    return Finding(cast(Verdict, sure), found.sentence, found.advantage.scaled(100), instead=_instead(found, epochs))


def _instead(found: Regime, epochs: int) -> str:
    return "" if found.epochs == epochs else f"at {counted(found.epochs, 'epoch')}, not {epochs}"


def _regime(frame: pd.DataFrame, which: str) -> Regime:
    """Of three regimes or more there is a middle one; of two, a shortest and a longest."""
    found: Regimes = regimes(collapse_seeds(frame))
    least = 3 if which == "middle" else 2
    if len(found.regimes) < least:
        have = ", ".join(f"{regime.epochs}" for regime in found.regimes) or "none"
        raise NotAddressedError(f"needs depth and width arms, timed, at {least} numbers of epochs; there are: {have}")
    place = {"shortest": 0, "middle": len(found.regimes) // 2, "longest": -1}[which]
    regime = found.regimes[place]
    if np.isnan(regime.advantage.value):
        raise NotAddressedError(regime.sentence)
    return regime
