"""Which trainings of a run begin: those whose networks are within the study's limits on times."""

from __future__ import annotations

from collections.abc import Iterable

from scaling.generator.time_limits import TimeLimits
from scaling.runner.jobs import Job, TimeJob, TrainJob


class TimeGate:
    """Which trainings of a run begin: those whose networks are within the study's limits on times.

    A training whose network was not timed for good (its timing crashed, say) does not begin either; the next run takes
    that timing again, and then decides.

    Attributes:
        limits: with every timing that is recorded.
        place: where timings count, device and backend; None until a worker is ready that times.
        times_here: whether the workers that start next are those that time, so that timings count at their place.
    """

    def __init__(self, limits: TimeLimits, place: str | None, limit: int | None) -> None:
        """Begins with nothing admitted.

        Args:
            limits: see above.
            place: see above.
            limit: how many trainings are to begin in this run at most.
        """
        self.limits, self.place = limits, place
        self.times_here = True
        self._limit = limit
        self._admitted: set[str] = set()

    def ready_at(self, place: str) -> None:
        """A worker is ready; timings count at its place if it is one that times."""
        if self.times_here:
            self.place = place

    def admits(self, job: TrainJob) -> bool:
        """Whether a training may begin, be it for the first time or again."""
        if job.id in self._admitted:
            return True
        if self._limit is not None and len(self._admitted) >= self._limit:
            return False
        if self.place is None or not self.limits.verdict(job.variant, self.place).is_within:
            return False
        self._admitted.add(job.id)
        return True

    def leaves_out(self, job: Job) -> bool:
        """Whether the timings so far leave out a training."""
        if isinstance(job, TimeJob) or self.place is None:
            return False
        return self.limits.verdict(job.variant, self.place).is_left_out

    def still_open(self, left: Iterable[Job]) -> list[Job]:
        """What is left to do without the trainings that are left out; those whose network is timed again may not be."""
        left = list(left)
        timed_again = {job.variant for job in left if isinstance(job, TimeJob)}
        return [job for job in left if job.variant in timed_again or not self.leaves_out(job)]
