"""Timings by themselves: a study of nothing but networks to time, and what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from rich.console import Console

from scaling.generator.study import Study, check
from scaling.models.names import name_of
from scaling.reports import tables
from scaling.reports.catalogue import variant
from scaling.results.columns import timed
from scaling.results.records import ResultsFolder, latest
from scaling.schema import LatencyRecord
from scaling.wording import measured

DIMENSIONS = ("depth", "width", "resolution")

CONDITIONS = ("precision", "batch", "by", "device")
"""Headings of what a time depends on besides the network and the phase."""

MARKS = {"~": "the interval is wider than 3%", "!": "disturbed by other work on this machine"}
"""Of a doubtful timing, and what each says."""

STUDY = "latency"
"""Its name and its folder's, under `results/`."""

QUESTION = "How long does a step take?"
"""Of a study that is nothing but timings."""


def study_of(
    models: Sequence[str],
    phases: Sequence[str],
    batch_size: int,
    precision: str,
    max_seconds: float,
    runtimes: Sequence[str] = ("keras",),
) -> Study:
    """A study that times networks on images like ImageNet's.

    Args:
        models: names, as `resnet_rs_50@160`.
        phases: `training`, `inference` or both.
        batch_size: images a step.
        precision: of the arithmetic.
        max_seconds: for each timing.
        runtimes: that inference is timed with.

    Raises:
        UserError: for a name that means no network, or one that cannot be built.
    """
    return check(
        {
            "study": STUDY,
            "question": QUESTION,
            "dataset": {"name": "imagenet"},
            "grid": [variant(name).changed() for name in dict.fromkeys(models)],
            "across": {"epochs": 1},
            "latency": {
                "phases": list(phases),
                "batch_size": batch_size,
                "precision": precision,
                "max_seconds": max_seconds,
                "runtimes": list(runtimes),
            },
        }
    )


def is_only_timings(study: Study) -> bool:
    """Whether it is a study of `study_of`, whose networks nobody asked to train."""
    return study.name == STUDY and study.file.question == QUESTION


def rows(study: Study, folder: Path) -> list[dict[str, Any]]:
    """One mapping a timing that the study asks for, on each device it was taken on, JSON values; the last of each."""
    asked = {request.id: request for request in study.timings}
    records, _ = ResultsFolder(folder).latency.read()
    last = {(record.request.id, record.environment.place): record for record in records if record.request.id in asked}
    return [
        {
            "model": name_of(record.request.variant),
            "phase": record.request.phase,
            "runtime": record.request.runtime,
            "precision": record.request.precision,
            "device": record.environment.place,
            **record.model_dump(
                mode="json",
                include={"batch_size", "median_ms", "low_ms", "high_ms", "p10_ms", "p90_ms", "n", "converged"}
                | {"compiled", "devices", "peak_memory_gb", "disturbed", "load", "blocks_ms"}
                | {"joules", "joules_low", "joules_high"},
            ),
            "images_per_second": record.batch_size / record.median_ms * 1e3
            if record.batch_size and record.median_ms
            else None,
            "failure": record.failure.message if record.failure else None,
        }
        for record in last.values()
    ]


def show(listed: Sequence[dict[str, Any]], console: Console, wide: bool = False) -> None:
    """The list of `rows` as a table; milliseconds a step, with the 95% interval of the median.

    What all timings share in `CONDITIONS` is said above it, once; `wide`: stands in each row.
    """
    table = _table(listed)
    if wide:
        tables.print_whole(table, console)
    else:
        _show_narrow(table, console)
    doubts = {mark for row in listed if not row["failure"] for mark in _marks(row)}
    for mark in MARKS:
        if mark in doubts:
            console.print(f"{mark} {MARKS[mark]}", highlight=False)


def _table(listed: Sequence[dict[str, Any]]) -> tables.Table:
    numbers = ("batch", "ms", "95%", "images/s")
    table = tables.table(("name", "phase", "ms", "95%", "", "images/s", *CONDITIONS), right=numbers)
    for row in listed:
        conditions = (row["precision"], str(row["batch_size"] or ""), row["compiled"] or row["runtime"], row["device"])
        if row["failure"]:
            table.add_row(row["model"], row["phase"], "failed", "", "", "", *conditions)
            continue
        ms, low, high = (measured(row[name]) for name in ("median_ms", "low_ms", "high_ms"))
        interval, pace = f"{low} to {high}", measured(row["images_per_second"])
        table.add_row(row["model"], row["phase"], ms, interval, "".join(_marks(row)), pace, *conditions)
    return table


def _marks(row: dict[str, Any]) -> list[str]:
    """Of `MARKS`, those that a timing has."""
    return [mark for mark, applies in zip(MARKS, (not row["converged"], row["disturbed"]), strict=True) if applies]


def _show_narrow(table: tables.Table, console: Console) -> None:
    cells = zip(*table.rows, strict=True)
    values = {name: set(column) - {""} for name, column in zip(table.columns, cells, strict=False)}
    shared = [name for name in CONDITIONS if len(values.get(name, ())) == 1]
    if shared:
        said = ", ".join(f"{name} {next(iter(values[name]))}" for name in shared)
        console.print(f"all timings: {said}", highlight=False, markup=False, soft_wrap=True)
    narrow = tables.without(table, *shared)
    tables.print_narrow(narrow, console, spare=("precision", "images/s", "batch"), short=("device", "name"))


def broken_orders(records: Iterable[LatencyRecord]) -> list[str]:
    """Sentences on networks that took longer than larger ones of their family: one of the two was timed wrongly.

    A network is larger than another if no dimension of it (depth, width, resolution) is smaller and one is larger, and
    all their other options agree. Only times of one device, phase, precision and batch size are compared, and only
    intervals that do not overlap count.

    Args:
        records: of timings; the last good one of each network counts.
    """
    good = latest((record for record in records if record.ok and record.low_ms), lambda record: _timed_as(record))
    groups: defaultdict[tuple[object, ...], list[LatencyRecord]] = defaultdict(list)
    for record in good.values():
        request = record.request
        others = request.variant.model_copy(update=dict.fromkeys(DIMENSIONS, 1))
        groups[others, timed(request), request.precision, record.batch_size, record.environment.place].append(record)
    return [
        f"{name_of(smaller.request.variant)} took {measured(smaller.median_ms or 0)} ms a "
        f"{smaller.request.phase} step, longer than the larger {name_of(larger.request.variant)} with "
        f"{measured(larger.median_ms or 0)} ms: time them again on a quiet machine"
        for alike in groups.values()
        for smaller, larger in permutations(alike, 2)
        if _is_larger(larger, smaller) and (smaller.low_ms or 0) > (larger.high_ms or 0)
    ]


def _timed_as(record: LatencyRecord) -> str:
    return f"{record.request.id} {record.environment.place}"


def _is_larger(record: LatencyRecord, other: LatencyRecord) -> bool:
    sizes = [[getattr(each.request.variant, name) for name in DIMENSIONS] for each in (record, other)]
    return sizes[0] != sizes[1] and all(size >= other_size for size, other_size in zip(*sizes, strict=True))
