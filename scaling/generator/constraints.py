"""What a study leaves out: trials beyond a limit, and trials outside slices of equal multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, create_model

from scaling.errors import did_you_mean
from scaling.generator.errors import StudyError
from scaling.results.columns import METRICS, TIMED, Column, timed
from scaling.schema import LatencyPlan, LatencyRequest, Noun, Number, Phase, Runtime, Trial, Variant

if TYPE_CHECKING:
    from scaling.generator.accelerators import Accelerator

Positive = Annotated[Number, Field(gt=0)]
Need = Mapping[str, float]
"""What a trial needs, by `macs`, `params`, `activations`, `memory_gb`, `train_hours` and `cost`."""

TIMES: dict[str, Column] = {f"max_{name}": column for name, column in METRICS.items() if column.is_time}
"""The limits on measured times, by their field: one for each step that can be timed."""

RECKONED = ("max_train_hours", "max_cost")
"""The limits that rest on an accelerator."""


def _limited(column: Column) -> tuple[Any, Any]:
    """Type and default of the field that limits a time."""
    meaning = f"longest time per {TIMED[column.phase or '']} of `latency.batch_size` images, in milliseconds."
    return Positive | None, Field(None, description=meaning)


if TYPE_CHECKING:
    _Times = Noun
else:
    _Times = create_model("_Times", __base__=Noun, **{name: _limited(column) for name, column in TIMES.items()})


class Constraints(_Times):
    """Upper limits on every trial.

    A limit on a time is decided by a measurement on the machine of the run: a network is timed before it is trained,
    and is not trained if its time is beyond the limit. All other limits are known before anything runs. See
    docs/limits.md.

    Attributes:
        max_macs: largest number of multiply-accumulates of a forward pass of one image.
        max_params: largest number of trainable parameters.
        max_activations: largest number of output elements of convolutions and dense layers for one image.
        max_memory_gb: largest estimated memory of a training step, in 1e9 bytes.
        max_train_hours: longest training of a trial in hours, as planned from the accelerator's entry in the table. A
            measured pace changes nothing, so that a study asks for the same trials before and after it is run.
        max_cost: largest cost of a trial's training in dollars, planned in the same way.
        on: the accelerator that hours and dollars are planned for, from the table that ships or from
            `~/.config/scaling/accelerators.yaml`. By default, this machine's processor. `scaling plan` plans with it
            too, unless `--on` names another.
    """

    max_macs: Positive | None = None
    max_params: Positive | None = None
    max_activations: Positive | None = None
    max_memory_gb: Positive | None = None
    max_train_hours: Positive | None = None
    max_cost: Positive | None = None
    on: str | None = None

    def limits(self) -> dict[str, float]:
        """Each limit that is set and that is met before anything runs, by its field."""
        return {name: limit for name, limit in self._set() if name not in TIMES}

    @property
    def times(self) -> dict[str, float]:
        """Each limit on a measured time that is set, in milliseconds, by its field."""
        return {name: limit for name, limit in self._set() if name in TIMES}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that are timed for these limits."""
        return tuple(dict.fromkeys(_timing_of(name)[0] for name in self.times))

    @property
    def is_reckoned(self) -> bool:
        """Whether a limit rests on an accelerator."""
        return any(getattr(self, name) is not None for name in RECKONED)

    @cached_property
    def accelerator(self) -> Accelerator:
        """What hours and dollars are limited on.

        Raises:
            StudyError: if it is not in the table.
        """
        from scaling.generator import accelerators  # few studies have such a limit

        known, name = accelerators.table(), self.on or accelerators.CPU
        if name.casefold() not in known:
            raise StudyError(
                [f"constraints.on: {name!r} is not in the table of accelerators{did_you_mean(name, known)}"]
            )
        return known[name.casefold()]

    def _set(self) -> Iterator[tuple[str, float]]:
        for name in type(self).model_fields:
            if name.startswith("max_") and (limit := getattr(self, name)) is not None:
                yield name, limit


def limit_of(request: LatencyRequest) -> str:
    """The field of the limit on what a request times."""
    return f"max_{timed(request)}_ms"


def _timing_of(name: str) -> tuple[Phase, Runtime]:
    """The phase and the runtime that a limit on a time is about."""
    phase, _, runtime = (TIMES[name].phase or "").partition("_")
    return phase, runtime or "keras"  # type: ignore[return-value]


def problems(constraints: Constraints, latency: LatencyPlan, slices: Slices | None, is_search: bool) -> Iterator[str]:
    """What can be said against constraints before a study is expanded.

    Args:
        constraints: of a study file.
        latency: what the file has timed.
        slices: of the same file.
        is_search: whether phases are timed as they are needed.
    """
    for name in constraints.times:
        phase, runtime = _timing_of(name)
        if phase not in latency.phases and not is_search:
            yield f"constraints.{name}: {phase} is not timed; add {phase} to latency.phases"
        if phase == "inference" and runtime not in latency.runtimes:
            yield f"constraints.{name}: inference is not timed with {runtime}; add {runtime} to latency.runtimes"
    yield from _reckoning_problems(constraints)
    for index, macs in enumerate(slices.macs if slices and constraints.max_macs else ()):
        if slices and constraints.max_macs and macs * (1 - slices.tolerance) > constraints.max_macs:
            yield f"slices.macs[{index}]: {macs:.3g} is beyond constraints.max_macs: {constraints.max_macs:.3g}"


def _reckoning_problems(constraints: Constraints) -> Iterator[str]:
    if not constraints.is_reckoned:
        if constraints.on is not None:
            yield f"constraints.on: {constraints.on} limits nothing; give {' or '.join(RECKONED)}"
        return
    try:
        accelerator = constraints.accelerator
    except StudyError as error:
        yield from error.problems
        return
    if constraints.max_cost is not None and not accelerator.dollars_per_hour:
        yield (
            f"constraints.max_cost: {constraints.max_cost:g} limits nothing, since {accelerator.name} has no price; "
            "name an accelerator that has one in constraints.on"
        )


class Slices(Noun):
    """Slices of equal cost: only trials near one of the sizes stay, so that networks of similar cost are compared.

    Attributes:
        macs: the sizes, in multiply-accumulates of a forward pass of one image.
        tolerance: how far a trial may be from the nearest size, as a fraction of that size.
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


@dataclass(frozen=True)
class LeftOut:
    """A network that is not trained, because its recorded time at a place is beyond a limit, or could not be taken.

    Attributes:
        variant: the network.
        place: device and backend where it was timed.
        reason: each limit with the time and the limit, or with the failure of the timing.
        violations: by how much it is beyond each limit, as a fraction of the limit, negative where it is within; by the
            limit's field. Without those whose timing failed.
        trials: number of the study's trials that are not trained for it; 1 where a search has suggested it.
    """

    variant: Variant
    place: str
    reason: str
    violations: Mapping[str, float] = field(default_factory=dict)
    trials: int = 1


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
    mistakes = list(_emptied(list(needs.values()), constraints, slices))
    if not kept and not mistakes:
        mistakes = [f"constraints and slices together remove every trial; {_nearest(needs, removed, constraints)}"]
    if mistakes:
        raise StudyError(mistakes)
    return kept, removed


def _nearest(needs: Mapping[Trial, Need], removed: Sequence[Removed], constraints: Constraints | None) -> str:
    """The trial that is beyond its limits by the smallest factor, with its reasons."""
    limits = constraints.limits() if constraints else {}
    nearest = min(
        removed,
        key=lambda left_out: max(
            (needs[left_out.trial][name.removeprefix("max_")] / limit for name, limit in limits.items()), default=1.0
        ),
    )
    return f"the nearest is {nearest.trial.variant.name} ({nearest.reason})"


def _beyond(need: Need, constraints: Constraints | None) -> Iterator[str]:
    for name, limit in (constraints.limits() if constraints else {}).items():
        value = need[name.removeprefix("max_")]
        if value > limit:
            yield f"constraints.{name}: {value:.3g} is more than {limit:.3g}"


def _outside(need: Need, slices: Slices | None) -> Iterator[str]:
    if slices and slices.slice_of(need["macs"]) is None:
        yield f"slices.macs: {need['macs']:.3g} is not within {slices.tolerance:.0%} of any slice"


def _emptied(needs: Sequence[Need], constraints: Constraints | None, slices: Slices | None) -> Iterator[str]:
    """The limits that remove everything by themselves, and the slices that nothing is in."""
    for name, limit in (constraints.limits() if constraints else {}).items():
        least = min(need[name.removeprefix("max_")] for need in needs)
        if least > limit:
            yield f"constraints.{name}: {limit:.3g} removes every trial; the smallest has {least:.3g}"
    sizes = {need["macs"] for need in needs} if slices else set()
    filled = {slices.slice_of(size) for size in sizes} if slices else set()
    for index, wanted in enumerate(slices.macs if slices else ()):
        if wanted not in filled:
            near = min(sizes, key=lambda size: max(size / wanted, wanted / size))
            yield f"slices.macs[{index}]: no trial is within tolerance of {wanted:.3g}; the nearest has {near:.3g}"
