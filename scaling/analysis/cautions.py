"""What has to be said of accuracies before anything is concluded from them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scaling.analysis.settings import SETTING
from scaling.analysis.uncertainty import seed_noise_of
from scaling.datasets import DATASETS
from scaling.wording import counted


def about_accuracies(settings: pd.DataFrame) -> Iterator[str]:
    """Every such caution, a clause each.

    Args:
        settings: as `scaling.analysis.settings.collapse_seeds` gives it; those without an accuracy have no say.
    """
    yield from about_seed_noise(settings)
    yield from about_precisions(settings)
    yield from _changed(settings)
    yield from _at_chance(settings)


def about_seed_noise(settings: pd.DataFrame) -> Iterator[str]:
    """That the noise between seeds is assumed or was measured on few."""
    noise = seed_noise_of(settings)
    if not noise.doubtful:
        return
    said = noise.words[0].lower() + noise.words[1:]
    if noise.source == "measured":
        yield f"{said}; --seed-noise overrules it, and more seeds measure it better"
    else:
        repeated = settings["seeds"].max() > 1
        which = "seeds that reached the very same accuracy" if repeated else "only one seed a setting"
        more = "more seeds measure it" if repeated else "a second seed measures it"
        errors = "from that of independent errors (arXiv 2304.01910)"
        yield f"{which}: {said}, {errors}; --seed-noise overrules it, and {more}"


def about_precisions(settings: pd.DataFrame) -> Iterator[str]:
    """That not every network was computed in each precision, as `precision: auto` or unlike machines may have it."""
    trained = settings[settings["top1"].notna()]
    counts = trained["precision"].dropna().value_counts()
    if len(counts) < 2:
        return
    others = [name for name in SETTING if name != "precision"]
    if trained.groupby(others, dropna=False)["precision"].nunique().min() == len(counts):
        return
    each = " and ".join(f"{counted(count, 'setting')} in {name}" for name, count in counts.items())
    yield f"computed in unlike precisions: {each}; part of a difference between these may be the precision's"


def _changed(settings: pd.DataFrame) -> Iterator[str]:
    """That what counts as seeds of one setting was trained on images that have changed in between."""
    if count := int(settings["changed"].sum()):
        yield (
            f"seeds of {counted(count, 'setting')} differ in their number of images or classes: the data have changed "
            "since the first was trained, so they are no repetitions, and their mean says little"
        )


def _at_chance(settings: pd.DataFrame) -> Iterator[str]:
    """That settings may be no better than guessing; nothing of data whose number of classes is not known here."""
    known = settings[settings["top1"].notna() & settings["dataset"].isin([*DATASETS])]
    for name, rows in known.groupby("dataset", sort=True):
        chance = 1 / DATASETS[str(name)].classes
        none = (rows["top1"] - 2 * rows["top1_sd"] <= chance).sum()
        if none:
            of_all = f"{none} of {len(rows)} settings"
            yield f"{of_all} cannot be told from guessing, which is right on {chance:.1%} of {name}"
