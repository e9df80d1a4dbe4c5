"""Lists for people and for programs: a study's trials, the studies there are, the data sets."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scaling.datasets import DATASETS
from scaling.generator.study import Study
from scaling.models import Complexity, count, describe
from scaling.schema import Trial, Variant

TRAINING_PASSES = 3
"""Multiply-accumulates of a training step over those of a forward pass: backward computes two gradients."""


def train_macs(trial: Trial, complexity: Complexity) -> int:
    """Multiply-accumulates of the whole training, evaluation left out."""
    facts, dataset = DATASETS[trial.dataset.name], trial.dataset
    pictures = dataset.train_examples or facts.train - round(facts.train * dataset.validation_fraction)
    return TRAINING_PASSES * complexity.macs * pictures * trial.recipe.epochs


def complexities(study: Study) -> dict[Variant, Complexity]:
    """What each variant of a study costs."""
    facts = DATASETS[study.file.dataset.name]
    return {
        variant: count(describe(variant, channels=facts.channels, classes=facts.classes)) for variant in study.variants
    }


def rows(study: Study, done: Collection[str]) -> list[dict[str, Any]]:
    """One mapping a trial, JSON values, in the study's order.

    Args:
        study: what to list.
        done: ids of trials that were trained to success.
    """
    costs = complexities(study)
    return [
        {
            "id": trial.id,
            **trial.variant.model_dump(mode="json", include={"family", "depth", "width", "resolution"}),
            "epochs": trial.recipe.epochs,
            "seed": trial.seed,
            "params": costs[trial.variant].params,
            "macs": costs[trial.variant].macs,
            "activations": costs[trial.variant].activations,
            "train_macs": train_macs(trial, costs[trial.variant]),
            "recipe": trial.recipe.model_dump(mode="json"),
            "done": trial.id in done,
        }
        for trial in study.trials
    ]


def as_json(study: Study, trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The whole plan as one JSON document."""
    return {"study": study.name, "question": study.file.question, "trials": list(trials), "totals": _totals(trials)}


def _totals(trials: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {
        "trials": len(trials),
        "done": sum(trial["done"] for trial in trials),
        "train_macs": sum(trial["train_macs"] for trial in trials),
    }


def show_plan(study: Study, trials: Sequence[dict[str, Any]], console: Console) -> None:
    """The plan as a table, with its question and what all trials share above, and its totals below."""
    axes = ("family", "depth", "width", "resolution", "epochs", "seed")
    shared = [axis for axis in axes if len({trial[axis] for trial in trials}) == 1]
    varied = [axis for axis in axes if axis not in shared]
    console.print(f"[bold]{study.name}[/bold]: {study.file.question}", highlight=False)
    console.print("all trials: " + ", ".join(f"{axis} {trials[0][axis]}" for axis in shared), highlight=False)
    costs = {"params": "params", "macs": "MACs", "activations": "acts"}
    table = _table(("trial", *varied, *costs.values(), "done"), right=(*varied, *costs.values()))
    for trial in trials:
        table.add_row(
            trial["id"],
            *(str(trial[axis]) if axis == "family" else f"{trial[axis]:g}" for axis in varied),
            *(_engineering(trial[cost]) for cost in costs),
            "yes" if trial["done"] else "",
        )
    _print_whole(table, console)
    totals = _totals(trials)
    console.print(
        f"{totals['trials']} trials, {totals['done']} done; "
        f"{_engineering(totals['train_macs'])} multiply-accumulates to train them all",
        highlight=False,
    )


def studies(found: Iterable[Study]) -> list[dict[str, Any]]:
    """One mapping a study: name, question, figure of the paper, number of trials, training MACs, cost by its file."""
    return [
        {
            "study": study.name,
            "question": study.file.question,
            "paper": study.file.paper,
            "trials": len(study.trials),
            "train_macs": _totals(rows(study, ()))["train_macs"],
            "cost": study.file.cost,
        }
        for study in found
    ]


def show_studies(listed: Iterable[dict[str, Any]], console: Console) -> None:
    """The list of `studies` as a table."""
    table = _table(("study", "question", "paper", "trials", "training MACs", "cost"), right=("trials", "training MACs"))
    for row in listed:
        table.add_row(
            row["study"],
            row["question"],
            row["paper"] or "",
            str(row["trials"]),
            _engineering(row["train_macs"]),
            row["cost"] or "",
        )
    console.print(table)


def datasets(locations: dict[str, Path | None]) -> list[dict[str, Any]]:
    """One mapping a data set: name, title, pictures, classes, and the folder it is in, None where it is not here."""
    return [
        {
            "name": facts.name,
            "title": facts.title,
            "train": facts.train,
            "test": facts.test,
            "classes": facts.classes,
            "size": facts.size,
            "folder": None if (folder := locations[facts.name]) is None else str(folder),
        }
        for facts in DATASETS.values()
    ]


def show_datasets(listed: Iterable[dict[str, Any]], console: Console) -> None:
    """The list of `datasets` as a table."""
    table = _table(("name", "title", "train", "test", "classes", "size", "where"), right=("train", "test", "classes"))
    for row in listed:
        where = "not on this machine" if row["folder"] is None else row["folder"]
        table.add_row(
            row["name"],
            row["title"],
            str(row["train"]),
            str(row["test"]),
            str(row["classes"]),
            f"{row['size']} px",
            where,
        )
    console.print(table)


def _table(columns: Sequence[str], right: Collection[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for column in columns:
        whole = column in right or column in ("trial", "study", "name")
        table.add_column(column, justify="right" if column in right else "left", no_wrap=whole, overflow="fold")
    return table


def _print_whole(table: Table, console: Console) -> None:
    """At the table's own width, whatever the terminal's: a number cut short would be another number."""
    needed = console.measure(table, options=console.options.update(width=1000)).maximum
    Console(file=console.file, width=max(console.width, needed)).print(table)


@functools.cache
def _engineering(value: float) -> str:
    """Three digits and a unit: 684586 as `685k`."""
    for limit, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:g}"
