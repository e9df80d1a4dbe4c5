"""Claims about depth and width."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from scaling.analysis.claims.finding import Finding, NotAddressedError, Verdict
from scaling.analysis.depth_width.regimes import Regime, Regimes, regimes
from scaling.analysis.settings import collapse_seeds
from scaling.wording import counted


def arm_ahead(frame: pd.DataFrame, arm: str, regime: str, epochs: int) -> Finding:
    """Whether an arm is surely ahead over all resolutions of the shortest, the middle or the longest regime."""
    chosen_regime = _regime(frame, regime)
    verdict = {"undecided": "undecided", arm: "holds"}.get(chosen_regime.verdict, "fails")
    return Finding(
        cast(Verdict, verdict),
        chosen_regime.sentence,
        chosen_regime.advantage.scaled(100),
        0.0,
        _instead(chosen_regime, epochs),
    )


def arm_ahead_everywhere(frame: pd.DataFrame, arm: str, regime: str, epochs: int) -> Finding:
    """Whether an arm is surely ahead at each resolution; fails where the other one surely is at one."""
    chosen_regime = _regime(frame, regime)
    verdicts = {cell.verdict for cell in chosen_regime.cells}
    verdict = "holds" if verdicts == {arm} else "undecided" if verdicts <= {arm, "undecided"} else "fails"
    cells = ", ".join(
        f"{cell.place} {cell.verdict} ({100 * cell.advantage.value:+.2f})" for cell in chosen_regime.cells
    )
    text = f"{counted(chosen_regime.epochs or 0, 'epoch')}, width less depth in points: {cells}"
    return Finding(cast(Verdict, verdict), text, instead=_instead(chosen_regime, epochs))


def arms_mixed(frame: pd.DataFrame, regime: str, epochs: int) -> Finding:
    """Whether each arm is surely ahead somewhere; fails where one is surely ahead everywhere."""
    chosen_regime = _regime(frame, regime)
    wide, deep = chosen_regime.decided
    sure = "holds" if wide and deep else "fails" if max(wide, deep) == len(chosen_regime.cells) else "undecided"
    return Finding(
        cast(Verdict, sure),
        chosen_regime.sentence,
        chosen_regime.advantage.scaled(100),
        instead=_instead(chosen_regime, epochs),
    )


def _instead(regime: Regime, epochs: int) -> str:
    return "" if regime.epochs == epochs else f"at {counted(regime.epochs or 0, 'epoch')}, not {epochs}"


def _regime(frame: pd.DataFrame, which: str) -> Regime:
    """Of three regimes or more there is a middle one; of two, a shortest and a longest."""
    all_regimes: Regimes = regimes(collapse_seeds(frame))
    least = 3 if which == "middle" else 2
    if len(all_regimes.regimes) < least:
        have = ", ".join(f"{regime.epochs}" for regime in all_regimes.regimes) or "none"
        raise NotAddressedError(f"needs depth and width arms, timed, at {least} numbers of epochs; there are: {have}")
    place = {"shortest": 0, "middle": len(all_regimes.regimes) // 2, "longest": -1}[which]
    regime = all_regimes.regimes[place]
    if np.isnan(regime.advantage.value):
        raise NotAddressedError(regime.sentence)
    return regime
