"""How far studies are: done, running, failed by kind, waiting, time left, and how to go on.

The generator is loaded where there is a study file for it to read: it takes longer than all else that is done here.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling.errors import listed
from scaling.reports import tables
from scaling.results import lock
from scaling.results.lock import Driver
from scaling.results.records import ResultsFolder, Skipped, supersedes
from scaling.schema import TRANSIENT, UNFINISHED, FailureKind
from scaling.wording import counted

PACE_RECORDS = 1000
"""The last records of a study, whose pace is taken for what is left."""

if TYPE_CHECKING:
    from scaling.generator.study import Study


def of(folder: ResultsFolder) -> dict[str, Any]:
    """One study's status, JSON values.

    Args:
        folder: with a study's records; its `study.yaml` says what is still to come.

    Returns:
        `study`, `folder`; numbers of trials `asked`, `done`, `running`, `unfinished` (interrupted, to be continued) and
        `waiting`; `failed`, a number for each kind; `timings` and `disturbed`, numbers of good and of disturbed ones;
        `left_out`, a mapping for each network that limits on times leave out; `skipped`, lines that are no records;
        `driver`, who runs it now, or None; `seconds_left`, None where it is not known; `note`, why the study file could
        not be read, or None; `begun`, whether anything is recorded; `only_timings`, whether nothing is to be trained.

    Raises:
        scaling.results.records.ResultsError: if the records come from a newer version.
    """
    outcomes, skipped = _outcomes(folder)
    timings, disturbed, skipped_timings = _timings(folder)
    trained = {trial_id for trial_id, kind in outcomes.items() if kind is None}
    study, note = _study(folder, trained)
    only_timings = not outcomes and _is_only_timings(study)
    asked = set() if only_timings else _asked(study, outcomes)
    ended = Counter(kind for trial_id, kind in outcomes.items() if trial_id in asked)
    done = ended.pop(None, 0)
    unfinished = sum(ended.pop(kind, 0) for kind in UNFINISHED)
    now = _driver(folder)
    running = len({job.id for job in now.running} & asked) if now else 0
    wanted = len(asked) if only_timings else _wanted(study, asked)
    left = wanted - done
    to_come = left - unfinished - ended.total() - running
    return {
        "study": study.name if study else folder.name,
        "folder": str(folder.path),
        "asked": wanted,
        "done": done,
        "running": running,
        "unfinished": unfinished,
        "waiting": max(0, to_come),
        "failed": dict(ended),
        "timings": timings,
        "disturbed": disturbed,
        "left_out": _left_out(study),
        "skipped": listed(map(str, skipped + skipped_timings)),
        "begun": folder.exists(),
        "driver": asdict(now) if now else None,
        "seconds_left": now.seconds_left if now else _seconds_left(study, folder, trained) if left else 0.0,
        "note": note,
        "only_timings": only_timings,
    }


def _outcomes(folder: ResultsFolder) -> tuple[dict[str, FailureKind | None], list[Skipped]]:
    """How each trial ended, None for well, and the lines that are no records.

    Only what is counted is read of each record, and nothing else is kept: a million take less than 300 MB.
    """
    outcomes: dict[str, FailureKind | None] = {}
    skipped: list[Skipped] = []
    for outcome in folder.outcomes():
        if isinstance(outcome, Skipped):
            skipped.append(outcome)
        elif supersedes(outcome.ok, outcomes.get(outcome.trial_id, "none yet") is None):
            outcomes[outcome.trial_id] = outcome.failure.kind if outcome.failure else None
    return outcomes, skipped


def _timings(folder: ResultsFolder) -> tuple[int, int, list[Skipped]]:
    """Numbers of good timings and of networks whose last timing was disturbed; the lines that are no records."""
    good, skipped = 0, []
    disturbed: dict[tuple[str, str], bool] = {}
    for record in folder.latency.scan():
        if isinstance(record, Skipped):
            skipped.append(record)
        elif record.ok:
            good += 1
            disturbed[record.request.id, record.environment.place] = bool(record.disturbed)
    return good, sum(disturbed.values()), skipped


def _study(folder: ResultsFolder, done: set[str]) -> tuple[Study | None, str | None]:
    """The study without what its limits on times leave out; and why it could not be read, if it could not."""
    if not folder.study_file.is_file():
        return None, f"{folder.study_file}: no such file"

    from scaling.generator import study as studies
    from scaling.generator.errors import StudyError

    try:
        study = studies.load(str(folder.study_file))
    except StudyError as error:
        return None, str(error)
    return (_without_left_out(study, folder, done) if study.file.constraints else study), None


def _without_left_out(study: Study, folder: ResultsFolder, done: set[str]) -> Study:
    from scaling.generator.recorded import infeasible
    from scaling.generator.time_limits import TimeLimits, without_left_out

    if study.file.search is None:
        return without_left_out(study, TimeLimits.read(study, folder), done)
    if not study.file.constraints or not study.file.constraints.times:
        return study
    beyond = infeasible(study, folder)
    return replace(study, left_out=tuple(network.left_out for network in beyond))


def _left_out(study: Study | None) -> list[dict[str, Any]]:
    if study is None or not study.left_out:
        return []

    from scaling.reports.plan import left_out_rows

    return left_out_rows(study)


def _asked(study: Study | None, recorded: Iterable[str]) -> set[str]:
    """Ids of the study's trials; of a search, and where there is no study file, those that were recorded."""
    if study is None or study.file.search is not None:
        return set(recorded)
    return {trial.id for trial in study.trials}


def _is_only_timings(study: Study | None) -> bool:
    """Whether it is what `scaling latency --model` leaves."""
    if study is None:
        return False

    from scaling.reports import latencies

    return latencies.is_only_timings(study)


def _wanted(study: Study | None, asked: set[str]) -> int:
    """How many trials there are to be; no more of a search that has ended at its limits on times."""
    if study is None or study.file.search is None:
        return len(asked)
    if not study.left_out:
        return study.file.search.trials

    from scaling.generator.recorded import is_given_up

    return len(asked) if is_given_up(len(asked), len(study.left_out)) else study.file.search.trials


def _driver(folder: ResultsFolder) -> Driver | None:
    told = lock.read(folder.path)
    return told if told and told.is_alive() else None


def _seconds_left(study: Study | None, folder: ResultsFolder, done: set[str]) -> float | None:
    """By the pace of the study's own records; None where there are none, or nothing says what is left."""
    if study is None or study.file.search is not None or not done:
        return None

    from scaling.generator import budget
    from scaling.reports import plan as plans

    rows = plans.rows(study, done, budget.basis(None, folder.training.last(PACE_RECORDS)))
    return float(plans.totals(study, rows)["hours_left"]) * 3600


def counts(status: dict[str, Any]) -> str:
    """The status of `of` in a line: how many trials are how far."""
    if status["only_timings"]:
        return f"{counted(status['timings'], 'timing')}, nothing to train"
    failed = sum(status["failed"].values())
    told = [f"{status['done']} of {status['asked']} done"]
    told += [f"{status[name]} {name}" for name in ("running", "unfinished", "waiting") if status[name]]
    told += [f"{failed} failed"] if failed else []
    if left_out := status["left_out"]:
        told.append(f"{len(left_out)} network{'s' if len(left_out) > 1 else ''} left out")
    left = status["seconds_left"]
    if left and status["done"] < status["asked"] - failed:
        told.append(f"about {tables.time(left / 3600)} left")
    return ", ".join(told)


def details(status: dict[str, Any]) -> list[str]:
    """What runs now, what is wrong, and how to go on, line by line."""
    return [*_now(status), *_problems(status)]


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
    command = run_command(Path(status["folder"]), "latency" if status["only_timings"] else "run")
    lines = [] if status["begun"] or status["only_timings"] else ["no trial is recorded yet"]
    lines += [f"{status['note']}: what is still to come is not known"] if status["note"] else []
    lines += [f"not a record: {line}" for line in status["skipped"]]
    lines += listed(f"{each['model']} left out by {each['reason']}" for each in status["left_out"])
    for kind, number in sorted(status["failed"].items()):
        if kind in TRANSIENT:
            lines.append(f"{number} {kind}, retried by the next run: {command}")
        else:
            lines.append(f"{number} {kind}, retried by: {command} --retry failed:{kind}")
    if status["disturbed"]:
        were = "timing was" if status["disturbed"] == 1 else "timings were"
        again = "it" if status["disturbed"] == 1 else "them"
        lines.append(f"{status['disturbed']} {were} disturbed; to take {again} again: {command} --retry disturbed")
    if status["driver"] is None and (status["unfinished"] or status["waiting"]):
        lines.append(f"continue with: {command}")
    return lines


def run_command(folder: Path, name: str = "run") -> str:
    """The command that continues the study of a results folder; its overrides are in the folder's `study.yaml`."""
    return shlex.join(["scaling", name, str(folder / "study.yaml"), "--results", str(folder.parent)])
