"""Limits on measured times: which networks of a study are not trained, by what was recorded at one place.

The records are the only truth: whoever asks (a plan, a status, a run, a search) reads the timings and comes to the
same verdict. The median of the latest good timing decides, whether or not other work has disturbed it; a disturbed one
can be taken again with `--retry disturbed`, and then decides anew. A network whose timing failed is left out too, since
nothing shows that it is within the limit; one whose timing the next run retries (it crashed, or was interrupted) waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from scaling.generator.constraints import LeftOut, limit_of
from scaling.generator.study import Study
from scaling.results.records import ResultsFolder, supersedes
from scaling.schema import RESUMED, LatencyRecord, LatencyRequest, Variant

MOST_LINES = 10
"""Of networks that are left out, before the rest is only counted."""


@dataclass(frozen=True)
class Verdict:
    """What the timings of a network at a place say of the limits.

    Attributes:
        timings: of its limits' fields, the latest timing of each; None where it has none, or one that is retried.
        violations: as of `LeftOut`.
    """

    timings: Mapping[str, LatencyRecord | None]
    violations: Mapping[str, float]

    @property
    def is_whole(self) -> bool:
        """Whether it was timed for each limit."""
        return len(self.violations) == len(self.timings)

    @property
    def is_within(self) -> bool:
        """Whether it was timed for each limit, and is within all of them."""
        return self.is_whole and not self.beyond

    @property
    def beyond(self) -> tuple[str, ...]:
        """The limits that it is beyond."""
        return tuple(name for name, violation in self.violations.items() if violation > 0)

    @property
    def failed(self) -> tuple[str, ...]:
        """The limits whose timing failed for good."""
        return tuple(name for name, timing in self.timings.items() if timing is not None and not timing.ok)

    @property
    def is_left_out(self) -> bool:
        """Whether nothing that is still to be timed can change that it is not trained."""
        return bool(self.beyond or self.failed)


@dataclass
class TimeLimits:
    """A study's limits on times, and the timings that decide on them.

    Attributes:
        study: whose file has the limits, or none.
        place: of the last timing, device and backend; None where there is none.
    """

    study: Study
    place: str | None = None
    _latest: dict[tuple[str, str], LatencyRecord] = field(default_factory=dict)
    _requests: dict[Variant, dict[str, LatencyRequest]] = field(default_factory=dict)

    @classmethod
    def read(cls, study: Study, results: ResultsFolder) -> TimeLimits:
        """With the timings of a folder, which are read only where the study has such limits."""
        limits = cls(study)
        if limits:
            limits.take(results.latency.read()[0])
        return limits

    def __bool__(self) -> bool:
        return bool(self._limits)

    @property
    def _limits(self) -> Mapping[str, float]:
        return self.study.file.constraints.times if self.study.file.constraints else {}

    def take(self, records: Iterable[LatencyRecord]) -> None:
        """Takes in further timings, in the order in which they were recorded."""
        for record in records:
            self.place = record.environment.place
            key = record.request.id, self.place
            before = self._latest.get(key)
            if supersedes(record.ok, before is not None and before.ok):
                self._latest[key] = record

    def timed_at(self, place: str | None) -> Iterator[Variant]:
        """Each network that was timed at a place, in the order of the first timing."""
        yield from dict.fromkeys(
            record.request.variant for (_, where), record in self._latest.items() if where == place
        )

    def verdict(self, variant: Variant, place: str | None = None) -> Verdict:
        """What the timings of a network say; `place`: where they count, None: where the last one was made."""
        timings: dict[str, LatencyRecord | None] = {}
        for name, request in self._requests_of(variant).items():
            record = self._latest.get((request.id, place or self.place or ""))
            timings[name] = None if record is not None and _is_retried(record) else record
        violations = {
            name: timing.whole_batch_ms / self._limits[name] - 1
            for name, timing in timings.items()
            if timing is not None and timing.ok
        }
        return Verdict(timings, violations)

    def left_out(self, variant: Variant, place: str | None = None, trials: int = 1) -> LeftOut | None:
        """Why a network is not trained; None where it is, or where it waits for a timing."""
        verdict = self.verdict(variant, place)
        if not verdict.is_left_out:
            return None
        reasons = (self._reason(name, verdict.timings[name]) for name in (*verdict.beyond, *verdict.failed))
        return LeftOut(variant, place or self.place or "", "; ".join(reasons), verdict.violations, trials)

    def _requests_of(self, variant: Variant) -> Mapping[str, LatencyRequest]:
        """What is timed of a network for each limit."""
        if not self:
            return {}
        if variant not in self._requests:
            asked = {limit_of(request): request for request in self.study.timings_of(variant)}
            self._requests[variant] = {name: asked[name] for name in self._limits}
        return self._requests[variant]

    def _reason(self, name: str, timing: LatencyRecord | None) -> str:
        limit = self._limits[name]
        if timing is None or timing.failure is not None:
            failure = timing and timing.failure
            told = f"{failure.kind}: {failure.message.splitlines()[0]}" if failure and failure.message else "no message"
            return f"constraints.{name}: its timing failed ({told}); --retry failed takes it again"
        doubt = " (a disturbed timing; --retry disturbed takes it again)" if timing.disturbed else ""
        value, most = _told_apart(timing.whole_batch_ms, limit)
        return f"constraints.{name}: {value} ms is more than {most} ms{doubt}"


def _is_retried(record: LatencyRecord) -> bool:
    """Whether the next run takes a timing again by itself."""
    return record.failure is not None and record.failure.kind in RESUMED


def _told_apart(value: float, limit: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ, three at least."""
    for digits in range(3, 17):
        told = f"{value:.{digits}g}", f"{limit:.{digits}g}"
        if told[0] != told[1]:
            break
    return told


def without_left_out(study: Study, limits: TimeLimits, done: Collection[str], place: str | None = None) -> Study:
    """A grid's or a scale's study without the trials that its limits on times leave out; what is trained stays.

    Args:
        study: to be parted.
        limits: of the study, with its timings.
        done: ids of the trials that were trained to success.
        place: where timings count; None: where the last one was made.
    """
    if not limits:
        return study
    open_trials = [trial for trial in study.trials if trial.id not in done]
    numbers: dict[Variant, int] = {}
    for trial in open_trials:
        numbers[trial.variant] = numbers.get(trial.variant, 0) + 1
    judged = (limits.left_out(variant, place, trials) for variant, trials in numbers.items())
    left_out = {found.variant: found for found in judged if found is not None}
    kept = tuple(trial for trial in study.trials if trial.variant not in left_out or trial.id in done)
    return replace(study, trials=kept, left_out=tuple(left_out.values()))


def told(study: Study) -> list[str]:
    """The networks that limits on times leave out, line by line; and the nearest, where that leaves nothing."""
    left_out = study.left_out
    lines = [f"{_named(each)} left out by {each.reason}" for each in left_out[:MOST_LINES]]
    if hidden := len(left_out) - MOST_LINES:
        lines += [f"... and {hidden} networks more"] if hidden > 0 else []
    nothing = leaves_nothing(study)
    return [*lines, nothing] if nothing else lines


def _named(left_out: LeftOut) -> str:
    several = f" ({left_out.trials} trials)" if left_out.trials > 1 else ""
    return f"{left_out.variant.name}{several}"


def leaves_nothing(study: Study) -> str | None:
    """A sentence with the nearest network, where the limits on times leave no trial to train; None where they do."""
    if study.trials or not study.left_out:
        return None
    place = study.left_out[0].place
    timed = [each for each in study.left_out if each.violations]
    if not timed:
        return f"constraints leave no trial on {place}: no network could be timed there"
    nearest = min(timed, key=lambda each: max(each.violations.values()))
    name, violation = max(nearest.violations.items(), key=lambda violation: violation[1])
    return (
        f"constraints leave no trial on {place}: the nearest, {nearest.variant.name}, is {violation:.2%} "
        f"beyond constraints.{name}"
    )
