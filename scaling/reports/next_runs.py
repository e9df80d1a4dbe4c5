"""The runs to do next, on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from scaling.analysis.decide.next_runs import NextRun
from scaling.generator.budget import Basis
from scaling.generator.study import Study
from scaling.reports import tables
from scaling.wording import counted


def as_json(
    study: Study, runs: Sequence[NextRun], reason: str, basis: Basis, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """`study`, `question`, `reason` why there are none, `hours` and `dollars` of all, the `runs`, and `notes`."""
    hours = sum(run.seconds for run in runs) / 3600
    return {
        "study": study.name,
        "question": study.question.text,
        "reason": reason,
        "hours": hours,
        "dollars": hours * basis.accelerator.dollars_per_hour or None,
        "runs": [asdict(run) for run in runs],
        "notes": list(notes),
    }


def sentence(study: Study, runs: Sequence[NextRun], reason: str, basis: Basis) -> str:
    """How many trainings, and what they take; or why there are none."""
    if not runs:
        why = reason or "no training that is left would change the answer, or fits into these hours"
        return f"{study.name}: nothing to run next: {why}"
    told = as_json(study, runs, reason, basis)
    money = f", ${tables.money(told['dollars'])}" if told["dollars"] else ""
    return (
        f"{study.name}: {counted(len(runs), 'training')} would decide most, {tables.time(told['hours'])} on "
        f"{basis.accelerator.name}{money}"
    )


def show(
    study: Study,
    runs: Sequence[NextRun],
    reason: str,
    basis: Basis,
    notes: Sequence[str],
    console: Console,
    going_on: str,
    wide: bool = False,
) -> None:
    """A sentence with the command that goes on so, then a line a run, and why each; then notes.

    Args:
        study, runs, reason, basis: as of `sentence`.
        console: where to.
        going_on: a command that trains these runs, or more seeds where none is left; empty where there is none.
        wide: with the trial's id.
        notes: what a reader has to know beside.
    """
    going = f"; `{going_on}` goes on with them." if runs else f". `{going_on}` trains more seeds." if going_on else ""
    said = sentence(study, runs, reason, basis) + going
    console.print(said, highlight=False, markup=False, soft_wrap=True)
    if runs:
        _show_runs(runs, console, wide)
    for note in notes:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def _show_runs(runs: Sequence[NextRun], console: Console, wide: bool) -> None:
    table = tables.table(("trial", "what", "time", "why"), right=("time",))
    for run in runs:
        table.add_row(run.trial_id, run.name, tables.time(run.seconds / 3600), run.why)
    if wide:
        tables.print_whole(table, console)
    else:
        tables.print_narrow(tables.without(table, "trial"), console, wrapped="why")
