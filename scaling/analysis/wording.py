"""Words that several rooms share."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scaling.datasets import DATASETS

HARDLY = "It can hardly decide its question"
"""How a plan begins whose smallest difference is a large one."""


def counted(number: float, noun: str) -> str:
    """`1 epoch`, `3 epochs`."""
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def at_chance(settings: pd.DataFrame) -> Iterator[str]:
    """A note where settings are no better than guessing; nothing of data whose number of classes is not known here."""
    known = settings[settings["top1"].notna() & settings["dataset"].isin([*DATASETS])]
    for name, rows in known.groupby("dataset", sort=True):
        chance = 1 / DATASETS[str(name)].classes
        none = (rows["top1"] - 2 * rows["top1_sd"] <= chance).sum()
        if none:
            yield f"{none} of {len(rows)} settings are at chance ({chance:.1%} of {name}): they have learnt nothing yet"
