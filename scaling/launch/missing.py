"""What a results folder still lacks of a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, TypeAlias

from scaling.launch.retry import RetryPolicy
from scaling.results.records import ResultsFolder, Skipped, supersedes
from scaling.runner.jobs import Job, Record, TimeJob
from scaling.schema import UNFINISHED, FailureKind, LatencyRecord, TrainRecord

Outcome: TypeAlias = FailureKind | Literal["disturbed"] | None
"""How a job ended; None is a success, and so is `disturbed`, a timing that other work on the machine has disturbed."""


@dataclass
class Outcomes:
    """How the jobs of a results folder ended: the latest record of each decides, and a success always wins.

    A training counts wherever it was done; a timing only for the place (device and backend) where it was taken.
    """

    _by_job: dict[tuple[str, str], Outcome] = field(default_factory=dict)

    @classmethod
    def read(cls, results: ResultsFolder) -> Outcomes:
        """Reads both files of a folder record by record, and keeps one entry a job."""
        outcomes = cls()
        for record in chain(results.summaries(), results.latency.scan()):
            if not isinstance(record, Skipped):
                outcomes.add(record)
        return outcomes

    def add(self, record: Record) -> None:
        """Takes in the next record."""
        if isinstance(record, TrainRecord):
            key = (record.trial_id, "")
        else:
            key = (record.request.id, record.environment.place)
        if supersedes(record.ok, before_ok=self._by_job.get(key, "none") in (None, "disturbed")):
            self._by_job[key] = record.failure.kind if record.failure else _success(record)

    def settled(self, job: Job, place: str, policy: RetryPolicy) -> bool:
        """Whether a job has a record that the policy leaves alone."""
        key = _key(job, place)
        return key in self._by_job and policy.settles(self._by_job[key])

    def failed(self, jobs: Iterable[Job], place: str) -> Counter[FailureKind]:
        """Number of jobs whose latest record is a failure, by its kind; interrupted and preempted ones are not."""
        kinds = (self._by_job.get(_key(job, place)) for job in jobs)
        return Counter(kind for kind in kinds if kind is not None and kind != "disturbed" and kind not in UNFINISHED)


def _success(record: Record) -> Literal["disturbed"] | None:
    return "disturbed" if isinstance(record, LatencyRecord) and record.disturbed else None


def _key(job: Job, place: str) -> tuple[str, str]:
    return job.id, place if isinstance(job, TimeJob) else ""


def missing(jobs: Iterable[Job], outcomes: Outcomes, place: str, policy: RetryPolicy) -> list[Job]:
    """The jobs that have no record yet, and those whose recorded failure is to be retried.

    Args:
        jobs: all jobs of the study.
        outcomes: what was recorded.
        place: device and backend of the workers.
        policy: which recorded failures are retried.
    """
    return [job for job in jobs if not outcomes.settled(job, place, policy)]
