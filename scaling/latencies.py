"""Timings by themselves: a study of nothing but networks to time, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from scaling import tables
from scaling.catalogue import variant
from scaling.generator.study import Study, check
from scaling.records import ResultsFolder

STUDY = "latency"
"""Its name and its folder's, under `results/`."""


def study_of(
    models: Sequence[str], phases: Sequence[str], batch_size: int, precision: str, max_seconds: float
) -> Study:
    """A study that times networks on pictures like ImageNet's.

    Args:
        models: names, as `resnet_rs_50@160`.
        phases: `training`, `inference` or both.
        batch_size: pictures a step.
        precision: of the arithmetic.
        max_seconds: for each timing.

    Raises:
        UserError: for a name that means no network, or one that cannot be built.
    """
    return check(
        {
            "study": STUDY,
            "question": "How long does a step take?",
            "dataset": {"name": "imagenet"},
            "grid": [variant(name).changed() for name in dict.fromkeys(models)],
            "across": {"epochs": 1},
            "latency": {
                "phases": list(phases),
                "batch_size": batch_size,
                "precision": precision,
                "max_seconds": max_seconds,
            },
        }
    )


def rows(study: Study, folder: Path) -> list[dict[str, Any]]:
    """One mapping a timing that the study asks for, on each device it was taken on, JSON values; the last of each."""
    asked = {request.id: request for request in study.timings}
    records, _ = ResultsFolder(folder).latency.read()
    last = {(one.request.id, one.environment.place): one for one in records if one.request.id in asked}
    return [
        {
            "model": one.request.variant.name,
            "phase": one.request.phase,
            "precision": one.request.precision,
            "device": one.environment.place,
            **one.model_dump(
                mode="json",
                include={"batch_size", "median_ms", "low_ms", "high_ms", "p10_ms", "p90_ms", "n", "converged"}
                | {"compiled", "devices", "peak_memory_gb"},
            ),
            "pictures_per_second": one.batch_size / one.median_ms * 1e3 if one.batch_size and one.median_ms else None,
            "failure": one.failure.message if one.failure else None,
        }
        for one in last.values()
    ]


def show(listed: Sequence[dict[str, Any]], console: Console) -> None:
    """The list of `rows` as a table; milliseconds a step, with the 95% interval of the median."""
    numbers = ("batch", "ms", "95%", "pictures/s")
    table = tables.table(("name", "phase", "precision", *numbers, "compiled", "device"), right=numbers)
    for row in listed:
        where = (row["compiled"] or "", row["device"])
        if row["failure"]:
            table.add_row(row["model"], row["phase"], row["precision"], "", "failed", "", "", *where)
            continue
        interval = f"{row['low_ms']:.4g} to {row['high_ms']:.4g}" + ("" if row["converged"] else " (wider than 3%)")
        pace = f"{row['pictures_per_second']:.4g}"
        batch, ms = str(row["batch_size"]), f"{row['median_ms']:.4g}"
        table.add_row(row["model"], row["phase"], row["precision"], batch, ms, interval, pace, *where)
    tables.print_whole(table, console)
