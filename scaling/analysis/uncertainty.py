"""How far a measured number may lie from the truth: noise, intervals, and what an interval decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from scaling.results.columns import METRICS, Column
from scaling.results.correct import unpacked

Floats: TypeAlias = npt.NDArray[np.float64]
Rows: TypeAlias = npt.NDArray[np.intp]

Z90 = 1.644854
"""Standard deviations on either side of the mean that hold 90% (`LEVEL`) of a normal distribution."""

Z95 = 1.959964
"""Half the width of a normal 95% interval, in standard deviations."""

LEVEL = 0.9
"""Share of repetitions of a study whose interval holds the truth."""


CORRECT = "validation_correct"
"""The column of what each seed of a setting was right on; see `scaling.results.correct`."""

SHORT_TRAINING = 1.5
"""Times the standard deviation of independent errors. Over 54 degrees of freedom it is 1.39 in `depth_vs_width`,
`depth_vs_width_hour` and `pareto` of `results/reference/`, 1.75 in the second after its single epoch; in `full_grid` it
is 1.4 after three epochs, 1.0 after nine (27 each). What is assumed is rather too much than too little."""

HARDLY_TRAINED = 3.8
"""The same of trainings that have seen fewer than `FEW_IMAGES`: one epoch of `results/reference/full_grid`, over 27."""

FEW_IMAGES = 10_000
"""Images that a training sees, counted anew in each epoch; the trainings behind `HARDLY_TRAINED` saw 4,000."""

ASSUMED_FREEDOM = 4.0
"""Degrees of freedom that an assumed standard deviation is trusted with: as if from five seeds of one setting."""

FEW_FREEDOM = 10.0
"""Degrees of freedom below which a standard deviation between seeds is known from few: Student's interval is more than
a tenth wider than the normal one."""

_MOST_DRAWN = 20_000_000
"""Numbers drawn for one answer."""

_MOST_SHARING = 1000
"""Settings up to which it counts that they were scored on the same images."""


def affordable(draws: int, rows: int) -> int:
    """Fewer draws for a large study, whose memory and time they are, but 100 at least."""
    return min(draws, max(100, _MOST_DRAWN // max(rows, 1)))


@dataclass(frozen=True)
class Estimate:
    """A value and the ends of its 90% interval; NaN where it is not known."""

    value: float
    low: float
    high: float

    def side_of(self, line: float, above: str, below: str) -> str:
        """`above` or `below` where the whole interval lies there, else `undecided`."""
        if self.low > line:
            return above
        return below if self.high < line else "undecided"

    def within(self, low: float = -np.inf, high: float = np.inf) -> str:
        """`holds` where the whole interval lies in [low, high], `fails` where none of it does, else `undecided`."""
        if low <= self.low and self.high <= high:
            return "holds"
        return "fails" if self.high < low or self.low > high else "undecided"

    def reaching_value(self) -> Estimate:
        """The interval made to hold the value, which a skewed bootstrap leaves outside at times."""
        return Estimate(self.value, min(self.low, self.value), max(self.high, self.value))

    def scaled(self, factor: float) -> Estimate:
        """In another unit; `factor` is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def estimate(value: float, draws: npt.ArrayLike) -> Estimate:
    """The value found, with the central 90% of what it might as well have been.

    Args:
        value: from the numbers as measured.
        draws: the same from numbers redrawn within their noise; NaN among them are left out.
    """
    drawn = np.asarray(draws, dtype=float)
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size or not np.isfinite(value):
        return Estimate(value, np.nan, np.nan)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(value), float(low), float(high))


_MOST_WIDENED = 1.5
"""Times, for what values are off by: sixty studies as in docs/calibration.md asked for 1.1 to 1.3, and redrawn ones of
few points at nearly one accuracy, which have hardly a curve, would ask for any width."""

_LOPSIDED = 0.1
"""Of an interval, the least that lies on either side of the value: draws that repeat one value have no side there."""


def jointly(values: Floats, draws: Floats, off: Floats | None = None) -> list[Estimate]:
    """Estimates whose 90% intervals hold all the truths at once in 90% of studies, for what is read together.

    Each value's own 90% interval is widened by one factor, the same for all: so far that 90% of the draws lie inside
    all intervals, and 90% of what such values are off by where that is known.

    Args:
        values: `(statements,)`, from the numbers as measured.
        draws: `(draws, statements)`, the same from numbers redrawn within their noise; NaN where a draw has none.
        off: `(studies, statements)`, by how much the values of studies whose truth is known lie above it, where that is
            more than the draws show: what is corrected for something that is itself estimated.
    """
    known = np.isfinite(values) & np.isfinite(draws).any(axis=0)
    if not known.any():
        return [Estimate(float(value), np.nan, np.nan) for value in values]
    drawn = draws[:, known]
    low, middle, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=0)
    least = np.fmax(_LOPSIDED * (high - low), 1e-12)
    below, above = np.fmax(middle - low, least), np.fmax(high - middle, least)

    def reach(away: Floats) -> float:
        farthest = np.fmax(away / below, -away / above)
        farthest = np.where(np.isnan(farthest), -np.inf, farthest).max(axis=1)
        finite = farthest[np.isfinite(farthest)]
        return float(np.quantile(finite, LEVEL)) if finite.size else 0.0

    factor = reach(middle - drawn)
    if off is not None:
        factor = min(max(factor, reach(off[:, known])), _MOST_WIDENED * factor)
    lows, highs = np.full(len(values), np.nan), np.full(len(values), np.nan)
    lows[known], highs[known] = values[known] - factor * below, values[known] + factor * above
    return [Estimate(*map(float, ends)) for ends in zip(values, lows, highs, strict=True)]


def log_ratio(logs: Estimate) -> Estimate:
    """From an estimate of a log ratio to the ratio."""
    return Estimate(*(float(np.exp(part)) for part in (logs.value, logs.low, logs.high)))


def with_noise(settings: pd.DataFrame, seed_noise: float | None = None, as_if: bool = True) -> pd.DataFrame:
    """The settings with how noisy each accuracy is, estimated once, before any subset of them is taken.

    The variance of a mean accuracy `p` over `seeds` is `p (1 - p) / n + seed_sd**2 / seeds`. The first part is the
    finite validation set's. All seeds look at the same images, so more seeds do not lessen it. The second is training's
    own; it is pooled over a study's settings, since two or three seeds tell little of their own spread. Where no
    setting of a study has two seeds that differ, it is assumed: see `assumed_seed_sd`. Variants that share a validation
    set tend to err on the same images: where it is known which (`validation_correct`), `draw_top1` has them share that
    noise, and `p (1 - p)` gives way to the variance over the images of how often a seed is right on them. Elsewhere
    their noise is taken as independent, which makes differences look less certain than they are, never more.

    Args:
        settings: all of one study or of several, with `study`, `folder`, `dataset`, `top1`, `top1_n`, `seeds` and
            `top1_std`.
        seed_noise: a standard deviation between seeds (fraction) that overrules what was measured and what is assumed.
        as_if: whether this is only to see what would be; else somebody says so, and what seeds then do not cause is the
            images'.

    Returns:
        The same rows with more columns: `seed_sd`, the standard deviation between the seeds of one setting (fraction);
        `seed_freedom`, from how many degrees of freedom it is known, infinite where it was given; `seed_noise`, how it
        is known: `measured`, `assumed` or `given`; `overruled`, whether somebody gave it; and `top1_sd`, the standard
        deviation of each setting's mean accuracy (fraction). NaN where there is no accuracy.
    """
    top1, n, seeds = (settings[name].to_numpy(float) for name in ("top1", "top1_n", "seeds"))
    several = (settings["seeds"] > 1) & settings["top1_std"].notna()
    own = (settings["seeds"] - 1).where(several, 0.0)
    squares = own * settings["top1_std"].fillna(0.0) ** 2
    studies = _studies(settings)
    freedom = own.groupby(studies).transform("sum").to_numpy(float)
    spread = squares.groupby(studies).transform("sum").to_numpy(float)
    # Seeds that all reached the very same accuracy do not show that there is no noise.
    known = (freedom > 0) & (spread > 0)
    pooled = np.sqrt(spread / np.where(known, freedom, np.nan))
    seed_sd = np.where(known, pooled, assumed_of(settings, top1, n))
    source = np.where(known, "measured", "assumed")
    freedom = np.where(known, freedom, ASSUMED_FREEDOM)
    if seed_noise is not None:
        seed_sd, freedom = np.full(len(top1), seed_noise), np.full(len(top1), np.inf)
        source = np.full(len(top1), "given")
    images = np.fmax(n, 1)
    # Where all images were right, or none, half of one counts as not, so that this is no certainty.
    share = np.clip(top1, 0.5 / images, 1 - 0.5 / images)
    chance = np.where(np.isfinite(n), share * (1 - share) / images, 0.0)
    overruled = seed_noise is not None and not as_if
    settings = settings.assign(seed_sd=seed_sd, seed_freedom=freedom, seed_noise=source, overruled=overruled)
    for rows, covariance in _by_images(settings):
        chance[rows] = np.diag(covariance)
    return settings.assign(top1_sd=np.sqrt(chance + seed_sd**2 / np.fmax(seeds, 1)))


def assumed_seed_sd(top1: Floats, n: Floats, imagenet: npt.NDArray[np.bool_], seen: Floats | float = np.nan) -> Floats:
    """The standard deviation between seeds (fraction) that is assumed where none was measured.

    Runs whose errors are independent differ on `n` images by `sqrt((1 - p) / (2 n))`; trainings on ImageNet follow that
    (arXiv 2304.01910): 0.14 points for 80% on all its validation images, 0.20 on half of them. Short trainings on small
    data differ by more: those under `results/reference/` by `SHORT_TRAINING` times as much, and those that have seen
    fewer than `FEW_IMAGES` by `HARDLY_TRAINED` times.

    Args:
        top1: accuracies (fractions).
        n: validation images; where they are not known, ImageNet's 50,000.
        imagenet: which were trained on ImageNet.
        seen: images that they were trained on, once more for each epoch; NaN where that is not known.
    """
    images = np.where(np.isfinite(n), np.fmax(n, 1), 50_000)
    independent = np.sqrt(np.clip(1 - top1, 0.0, 1.0) / (2 * images))
    short = np.where(seen < FEW_IMAGES, HARDLY_TRAINED, SHORT_TRAINING)
    return np.asarray(np.where(imagenet, 1.0, short) * independent)


def assumed_of(settings: pd.DataFrame, top1: Floats, n: Floats) -> Floats:
    """The same of settings, with accuracies and numbers of images of their own or as they are expected."""
    imagenet = settings["dataset"].eq("imagenet").fillna(False).to_numpy(bool)
    epochs, examples, held_out = (
        settings.get(name, pd.Series(np.nan, settings.index)).to_numpy(float)
        for name in ("epochs", "train_examples", "validation_fraction")
    )
    # Who names no number of images trains on all that are not held out.
    part = np.where((held_out > 0) & (held_out < 1), held_out, np.nan)
    images = np.where(np.isfinite(examples), examples, n * (1 - part) / part)
    return assumed_seed_sd(top1, n, imagenet, np.asarray(epochs * images, float))


def log_errors(settings: pd.DataFrame) -> tuple[Floats, Floats]:
    """`(settings,)` logarithms of the errors (fractions) of settings that have an accuracy, and their noise.

    Where no image was wrong, half of one counts as wrong, so that there is a logarithm, give or take a factor of e.
    """
    top1, sd, images = (settings[name].astype(float).to_numpy() for name in ("top1", "top1_sd", "top1_n"))
    least = 0.5 / np.where(images > 0, images, 50_000)
    errors = np.fmax(1 - top1, least)
    return np.log(errors), np.where(1 - top1 < least, 1.0, np.fmax(sd, 1e-5) / errors)


def _studies(settings: pd.DataFrame) -> pd.Series[int]:
    """Numbers of the studies that the settings belong to: what is estimated within one is estimated once."""
    return settings.groupby(["study", "folder", "dataset"], dropna=False, sort=False).ngroup()


def draw_top1(settings: pd.DataFrame, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` accuracies (fractions in (0, 1)) that the settings might as well have had.

    The standard deviation between seeds is itself drawn, once a draw for each study, since it was estimated from few
    degrees of freedom or assumed: so that intervals are as wide as Student's.
    """
    top1, sd, seed_sd, seeds, freedom = (
        settings[name].to_numpy(float) for name in ("top1", "top1_sd", "seed_sd", "seeds", "seed_freedom")
    )
    of_seeds = seed_sd**2 / np.fmax(seeds, 1)
    chance = np.clip(sd**2 - of_seeds, 0.0, None)
    studies = _studies(settings).to_numpy()
    first = np.unique(studies, return_index=True)[1]
    scale = np.array([_inverse_chi_square(freedom[row], count, random) for row in first]).reshape(len(first), count)
    alone = np.sqrt(chance) * random.standard_normal((count, len(settings)))
    for rows, covariance in _by_images(settings):
        alone[:, rows] = random.standard_normal((count, len(rows))) @ root(covariance)
    seeded = np.sqrt(of_seeds * scale[studies].T) * random.standard_normal((count, len(settings)))
    return np.asarray(np.clip(top1 + alone + seeded, 1e-6, 1 - 1e-6))


def _by_images(settings: pd.DataFrame) -> Iterator[tuple[Rows, Floats]]:
    """Settings scored on the same images, and the covariance `(rows, rows)` of their accuracies over other images."""
    if CORRECT not in settings or not settings[CORRECT].map(bool).any():
        return
    same = settings.groupby(["dataset", "validation_fraction", "top1_n"], dropna=False, sort=False).ngroup().to_numpy()
    correct, images = settings[CORRECT].tolist(), settings["top1_n"].to_numpy(float)
    for group in np.unique(same):
        told = [row for row in np.flatnonzero(same == group) if correct[row] and np.isfinite(images[row])]
        if len(told) > _MOST_SHARING:
            continue
        every = {row: _rights(correct[row], int(images[row])) for row in told}
        if known := {row: rights for row, rights in every.items() if rights is not None}:
            rows = np.array([*known])
            yield rows, _over_images([*known.values()]) + np.diag(_left_to_images(settings.iloc[rows], known.values()))


def _left_to_images(settings: pd.DataFrame, rights: Iterable[npt.NDArray[np.bool_]]) -> Floats:
    """`(settings,)` variances that belong to the images where somebody says that seeds differ by less than they did.

    The accuracy of one training varies as its right answers do, whatever is the images' share of that and the seeds'.
    """
    own, seeded = np.array([_of_seeds(of) for of in rights]), settings["seed_sd"].to_numpy(float) ** 2
    return np.where(settings["overruled"].to_numpy(bool), np.fmax(own - seeded, 0.0), 0.0)


def _of_seeds(rights: npt.NDArray[np.bool_]) -> float:
    """The variance of an accuracy that comes of images on which seeds of one setting, `(seeds, n)`, do not agree."""
    seeds, images = rights.shape
    return float(rights.var(axis=0, ddof=1).mean() / images) if seeds > 1 else 0.0


def left_in_differences(settings: pd.DataFrame) -> float | None:
    """The part of the validation images' noise that is left in the difference of two settings, over all pairs.

    The variance of the difference over other images, beside the sum of both binomial variances `p (1 - p) / n`: 1 where
    two networks err independently. None where it is not known of two settings which images they were right on.
    """
    found, binomial = 0.0, 0.0
    for rows, covariance in _by_images(settings):
        top1, n = (settings[name].to_numpy(float)[rows] for name in ("top1", "top1_n"))
        pairs, alone, own = len(rows) - 1, top1 * (1 - top1) / n, np.diag(covariance)
        found += float(pairs * own.sum() - (covariance.sum() - own.sum()))
        binomial += float(pairs * alone.sum())
    return float(np.clip(found / binomial, 0.0, 1.0)) if binomial > 0 else None


def _rights(seeds: Sequence[str], n: int) -> npt.NDArray[np.bool_] | None:
    """`(seeds, n)`: which images each seed of a setting was right on; None where that is not known of each."""
    correct = [each for text in seeds if (each := unpacked(text, n)) is not None]
    return np.stack(correct) if len(correct) == len(seeds) else None


def _over_images(rights: Sequence[npt.NDArray[np.bool_]]) -> Floats:
    """What the images have in it: the seeds' own share of it, which is noise between seeds, is taken off."""
    images = rights[0].shape[1]
    often = np.stack([of.mean(axis=0) for of in rights])
    centred = (often - often.mean(axis=1, keepdims=True)) / images
    covariance = np.asarray(centred @ centred.T)
    own = [_of_seeds(of) / len(of) for of in rights]
    return np.asarray(covariance - np.diag(np.minimum(own, np.diag(covariance))))


def root(covariance: Floats) -> Floats:
    """The symmetric root, which does not depend on how a machine orders or signs its vectors."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.fmax(values, 0.0))) @ vectors.T)


def _inverse_chi_square(freedom: float, count: int, random: np.random.Generator) -> Floats:
    """`(count,)` true variances, over the one estimated with so many degrees of freedom."""
    return np.asarray(freedom / random.chisquare(freedom, count)) if np.isfinite(freedom) else np.ones(count)


@dataclass(frozen=True)
class SeedNoise:
    """How far the seeds of one setting differ, and how that is known.

    Attributes:
        low, middle, high: standard deviations between seeds (fraction): the least, the median and the largest that
            settings have.
        freedom: from how many degrees of freedom they are known, infinite where they were given. Of a measured one they
            are the trainings beyond the first of each setting.
        source: `measured`, `assumed` where one of them is, or `given`.
    """

    low: float
    middle: float
    high: float
    freedom: float
    source: str

    @property
    def doubtful(self) -> bool:
        """Whether it is assumed, or was measured on few."""
        return self.source == "assumed" or (self.source == "measured" and self.freedom < FEW_FREEDOM)

    @property
    def words(self) -> str:
        """How large it is and how that is known, the beginning of a sentence."""
        low, high = (f"{100 * of:.2f}" for of in (self.low, self.high))
        points = low if low == high else f"{low} to {high}"
        if self.source == "given":
            return f"A standard deviation of {points} points between seeds is given"
        if self.source == "assumed":
            return f"A standard deviation of {points} points between seeds is assumed"
        count = f"{self.freedom:g} repeated training{'' if self.freedom == 1 else 's'}"
        return f"The standard deviation between seeds, {points} points, was measured on {count} alone"


def seed_noise_of(settings: pd.DataFrame) -> SeedNoise:
    """Of settings, as `with_noise` gives them: of those where it is assumed, if there are some."""
    known = settings[settings["top1"].notna() & settings["seed_sd"].notna()]
    if known.empty:
        return SeedNoise(np.nan, np.nan, np.nan, np.inf, "given")
    assumed = known["seed_noise"] == "assumed"
    chosen = known[assumed] if assumed.any() else known
    sd = chosen["seed_sd"].to_numpy(float)
    freedom = float(chosen["seed_freedom"].min())
    return SeedNoise(float(sd.min()), float(np.median(sd)), float(sd.max()), freedom, str(chosen["seed_noise"].iloc[0]))


def flips_at(line: float, known: Estimate, quiet: Estimate, seed_sd: float) -> float | None:
    """The standard deviation between seeds at which what an interval decides would change; None if at none.

    As `--seed-noise` would give it: known, not assumed or from few. Half an interval's width grows with it as the root
    of a sum of squares.

    Args:
        line: that the interval holds or leaves out.
        known: with a noise between seeds that is known to be `seed_sd`.
        quiet: without.
        seed_sd: in the unit of the answer.
    """
    above = known.value > line
    margin = abs(known.value - line)
    wide, narrow = (abs(of.value - (of.low if above else of.high)) for of in (known, quiet))
    if not (np.isfinite([margin, wide, narrow]).all() and narrow < min(margin, wide)):
        return None
    return float(seed_sd * np.sqrt((margin**2 - narrow**2) / (wide**2 - narrow**2)))


def draw_cost(settings: pd.DataFrame, cost: str, count: int, random: np.random.Generator) -> Floats:
    """`(count, rows)` values of a cost, log-normal about the measured one where it has an interval, else the value."""
    metric = METRICS[cost]
    values = settings[metric.name].to_numpy(float)
    if metric.low is None:
        return np.broadcast_to(values, (count, len(values)))
    return values * np.exp(log_sd(settings, metric) * random.standard_normal((count, len(values))))


def log_sd(settings: pd.DataFrame, cost: Column) -> Floats:
    """`(rows,)` standard deviations of the logarithm of a cost, by its 95% interval; 0 where it has none."""
    if cost.low is None or cost.high is None:
        return np.zeros(len(settings))
    low, high = (settings[name].to_numpy(float) for name in (cost.low, cost.high))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.log(high / low) / (2 * Z95)
    return np.where(np.isfinite(spread), spread, 0.0)
