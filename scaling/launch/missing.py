"""What a results folder still lacks of a study."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from scaling.records import UNFINISHED, ResultsFolder
from scaling.runner.jobs import Job, Record


def missing(jobs: Iterable[Job], results: ResultsFolder, place: str, retry: Collection[str] = ()) -> list[Job]:
    """The jobs that have no record yet, and those that failed in a way to be retried.

    Args:
        jobs: all of the study.
        results: what was recorded.
        place: device and backend; a timing counts as done where it was made here, a training wherever it was made.
        retry: kinds of failure to try again; `"any"` means all.
    """
    trainings, _ = results.training.read()
    timings, _ = results.latency.read()
    settled = {record.trial_id for record in trainings if _is_settled(record, retry)}
    settled |= {
        record.request.id for record in timings if record.environment.place == place and _is_settled(record, retry)
    }
    return [job for job in jobs if job.id not in settled]


def _is_settled(record: Record, retry: Collection[str]) -> bool:
    kind = record.failure and record.failure.kind
    return kind is None or not ("any" in retry or kind in retry or kind in UNFINISHED)
