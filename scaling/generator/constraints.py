"""What a study leaves out: trials beyond a limit, and trials outside slices of equal multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from scaling.generator.errors import StudyError
from scaling.schema import Noun, Number, Trial

Positive = Annotated[Number, Field(gt=0)]
Need = Mapping[str, float]
"""What a trial needs, by `macs`, `params`, `activations` and `memory_gb`."""


class Constraints(Noun):
    """Upper limits on every trial.

    Attributes:
        max_macs: multiply-accumulates of a forward pass of one image.
        max_params: trainable parameters.
        max_activations: output elements of convolutions and dense layers for one image.
        max_memory_gb: estimated memory of a training step, in 1e9 bytes; see `scaling.models.memory`.
    """

    max_macs: Positive | None = None
    max_params: Positive | None = None
    max_activations: Positive | None = None
    max_memory_gb: Positive | None = None

    def limits(self) -> dict[str, float]:
        """Each limit that is set, by its field."""
        return {field: limit for field in type(self).model_fields if (limit := getattr(self, field)) is not None}


class Slices(Noun):
    """Iso-MACs slices: only trials near one of the sizes stay, so that what is compared costs alike.

    Attributes:
        macs: the sizes, in multiply-accumulates of a forward pass of one image.
        tolerance: how far a trial may be from the nearest, as a fraction of it.
    """

    macs: Annotated[tuple[Positive, ...], Field(min_length=1)]
    tolerance: Annotated[Number, Field(gt=0, lt=1)] = 0.1

    def slice_of(self, macs: float) -> float | None:
        """The slice that a size belongs to: the nearest in ratio, None where that is not near enough."""
        nearest = min(self.macs, key=lambda size: max(size / macs, macs / size))
        return nearest if abs(macs - nearest) <= self.tolerance * nearest else None


@dataclass(frozen=True)
class Removed:
    """A trial that the study's grid has and its constraints or slices leave out."""

    trial: Trial
    reason: str


def sift(
    needs: Mapping[Trial, Need], constraints: Constraints | None, slices: Slices | None
) -> tuple[list[Trial], list[Removed]]:
    """Parts the trials into those that stay and those removed, each with its reasons.

    Raises:
        StudyError: if none stays, or a slice stays empty; with the nearest value there is.
    """
    kept: list[Trial] = []
    removed: list[Removed] = []
    for trial, need in needs.items():
        reasons = [*_beyond(need, constraints), *_outside(need, slices)]
        if reasons:
            removed.append(Removed(trial, "; ".join(reasons)))
        else:
            kept.append(trial)
    problems = list(_emptied(list(needs.values()), constraints, slices))
    if not kept and not problems:
        problems = ["constraints and slices together remove every trial; loosen one"]
    if problems:
        raise StudyError(problems)
    return kept, removed


def _beyond(need: Need, constraints: Constraints | None) -> Iterator[str]:
    for field, limit in (constraints.limits() if constraints else {}).items():
        value = need[field.removeprefix("max_")]
        if value > limit:
            yield f"constraints.{field}: {value:.3g} is more than {limit:.3g}"


def _outside(need: Need, slices: Slices | None) -> Iterator[str]:
    if slices and slices.slice_of(need["macs"]) is None:
        yield f"slices.macs: {need['macs']:.3g} is not within {slices.tolerance:.0%} of any slice"


def _emptied(needs: Sequence[Need], constraints: Constraints | None, slices: Slices | None) -> Iterator[str]:
    """The limits that remove everything by themselves, and the slices that nothing is in."""
    for field, limit in (constraints.limits() if constraints else {}).items():
        least = min(need[field.removeprefix("max_")] for need in needs)
        if least > limit:
            yield f"constraints.{field}: {limit:.3g} removes every trial; the smallest has {least:.3g}"
    sizes = {need["macs"] for need in needs} if slices else set()
    filled = {slices.slice_of(size) for size in sizes} if slices else set()
    for index, wanted in enumerate(slices.macs if slices else ()):
        if wanted not in filled:
            near = min(sizes, key=lambda size: max(size / wanted, wanted / size))
            yield f"slices.macs[{index}]: no trial is within tolerance of {wanted:.3g}; the nearest has {near:.3g}"
