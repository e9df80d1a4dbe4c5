"""What a comparison says, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import pandas as pd

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.equal_accuracy.bands import Band, Crossover
from scaling.analysis.uncertainty import LEVEL, Estimate
from scaling.models.names import title
from scaling.results.columns import Column
from scaling.wording import ratio


def verdict_word(verdict: str, cost: Column) -> str:
    """`faster` and `slower` are said of times only."""
    return verdict if cost.is_time else {"faster": "cheaper", "slower": "dearer"}.get(verdict, verdict)


def comparison(
    sides: Sequence[tuple[str, pd.DataFrame]],
    cost: Column,
    overall: Band,
    bands: Sequence[Band],
    at: Sequence[Crossover],
    of_all: bool,
) -> str:
    """What the first of two sides gains over the second: on average, by bands, and where the two cross.

    Args:
        sides: the name of each, and its points.
        cost, overall, bands, at: what was found.
        of_all: whether the statements of other pairs hold together with these.
    """
    of = title(sides[0][0])
    first_of, first_over = (_named(*side) for side in sides)
    times = f"{ratio(overall.speedup)} times"
    interval = f"(90%: {ratio(overall.low)} to {ratio(overall.high)})"
    shared = f"from {overall.accuracy_low:.1%} to {overall.accuracy_high:.1%}"
    how = "fast" if cost.is_time else "economical"
    first = f"At equal accuracy {shared}, {first_of} is {times} as {how} as {first_over} {interval}"
    first += f" by {cost.words}{_sure(overall)}."
    jointly = f"These intervals and verdicts{', of all pairs,' if of_all else ''} hold jointly at {LEVEL:.0%}."
    return f"{first} {_runs(of, cost, bands)} {jointly} {_crossed(of, cost, at)}"


def _named(name: str, points: pd.DataFrame) -> str:
    """A group, with the weights that its networks have where others trained them and they are few."""
    tags = _weights(points)
    return f"{title(name)} with the weights {' and '.join(tags)}" if _can_be_named(points) else title(name)


def _can_be_named(points: pd.DataFrame) -> bool:
    return 0 < len(_weights(points)) <= _MOST_WEIGHTS


def _weights(points: pd.DataFrame) -> list[str]:
    return sorted(points["weights"].dropna().unique()) if "weights" in points else []


_MOST_WEIGHTS = 2
"""Weights of a group that a sentence names; of more a note does."""


def _sure(overall: Band) -> str:
    """Whether it is decided, and what noise between seeds would change that."""
    flips = "" if overall.flips_at is None else f"{100 * overall.flips_at:.2f} points between seeds, if that were known"
    if overall.verdict == "undecided":
        return ": undecided" + (f" (decided with less than {flips})" if flips else "")
    return f" (undecided with more than {flips})" if flips else ""


def _runs(of: str, cost: Column, bands: Sequence[Band]) -> str:
    runs = [(verdict, list(run)) for verdict, run in groupby(bands, key=lambda band: verdict_word(band.verdict, cost))]
    spans = (f"{verdict} {run[0].accuracy_low:.1%} to {run[-1].accuracy_high:.1%}" for verdict, run in runs)
    return f"By bands, {of} is " + ", ".join(spans) + "."


def _crossed(of: str, cost: Column, crossovers: Sequence[Crossover]) -> str:
    if not crossovers:
        return "Crossovers: none in the range tested."
    places = (
        f"at {crossover.accuracy:.1%} ({LEVEL:.0%} by itself: {crossover.low:.1%} to {crossover.high:.1%}), "
        f"{of} {verdict_word(crossover.above, cost)} above it"
        + ("" if crossover.decided else ", not decided on both sides")
        for crossover in crossovers
    )
    return "Crossovers: " + "; ".join(places) + "."


def typical(members: Estimate) -> str:
    """What all members say beside the frontier, which the best of them make."""
    interval = f"{LEVEL:.0%} by itself: {ratio(members.low)} to {ratio(members.high)}"
    of_all = f"between typical members, all counted, it is {ratio(members.value)} ({interval})"
    return f"That is between the frontiers; {of_all}."


def missing(name: str, failed: int, unmeasured: int, cost: Column) -> Iterator[str]:
    """What of a group could not be compared, if anything."""
    if failed:
        yield f"{title(name)}: {failed} failed trials are in no curve"
    if unmeasured:
        yield f"{title(name)}: {unmeasured} settings have an accuracy but no {cost.words}"


def cautions(points: pd.DataFrame, cost: Column) -> Iterator[str]:
    """What the intervals do not hold, for these points."""
    if points.empty:
        return
    if points["top1_sd"].eq(0).any():
        yield "accuracies whose number of images is not known are taken as exact"
    if cost.low and points[cost.low].isna().any():
        yield "times without an interval of their own are taken as exact"
    if cost.phase and (count := int((points[f"{cost.phase}_disturbed"] > 0).sum())):
        yield f"{count} of {len(points)} times were disturbed by other work on the machine"
    if points["validation_fraction"].eq(0).any():
        yield "accuracies are of the test images: all training images were trained on (validation_fraction 0)"
    yield from about_accuracies(points)
    measured = f"{cost.phase}_measured_batch_size"
    if measured in points and (sizes := sorted(points[measured].dropna().unique())):
        yield f"times were measured with {_span(sizes)} images a step and are stated for one and the same number"


def differing_epochs(groups: Iterable[tuple[str, pd.DataFrame]]) -> Iterator[str]:
    """A note where groups were trained for different numbers of epochs."""
    trained = {name: sorted(points["epochs"].dropna().unique()) for name, points in groups}
    known = {name: epochs for name, epochs in trained.items() if epochs}
    if len({tuple(epochs) for epochs in known.values()}) > 1:
        yield "epochs differ: " + ", ".join(f"{title(name)} {_span(epochs)}" for name, epochs in known.items())


def _span(values: Sequence[float]) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"


def weights(groups: Iterable[tuple[str, pd.DataFrame]]) -> Iterator[str]:
    """Which weights the networks have that others trained, where they are too many for the sentence."""
    many = ((name, _weights(points)) for name, points in groups if not _can_be_named(points))
    told = [f"{title(name)} {', '.join(tags)}" for name, tags in many if tags]
    if told:
        yield f"weights: {'; '.join(sorted(told))}"
