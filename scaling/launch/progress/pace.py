"""How fast each variant trains: as its own trainings went, else as its timings and other variants' trainings tell."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import NamedTuple

from scaling.schema import LatencyRecord, Variant

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
class Pace:
    """Seconds for an image, by variant.

    Attributes:
        trained: of each variant, seconds spent and images trained on.
        timed: of each variant, seconds for an image of its timed training step.
        works: of each variant that was trained, its work for an image.
        timed_alike: whether a timing has the cores or the accelerator that a training has.
    """

    trained: Mapping[Variant, tuple[float, float]] = field(default_factory=dict)
    timed: Mapping[Variant, float] = field(default_factory=dict)
    works: Mapping[Variant, float] = field(default_factory=dict)
    timed_alike: bool = False

    def is_ground(self, variants: Collection[Variant]) -> bool:
        """Whether these variants have shown enough for an estimate: `GROUND` of them, or all that there are."""
        return len(self.trained) >= max(1, min(GROUND, len({*variants, *self.trained})))

    def with_training(self, variant: Variant, seconds: float, work: Work) -> Pace:
        """The same, with a training or a part of one."""
        if not (seconds > 0 and work.images > 0):
            return self
        before = self.trained.get(variant, (0.0, 0.0))
        summed = before[0] + seconds, before[1] + work.images
        return replace(
            self,
            trained={**self.trained, variant: summed},
            works={**self.works, variant: work.per_image},
        )

    def with_timing(self, record: LatencyRecord) -> Pace:
        """The same, with a timing; only one of training steps says anything."""
        if record.request.phase != "training" or not record.median_ms or not record.batch_size:
            return self
        return replace(self, timed={**self.timed, record.request.variant: record.median_ms / 1000 / record.batch_size})

    def seconds(self, variants: Mapping[Variant, float]) -> dict[Variant, float]:
        """Seconds for an image of each variant, given its work for one; a training has to be known.

        A variant's own trainings count. Another is compared with the known one nearest in work, of its family if
        there is one: by the timings of the two where trainings have what timings have, or families differ; else by a
        power of the work.
        """
        own = {variant: seconds / images for variant, (seconds, images) in self.trained.items()}
        slope = _slope((self.works[variant], seconds) for variant, seconds in own.items())
        told = {}
        for variant, work in variants.items():
            near = _nearest(variant, work, self.works)
            by_timing = {variant, near} <= self.timed.keys() and (self.timed_alike or near.family != variant.family)
            more = self.timed[variant] / self.timed[near] if by_timing else (work / self.works[near]) ** slope
            told[variant] = own[variant] if variant in own else own[near] * more
        return told


def _nearest(variant: Variant, work: float, known: Mapping[Variant, float]) -> Variant:
    """Of the known variants the one that is nearest in work, of the same family if there is one."""
    return min(known, key=lambda other: (other.family != variant.family, abs(math.log(work / known[other]))))


def _slope(points: Iterable[tuple[float, float]]) -> float:
    """Exponent of the power law through points."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    x, y = (fmean(values) for values in zip(*logs, strict=True))
    spread = sum((point[0] - x) ** 2 for point in logs)
    if len(logs) < FITTED_FROM or not spread:
        return SLOPE
    fitted = sum((point[0] - x) * (point[1] - y) for point in logs) / spread
    return min(max(fitted, 0.5 * SLOPE), 1.2 * SLOPE)
