"""Which trained weights stay on disk: all of them, none, or those of the networks on a front."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal, TypeAlias

from scaling.datasets import dataset_info
from scaling.errors import UserError
from scaling.generator.sizes import size
from scaling.models import trained
from scaling.results.columns import METRICS
from scaling.results.records import ResultsFolder, Skipped
from scaling.runner import storage
from scaling.runner.jobs import Record, TrainJob
from scaling.schema import TrainRecord, Trial

Keep: TypeAlias = Literal["best", "all", "none"]

COSTS = ("params", "macs", *(name for name, column in METRICS.items() if column.phase))
"""A network is kept that is on the front of accuracy and any of these: its size, or what was measured of its steps."""

FEWEST = 16
"""Files that are always let stand until the end: the fronts are looked for seldom."""


class Keeper:
    """Deletes the weights of networks that are on no front, now and then while a study runs and at its end."""

    def __init__(self, results: ResultsFolder, keep: Keep, folder: str) -> None:
        """Begins.

        Args:
            results: with the records that say which networks are on a front.
            keep: what stays.
            folder: with the weights, or its URL.
        """
        self._results, self._keep, self._folder = results, keep, folder
        self._new, self._kept = 0, 0
        self._own: set[str] = set()
        self._stay: set[str] = set()
        self._fronts: Fronts | None = None

    def recorded(self, record: Record) -> None:
        """Looks after the folder when it has as many new files as were worth keeping before.

        Args:
            record: the folder's newest.
        """
        if self._keep != "best":
            return
        if self._fronts is not None:
            self._fronts.add(record)
        if isinstance(record, TrainRecord) and record.ok:
            self._own.add(record.trial_id)
            self._new += 1
            if self._new >= max(FEWEST, self._kept):
                self.tidy()

    def tidy(self) -> None:
        """Deletes what is on no front, of what this run or one like it has written: `--keep all` holds for good."""
        if self._keep != "best" or not self._results.training.path.exists():
            return
        there = storage.names(self._folder, trained.SUFFIX)
        if not there:
            return
        self._fronts = self._fronts or Fronts.read(self._results)
        wanted = self._fronts.ids()
        for name in there:
            if name.removesuffix(trained.SUFFIX) not in wanted and self._may_go(name):
                storage.remove(f"{self._folder.rstrip('/')}/{name}")
        self._new, self._kept = 0, len(wanted)

    def _may_go(self, name: str) -> bool:
        if name.removesuffix(trained.SUFFIX) in self._own:
            return True
        if name in self._stay:
            return False
        if not (is_like_ours := self._is_like_ours(name)):
            self._stay.add(name)  # so that it is opened once, however often the folder is looked after
        return is_like_ours

    def _is_like_ours(self, name: str) -> bool:
        """Whether a file was written by a run like this one, which kept what was on a front."""
        path = f"{self._folder.rstrip('/')}/{name}"
        if storage.is_remote(path):
            return False
        try:
            about = trained.read_about(Path(path))
        except (ValueError, OSError):
            return False
        return about is not None and not about.stays


class Fronts:
    """The trials that no other beats in accuracy at no more of a cost, for one of `COSTS`; kept up record by record.

    Trials of one network that were trained at one place cost the same, so only the best of them can be on a front. No
    others are held, and the fronts are sought anew only after one of these or a timing has changed. So a record costs
    the same however many there are, and a search of the fronts as much as there are networks.
    """

    def __init__(self, results: ResultsFolder, records: Iterable[TrainRecord] = ()) -> None:
        """Begins.

        Args:
            results: whose timings count.
            records: of trainings, one for each trial.
        """
        self._results = results
        self._best: dict[tuple[Hashable, ...], list[TrainRecord]] = {}
        self._ids: frozenset[str] | None = None
        for record in records:
            self.add(record)

    @classmethod
    def read(cls, results: ResultsFolder) -> Fronts:
        """Of all records of a folder."""
        records = (record for record in results.summaries() if not isinstance(record, Skipped) and record.ok)
        return cls(results, {record.trial_id: record for record in records}.values())

    def add(self, record: Record) -> None:
        """Takes in the next record; a training that failed counts for nothing."""
        if not record.ok:
            return
        if not isinstance(record, TrainRecord):
            self._ids = None
            return
        if record.validation is None:
            return
        key = (record.trial.variant, record.trial.dataset, record.environment.place)
        best = self._best.setdefault(key, [])
        before = _top1(best[0]) if best else -1.0
        if (top1 := _top1(record)) >= before:
            best[:] = [*(best if top1 == before else ()), record]
            self._ids = None

    def ids(self) -> frozenset[str]:
        """Ids of the trials on a front."""
        if self._ids is None:
            self._ids = frozenset(self._sought())
        return self._ids

    def _sought(self) -> Iterator[str]:
        from scaling.analysis.pareto.front import front
        from scaling.results.frame import of_records

        frame = of_records(self._results, chain.from_iterable(self._best.values()))
        for cost in COSTS:
            if len(rows := frame[frame[cost].notna()]):
                yield from rows.loc[front(rows, "top1", cost), "trial_id"]


def _top1(record: TrainRecord) -> float:
    return record.validation.top1 if record.validation else -1.0


def megabytes(trial: Trial) -> float:
    """What a trial's weights take on disk, in 1e6 bytes: raw, and averaged where it averages."""
    params = size(trial.variant, dataset_info(trial.dataset.name)).params
    return params * 4e-6 * (2 if trial.recipe.ema_decay else 1)


def announced(todo: Iterable[TrainJob], keep: Keep, folder: str, limit_gb: float) -> str | None:
    """A line about what will be kept, and where; None where nothing is.

    Raises:
        UserError: where all are to be kept and cannot.
    """
    sizes: Sequence[float] = [megabytes(job.trial) for job in todo]
    if keep == "none" or not sizes:
        return None
    whole = sum(sizes)
    if keep == "all" and whole > limit_gb * 1000:
        raise UserError(
            f"--keep all: the weights of {len(sizes)} trials take {_amount(whole)}, beyond --weights-gb {limit_gb:g}; "
            "raise it, or keep the best"
        )
    where = Path(folder).name if not storage.is_remote(folder) else folder
    which = "all weights" if keep == "all" else "the weights of networks on a front"
    most = _amount(min(whole, limit_gb * 1000))
    return f"keep    {which}, in {where}/: {most} for {len(sizes)} trials at most (--keep, --weights-gb)"


def _amount(megabytes: float) -> str:
    return f"{megabytes / 1000:.3g} GB" if megabytes >= 1000 else f"{megabytes:.3g} MB"
