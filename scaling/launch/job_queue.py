"""The jobs that wait, and which of them a worker should do next."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Collection, Iterable

from scaling.runner.compute.program_key import ProgramKey
from scaling.runner.jobs import Job, TimeJob


class JobQueue:
    """The jobs that wait, and which of them a worker should do next.

    A worker first does what its compiled program serves: trainings, then timings of the same program. Then it takes a
    program that no other worker has. A timing never runs beside anything else, so it waits until nothing runs. Where
    timings decide which trainings there are, all timings come first.

    Each call costs the logarithm of the number of programs, so that a run's cost is linear in its jobs.
    """

    def __init__(self, jobs: Iterable[Job] = (), timings_first: bool = False) -> None:
        self._timings_first = timings_first
        self._trainings, self._timings = _Lane(), _Lane()
        self._running: Counter[ProgramKey] = Counter()
        self._times = False
        self._last = self._first = 0
        self.extend(jobs)

    def __len__(self) -> int:
        return len(self._trainings) + len(self._timings)

    def extend(self, jobs: Iterable[Job]) -> None:
        """Adds jobs at the end."""
        for job in jobs:
            self._last += 1
            self._lane(job).put(self._last, job)

    def put_first(self, job: Job) -> None:
        """Adds a job at the front: one that is retried."""
        self._first -= 1
        self._lane(job).put(self._first, job)

    def take(self, program: ProgramKey | None) -> Job | None:
        """Removes and returns the next job for an idle worker; None where nothing can run now.

        Args:
            program: what the worker has compiled; None: nothing yet.
        """
        job = self._next(program)
        if job is not None:
            self._running[job.program] += 1
            self._times = isinstance(job, TimeJob)
        return job

    def release(self, job: Job) -> None:
        """Says that a job which was taken runs no more."""
        self._times = False
        self._running[job.program] -= 1
        if not self._running[job.program]:
            del self._running[job.program]
            self._trainings.offer(job.program)

    def _next(self, program: ProgramKey | None) -> Job | None:
        if self._times:
            return None
        alone = not self._running
        if self._timings_first and self._timings:
            return (self._timings.pop(program) or self._timings.pop(self._timings.first(()))) if alone else None
        return (
            self._trainings.pop(program)
            or (self._timings.pop(program) if alone else None)
            or self._trainings.pop(self._trainings.first(self._running))
            or (self._timings.pop(self._timings.first(())) if alone else None)
        )

    def _lane(self, job: Job) -> _Lane:
        return self._timings if isinstance(job, TimeJob) else self._trainings


class _Lane:
    """Jobs of one kind, each with its position in the queue, grouped by program.

    `_heads` is a heap of programs by the position of their first job. Its entries are checked when they come up: one
    whose job is gone is dropped, and one of a program that is running is dropped until `offer` brings it back.
    """

    def __init__(self) -> None:
        self._jobs: dict[ProgramKey, deque[tuple[int, Job]]] = {}
        self._heads: list[tuple[int, ProgramKey]] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, position: int, job: Job) -> None:
        """Adds a job; a negative position is before all others."""
        waiting = self._jobs.setdefault(job.program, deque())
        if position < 0:
            waiting.appendleft((position, job))
        else:
            waiting.append((position, job))
        self._length += 1
        if waiting[0][0] == position:
            heapq.heappush(self._heads, (position, job.program))

    def pop(self, program: ProgramKey | None) -> Job | None:
        """Removes the first job of a program, if it has one."""
        if program is None or program not in self._jobs:
            return None
        _, job = self._jobs[program].popleft()
        self._length -= 1
        if not self._jobs[program]:
            del self._jobs[program]
        self.offer(program)
        return job

    def offer(self, program: ProgramKey) -> None:
        """Makes a program's first job eligible again."""
        if program in self._jobs:
            heapq.heappush(self._heads, (self._jobs[program][0][0], program))

    def first(self, running: Collection[ProgramKey]) -> ProgramKey | None:
        """The program of the first job whose program is not running, else of the first job of all."""
        while self._heads:
            position, program = self._heads[0]
            if program in self._jobs and self._jobs[program][0][0] == position and program not in running:
                return program
            heapq.heappop(self._heads)
        return min(self._jobs, key=lambda program: self._jobs[program][0][0], default=None)
