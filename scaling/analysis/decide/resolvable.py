"""What a design can resolve before anything is trained: the smallest difference that it would decide with 80% power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from scaling.analysis.decide.differences import differences
from scaling.analysis.decide.kinds import Compared, Kind, compared
from scaling.analysis.settings import collapse_seeds
from scaling.analysis.uncertainty import (
    ASSUMED_FREEDOM,
    CORRECT,
    LEVEL,
    Floats,
    SeedNoise,
    assumed_of,
    left_in_differences,
    seed_noise_of,
)
from scaling.schema import Question
from scaling.wording import HARDLY

POWER = 0.8

EXPECTED = 0.8
"""Accuracy that is expected of the middle network where nothing was trained."""

PER_DOUBLING = 0.05
"""By which part error is expected to fall as multiply-accumulates double; only fronts need that it does."""

TYPICAL = 0.03
"""A large difference of accuracy (fraction): the largest of `results/reference/depth_vs_width`. In Figure 3 of arXiv
2103.07579 none between depth and width is above 0.01."""


LEFT = 0.15
"""Of the noise of the validation images, what is left in the difference of two networks that are scored on the same
ones: in `depth_vs_width`, `depth_vs_width_hour` and `full_grid` under `results/reference/` it is 0.12 to 0.13."""


_NO_DIFFERENCE: dict[Kind, str] = {
    "grow": "which factor pays most is asked, not a single difference",
    "front": "which networks are best is asked, not a single difference",
    "runtimes": "the order of networks by speed is asked, not a difference of accuracies",
}


@dataclass(frozen=True)
class Resolvable:
    """What a design resolves of one difference.

    Attributes:
        which: it is, in words; empty where it is the only one.
        smallest: difference of accuracy (fraction) that is decided with `POWER`.
        seeds, images: the same with four times as many seeds, or validation images; with both it is half.
        alone: the same if nothing else were stated.
        noise: between seeds, that it was reckoned with.
        left: the part of the noise of the validation images that it was reckoned with, and whether that is `measured`,
            `assumed` or `unpaired`.
    """

    which: str
    smallest: float
    seeds: float
    images: float
    alone: float
    noise: SeedNoise
    left: tuple[float, str]


def between_two(images: int, accuracy: float = EXPECTED) -> float:
    """The smallest difference of accuracy of two networks that so many validation images decide with `POWER`.

    `(z(level) + z(power)) * sqrt(2 * accuracy * (1 - accuracy) / images)`: the binomial noise of the images alone, as
    if seeds made none, and as if each network were scored on images of its own. Scoring both on the same images makes
    it smaller, the noise of seeds larger. One seed each, and one statement.

    Args:
        images: to validate on.
        accuracy: of both networks, about.
    """
    noise = np.sqrt(2 * accuracy * (1 - accuracy) / images)
    return float((stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(POWER)) * noise)


def resolvable(frame: pd.DataFrame, question: Question, images: float | None) -> tuple[tuple[Resolvable, ...], str]:
    """What the trials of a study will resolve of its question, and why nothing where that is so.

    A difference is a weighted sum of accuracies, whose noise follows from the design: that of the validation images, of
    which networks that are scored on the same ones share most (what is left in a difference is as measured in this
    study, or else `LEFT`), and that of seeds, as it was measured, or else is assumed
    (`scaling.analysis.uncertainty.assumed_seed_sd`).

    Args:
        frame: trials that were recorded, and those that were not, with the status `planned`.
        question: of the study.
        images: for validation; None: not known, and taken as ImageNet's.

    Raises:
        UserError: if the plan of the question names what these results do not have.
    """
    settings = collapse_seeds(frame)
    if len(settings) < 2:
        return (), "there is one setting alone, and nothing to compare it with"
    kind = compared(frame, settings, question).kind
    if kind in _NO_DIFFERENCE:
        return (), _NO_DIFFERENCE[kind]
    expected = _expected(frame, settings, images)
    asked: dict[str, list[Floats]] = {}
    for difference in differences(frame, expected, question, expected["top1"].to_numpy(float)):
        asked.setdefault(difference.name, []).append(difference.weights)
    if not asked:
        return (), "no two of what it compares reach a common cost, or share a network"
    count = len(asked) + (len(asked) > 1 and kind == "ways")  # the shift from the shortest to the longest training
    left = _left(frame, settings)
    return tuple(_smallest(name, np.mean(cells, axis=0), expected, count, left) for name, cells in asked.items()), ""


def _left(frame: pd.DataFrame, settings: pd.DataFrame) -> tuple[float, str]:
    """See `Resolvable.left`. Records made before they told which images were right cannot be paired."""
    if (measured := left_in_differences(settings)) is not None:
        return measured, "measured"
    trained = frame["top1"].notna() if "top1" in frame else pd.Series(False, frame.index)
    told = frame[CORRECT].notna().any() if CORRECT in frame else False
    return (1.0, "unpaired") if trained.any() and not told else (LEFT, "assumed")


def _expected(frame: pd.DataFrame, settings: pd.DataFrame, images: float | None) -> pd.DataFrame:
    """Settings as they are expected to come out, with the noise that the design leaves."""
    trials = _trials(frame, settings)
    doublings = np.log2(settings["macs"].astype(float) / np.exp(np.log(settings["macs"].astype(float)).mean()))
    measured = settings["top1"].astype(float)
    middle = 1 - float(measured.median()) if measured.notna().any() else 1 - EXPECTED
    top1 = 1 - middle * np.exp(-PER_DOUBLING * doublings)
    count = images or 50_000
    sd, several = settings["seed_sd"].astype(float), int((trials - 1).clip(lower=0).sum())
    given = settings["seed_noise"].eq("given")
    known = (settings["seed_noise"].eq("measured") | given) & sd.notna()
    assumed = assumed_of(settings, top1.to_numpy(float), np.full(len(top1), float(count)))
    seed_sd = np.full(len(top1), float(sd[known].median())) if known.any() else assumed
    return settings.assign(
        top1=top1,
        top1_n=float(count),
        seeds=trials,
        seed_sd=seed_sd,
        # Of several seeds a study will know it as well as they tell it, whatever is assumed before.
        seed_freedom=np.inf if given.all() else float(several or ASSUMED_FREEDOM),
        seed_noise=np.where(given, "given", np.where(known.any(), "measured", "assumed")),
    )


def _trials(frame: pd.DataFrame, settings: pd.DataFrame) -> pd.Series[float]:
    """Trials of each setting, those still to be run counted in, and those that failed left out."""
    all_ok = collapse_seeds(frame.assign(status=frame["status"].replace("planned", "ok")))
    return pd.Series(all_ok["seeds"].to_numpy(float), settings.index).clip(lower=1.0)


def _smallest(which: str, weights: Floats, expected: pd.DataFrame, count: int, left: tuple[float, str]) -> Resolvable:
    top1, seeds = expected["top1"].to_numpy(float), expected["seeds"].to_numpy(float)
    of_images = left[0] * float(weights**2 @ (top1 * (1 - top1) / expected["top1_n"].to_numpy(float)))
    of_seeds = float(weights**2 @ (expected["seed_sd"].to_numpy(float) ** 2 / seeds))
    freedom, power = float(expected["seed_freedom"].iloc[0]), stats.norm.ppf(POWER)

    def smallest(images: float, seeds: float, statements: int) -> float:
        sure = (1 + LEVEL ** (1 / statements)) / 2
        parts = np.sqrt([of_images / images, of_seeds / seeds])
        half = np.hypot(stats.norm.ppf(sure) * parts[0], stats.t.ppf(sure, freedom) * parts[1])
        return float(half + power * np.hypot(*parts))

    noise = seed_noise_of(expected)
    return Resolvable(
        which, smallest(1, 1, count), smallest(1, 4, count), smallest(4, 1, count), smallest(1, 1, 1), noise, left
    )


def told(resolved: tuple[Resolvable, ...], reason: str) -> str:
    """What a design resolves, in two sentences; whether it can decide its own question stands first.

    A third one says which noise between seeds is assumed, where it is.
    """
    if not resolved:
        return f"What it can resolve is not foreseen: {reason}."
    worst = max(resolved, key=lambda each: each.smallest)
    least, most = min(each.smallest for each in resolved), worst.smallest
    if len(resolved) == 1:
        what = f"a difference of {_points(most)} ({worst.which})"
    elif _points(least) == _points(most):
        what = f"a difference of {_points(most)} in each of {len(resolved)} comparisons"
    else:
        what = (
            f"a difference of {_points(least)} in the surest of {len(resolved)} comparisons, of {_points(most)} in all"
        )
    begins = f"{HARDLY}: it" if most > TYPICAL else "It"
    more = (
        f"With four times the seeds it is {_points(worst.seeds)}, with four times the validation images "
        f"{_points(worst.images)}, with both half as much"
    )
    alone = f"; with fewer cells, down to one comparison, {_points(worst.alone)}" if len(resolved) > 1 else ""
    rests_on = f" {worst.noise.words}." if worst.noise.source != "measured" else ""
    return f"{begins} has a chance of {POWER:.0%} to decide {what}. {more}{alone}.{rests_on}"


def beside(resolved: tuple[Resolvable, ...], frame: pd.DataFrame, question: Question) -> str:
    """Of groups, what the smallest difference is in cost at equal accuracy; and what pairing leaves of the noise.

    Args:
        resolved: of `resolvable`.
        frame, question: as there.
    """
    if not resolved:
        return ""
    settings = collapse_seeds(frame)
    about = compared(frame, settings, question)
    left, how = resolved[0].left
    pairing = (
        f"Networks are paired image by image: {left:.0%} of the noise of the validation images is "
        f"{'left, as measured' if how == 'measured' else 'assumed to be left'}."
    )
    of_cost = _as_cost(max(each.smallest for each in resolved), settings, about) if about.kind == "groups" else ""
    return " ".join(filter(None, (of_cost, pairing if how != "unpaired" else "")))


def _as_cost(difference: float, settings: pd.DataFrame, about: Compared) -> str:
    """How much more a group would have to cost at equal accuracy for such a difference."""
    gain, how = _per_doubling(settings, about)
    more = 2 ** min(difference / gain, 10.0) - 1
    said = f"{more:.0%} more {about.cost.words}" if more < 9 else f"ten times the {about.cost.words} or more"
    return f"At equal accuracy that is {said}, if twice as much of it brings {_points(gain)} ({how})."


def _per_doubling(settings: pd.DataFrame, about: Compared) -> tuple[float, str]:
    """What doubling the cost adds to accuracy (fraction) within the groups, and whether that is measured."""
    known = settings[settings["top1"].notna() & (settings[about.cost.name] > 0)]
    groups = known.groupby(list(about.compare))
    doublings = known[about.cost.name].astype(float).map(np.log2)
    apart = (doublings - doublings.groupby([known[name] for name in about.compare]).transform("mean")).to_numpy(float)
    ahead = (known["top1"] - groups["top1"].transform("mean")).to_numpy(float)
    gain = float(apart @ ahead / (apart @ apart)) if apart @ apart > 0 else 0.0
    if gain > 1e-4:
        return gain, "as measured"
    return PER_DOUBLING * (1 - EXPECTED), "which is assumed"


def _points(value: float) -> str:
    return f"{100 * value:.1f} points"
