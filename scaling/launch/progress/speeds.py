"""How long each variant takes for an image: as its own trainings went, else as the nearest known variant tells."""

from __future__ import annotations

import math
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from scaling.schema import Variant

SLOPE = 1.0
"""Of the seconds for an image in its work, on logarithmic axes, while too few variants are known to fit it."""

GROUND = 2
"""Variants that have to be known before anything is said of others: from one alone it was a third wrong."""

FITTED_FROM = 3
"""Variants from which on the slope is fitted."""


class Work(NamedTuple):
    """What a training has to do.

    Attributes:
        images: that pass through a training step, those that are evaluated counted as the part of it that they cost.
        per_image: multiply-accumulates of one, those that moving activations takes included.
    """

    images: float
    per_image: float


@dataclass(frozen=True)
class Speeds:
    """What is known of the seconds for an image, by variant.

    Attributes:
        trained: of each variant that was trained, the seconds spent and the images trained on.
        works: of each of these, its work for an image.
        timed: of each variant that was timed, the seconds for an image of a training step.
        timed_alike: whether a timing has the cores or the accelerator that a training has.
    """

    trained: Mapping[Variant, tuple[float, float]] = field(default_factory=dict)
    works: Mapping[Variant, float] = field(default_factory=dict)
    timed: Mapping[Variant, float] = field(default_factory=dict)
    timed_alike: bool = False

    def is_ground(self, variants: Collection[Variant]) -> bool:
        """Whether enough is known for an estimate: of `GROUND` variants, or of all that there are."""
        return len(self.trained) >= max(1, min(GROUND, len({*variants, *self.trained})))

    def seconds(self, variants: Mapping[Variant, float]) -> dict[Variant, float]:
        """Seconds for an image of each variant, given its work for one; a training has to be known.

        A variant's own trainings count. Another is compared with the known one nearest in work, of its family if there
        is one: by the timings of the two where trainings have what timings have, or families differ; else by a power of
        the work.
        """
        own = {variant: seconds / images for variant, (seconds, images) in self.trained.items()}
        slope = _slope((self.works[variant], seconds) for variant, seconds in own.items())
        nearest = _Nearest(self.works)
        told = {}
        for variant, work in variants.items():
            if variant in own:
                told[variant] = own[variant]
                continue
            near = nearest.to(variant.family, work)
            by_timing = {variant, near} <= self.timed.keys() and (self.timed_alike or near.family != variant.family)
            more = self.timed[variant] / self.timed[near] if by_timing else (work / self.works[near]) ** slope
            told[variant] = own[near] * more
        return told


class _Nearest:
    """Finds the known variant that is nearest in work, of one family if there is any of it."""

    def __init__(self, works: Mapping[Variant, float]) -> None:
        by_family: defaultdict[str, list[tuple[float, Variant]]] = defaultdict(list)
        for variant, work in works.items():
            by_family[variant.family].append((math.log(work), variant))
        everything = [entry for entries in by_family.values() for entry in entries]
        self._everything = sorted(everything, key=_log)
        self._by_family = {family: sorted(entries, key=_log) for family, entries in by_family.items()}

    def to(self, family: str, work: float) -> Variant:
        entries = self._by_family.get(family, self._everything)
        place = bisect(entries, math.log(work), key=_log)
        around = entries[max(0, place - 1) : place + 1]
        return min(around, key=lambda entry: abs(entry[0] - math.log(work)))[1]


def _log(entry: tuple[float, Variant]) -> float:
    return entry[0]


def _slope(points: Iterable[tuple[float, float]]) -> float:
    """Exponent of the power law through points."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    x, y = (fmean(values) for values in zip(*logs, strict=True))
    spread = sum((point[0] - x) ** 2 for point in logs)
    if len(logs) < FITTED_FROM or not spread:
        return SLOPE
    fitted = sum((point[0] - x) * (point[1] - y) for point in logs) / spread
    return min(max(fitted, 0.5 * SLOPE), 1.2 * SLOPE)
