"""How far studies are: done, running, failed by kind, waiting, time left, and how to go on."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.console import Console

from scaling import driver, listing, tables
from scaling.driver import Driver
from scaling.generator import budget
from scaling.generator import study as studies
from scaling.generator.errors import StudyError
from scaling.generator.study import Study
from scaling.records import ResultsFolder, latest
from scaling.runner.missing import UNFINISHED
from scaling.schema import TrainRecord


def of(folder: ResultsFolder) -> dict[str, Any]:
    """One study's status, JSON values.

    Args:
        folder: with a study's records; its `study.yaml` says what is still to come.

    Returns:
        `study`, `folder`; numbers of trials `asked`, `done`, `running`, `unfinished` (interrupted, to be gone on with)
        and `waiting`; `failed`, a number for each kind; `timings`, number of good ones; `skipped`, lines that are no
        records; `driver`, who runs it now, or None; `seconds_left`, None where it is not known; `note`, why the study
        file could not be read, or None.

    Raises:
        scaling.records.ResultsError: if the records come from a newer version.
    """
    records, skipped = folder.training.read()
    timings, skipped_timings = folder.latency.read()
    by_id = latest(records, lambda record: record.trial_id)
    study, note = _study(folder)
    asked = _asked(study, by_id)
    counted = {trial_id: record for trial_id, record in by_id.items() if trial_id in asked}
    failed = Counter(record.failure.kind for record in counted.values() if record.failure)
    done = sum(record.ok for record in counted.values())
    unfinished = sum(failed.pop(kind, 0) for kind in UNFINISHED)
    now = _driver(folder)
    running = len({one.id for one in now.running} & asked) if now else 0
    to_come = _wanted(study, asked) - done - unfinished - sum(failed.values()) - running
    return {
        "study": study.name if study else folder.name,
        "folder": str(folder.path),
        "asked": _wanted(study, asked),
        "done": done,
        "running": running,
        "unfinished": unfinished,
        "waiting": max(0, to_come),
        "failed": dict(failed),
        "timings": sum(timing.ok for timing in timings),
        "skipped": [str(one) for one in (*skipped, *skipped_timings)],
        "driver": asdict(now) if now else None,
        "seconds_left": now.seconds_left if now else _seconds_left(study, by_id),
        "note": note,
    }


def _study(folder: ResultsFolder) -> tuple[Study | None, str | None]:
    try:
        return studies.load(str(folder.study_file)), None
    except StudyError as error:
        return None, str(error)


def _asked(study: Study | None, by_id: dict[str, TrainRecord]) -> set[str]:
    """Ids of the study's trials; of a search, and where there is no study file, those that were recorded."""
    if study is None or study.file.search is not None:
        return set(by_id)
    return {trial.id for trial in study.trials}


def _wanted(study: Study | None, asked: set[str]) -> int:
    return study.file.search.trials if study and study.file.search else len(asked)


def _driver(folder: ResultsFolder) -> Driver | None:
    found = driver.read(folder.path)
    return found if found and found.is_alive() else None


def _seconds_left(study: Study | None, by_id: dict[str, TrainRecord]) -> float | None:
    """By the pace of the study's own records; None where there are none, or nothing says what is left."""
    records = list(by_id.values())
    if study is None or study.file.search is not None or not any(record.ok for record in records):
        return None
    rows = listing.rows(study, {record.trial_id for record in records if record.ok}, budget.basis(None, records))
    return float(listing.totals(study, rows)["hours_left"]) * 3600


def show(status: dict[str, Any], console: Console) -> None:
    """The status of `of` in a few lines."""
    failed = sum(status["failed"].values())
    counts = [f"{status['done']} of {status['asked']} done"]
    counts += [f"{status[name]} {name}" for name in ("running", "unfinished", "waiting") if status[name]]
    counts += [f"{failed} failed"] if failed else []
    left = status["seconds_left"]
    if left and status["done"] < status["asked"] - failed:
        counts.append(f"about {tables.time(left / 3600)} left")
    console.print(f"[bold]{status['study']}[/bold]  {', '.join(counts)}", highlight=False)
    for line in (*_now(status), *_problems(status)):
        console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)


def _now(status: dict[str, Any]) -> list[str]:
    if status["driver"] is None:
        return []
    told = status["driver"]
    lines = [f"process {told['pid']} on {told['host']} runs:"]
    for job in told["running"]:
        where = "timing" if job["epochs"] is None else f"epoch {job['epochs_done']:.1f} of {job['epochs']}"
        lines.append(f"  {job['id']}  {where}, for {tables.time(job['seconds'] / 3600)}")
    return lines


def _problems(status: dict[str, Any]) -> list[str]:
    folder = status["folder"]
    lines = [f"{status['note']}: what is still to come is not known"] if status["note"] else []
    lines += [f"not a record: {line}" for line in status["skipped"]]
    for kind, number in sorted(status["failed"].items()):
        lines.append(f"{number} {kind}: scaling run {folder}/study.yaml --retry failed:{kind}")
    if status["driver"] is None and (status["unfinished"] or status["waiting"]):
        lines.append(f"go on with: scaling run {folder}/study.yaml")
    return lines
