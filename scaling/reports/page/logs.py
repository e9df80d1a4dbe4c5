"""What a page needs of records that the frame does not have: learning curves, environments, doubtful timings."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass

from scaling.results.records import ResultsFolder, Skipped, latest, supersedes
from scaling.schema import Environment, LatencyRecord, TrainRecord

MOST_POINTS = 48
"""Of a curve: more cannot be told apart in the width of a cell."""

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Logs:
    """The records of one folder, read once.

    Attributes:
        curves: of each trial's last record, epoch and validation accuracy.
        environments: number of trainings and of timings that were made in each.
        timings: the last of each request at each place.
        images_skipped: number of trials that met images that could not be decoded.
        unread: lines whose histories cannot be read, though their results can.
    """

    curves: dict[str, Points]
    environments: tuple[tuple[Environment, int, int], ...]
    timings: tuple[LatencyRecord, ...]
    images_skipped: int
    unread: tuple[str, ...]


def read(folder: ResultsFolder) -> Logs:
    """Reads all records of a folder, and keeps of each training no more than its curve.

    Raises:
        scaling.results.records.ResultsError: if the records come from a newer version of this toolkit.
    """
    curves: dict[str, Points] = {}
    last: dict[str, tuple[bool, str, bool]] = {}
    environments = _Environments()
    unread = []
    for record in folder.training.scan():
        if isinstance(record, Skipped):
            unread.append(str(record))
        elif supersedes(record.ok, last.get(record.trial_id, (False,))[0]):
            curves[record.trial_id] = _curve(record)
            last[record.trial_id] = record.ok, environments.key(record.environment), bool(record.skipped)
    timings = _timings(folder)
    trained = Counter(key for _, key, _ in last.values())
    timed = Counter(environments.key(timing.environment) for timing in timings)
    counted = tuple((known, trained[key], timed[key]) for key, known in environments.known.items())
    return Logs(curves, counted, timings, sum(skipped for *_, skipped in last.values()), tuple(unread))


class _Environments:
    """Environments, each once, in the order in which they first appear."""

    def __init__(self) -> None:
        self.known: dict[str, Environment] = {}

    def key(self, environment: Environment) -> str:
        """The same text for the same environment."""
        text = sys.intern(environment.model_dump_json())
        self.known.setdefault(text, environment)
        return text


def _curve(record: TrainRecord) -> Points:
    """Of the weights whose accuracy is the trial's; thinned evenly, first and last epoch kept."""
    scores = [
        (epoch.epoch, (epoch.validation_ema if record.averages else epoch.validation_raw).top1)
        for epoch in record.history
    ]
    if len(scores) <= MOST_POINTS:
        return tuple(scores)
    step = (len(scores) - 1) / (MOST_POINTS - 1)
    return tuple(scores[round(place * step)] for place in range(MOST_POINTS))


def _timings(folder: ResultsFolder) -> tuple[LatencyRecord, ...]:
    records, _ = folder.latency.read()
    return tuple(latest(records, lambda record: f"{record.request.id} {record.environment.place}").values())
