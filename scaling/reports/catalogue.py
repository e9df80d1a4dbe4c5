"""What there is to run: studies, networks and data sets; for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.padding import Padding

from scaling.datasets import DATASETS, PATTERNS, dataset_info
from scaling.errors import UserError
from scaling.generator.budget import train_macs
from scaling.generator.sizes import size
from scaling.generator.study import Study
from scaling.models import cost
from scaling.models.names import parse
from scaling.reports import tables
from scaling.schema import Variant
from scaling.wording import engineering


def studies(loaded: Iterable[Study]) -> list[dict[str, Any]]:
    """One mapping a study: name, question, figure of the paper, number of trials, training MACs, cost by its file."""
    return [
        {
            "study": study.name,
            "question": study.file.question,
            "paper": study.file.paper,
            "trials": study.file.search.trials if study.file.search else len(study.trials),
            "train_macs": None if study.file.search else _train_macs(study),
            "cost": study.file.cost,
        }
        for study in loaded
    ]


def _train_macs(study: Study) -> int:
    info = dataset_info(study.file.dataset.name)
    return sum(train_macs(trial, size(trial.variant, info)) for trial in study.trials)


def show_studies(listed: Iterable[dict[str, Any]], console: Console) -> None:
    """Each of `studies` in a paragraph: its name and size, its question, what it cost."""
    for row in listed:
        macs = "" if row["train_macs"] is None else f", {engineering(row['train_macs'])} training MACs"
        paper = f"  ({row['paper']})" if row["paper"] else ""
        console.print(f"[bold]{row['study']}[/bold]{paper}  {row['trials']} trials{macs}", highlight=False)
        for line in filter(None, (row["question"], row["cost"])):
            console.print(Padding(line, (0, 0, 0, 4)), highlight=False)


def networks(names: Iterable[str], classes: int, channels: int) -> list[dict[str, Any]]:
    """One mapping a network: name as given, the variant, params, MACs and activations of one image.

    Raises:
        UserError: for a name that means no network, or one that cannot be built.
    """
    return [_network(name, classes, channels) for name in names]


def variant(name: str) -> Variant:
    """The network that a name means.

    Raises:
        UserError: if it means none.
    """
    try:
        return parse(name)
    except ValueError as error:
        raise UserError(str(error)) from None


def _network(name: str, classes: int, channels: int) -> dict[str, Any]:
    try:
        network = parse(name)
        counted = cost(network, channels=channels, classes=classes)
    except ValueError as error:
        raise UserError(str(error)) from None
    return {"name": name, **network.model_dump(mode="json", exclude_none=True), **asdict(counted)}


def show_networks(listed: Iterable[dict[str, Any]], console: Console) -> None:
    """The list of `networks` as a table."""
    numbers = ("depth", "width", "px", "params", "MACs", "acts")
    table = tables.table(("name", *numbers), right=numbers)
    for row in listed:
        sizes = (f"{row['params']:,}", *(engineering(row[name]) for name in ("macs", "activations")))
        table.add_row(row["name"], *(f"{row[name]:g}" for name in ("depth", "width", "resolution")), *sizes)
    tables.print_narrow(table, console, short=("name",))


def datasets(locations: dict[str, str | None]) -> list[dict[str, Any]]:
    """One mapping a data set: name, title, images, classes, and the folder it is in, None where it is not here.

    Those that are patterns of names come last; of them only name and title are known.
    """
    known_ones = [
        {
            "name": known.name,
            "title": known.title,
            "train": known.train,
            "test": known.test,
            "classes": known.classes,
            "size": known.size,
            "folder": locations[known.name],
        }
        for known in DATASETS.values()
    ]
    unknown = dict.fromkeys(("train", "test", "classes", "size", "folder"))
    return known_ones + [{"name": pattern, "title": title, **unknown} for pattern, title in PATTERNS.items()]


def show_datasets(listed: Iterable[dict[str, Any]], console: Console, wide: bool = False) -> None:
    """The list of `datasets` as a table, and below it what patterns of names there are; `wide`: with all titles."""
    numbers = ("train", "test", "classes", "px")
    table = tables.table(("name", "title", *numbers, "where"), right=numbers)
    patterns = []
    for row in listed:
        if row["name"] in PATTERNS:
            patterns.append(row)
            continue
        where = "not on this machine" if row["folder"] is None else row["folder"] or "made when needed"
        table.add_row(row["name"], row["title"], *(str(row[name]) for name in (*numbers[:-1], "size")), where)
    if wide:
        tables.print_whole(table, console)
    else:
        tables.print_narrow(tables.without(table, "title"), console, short=("where",))
    console.print("others are named by a pattern:", highlight=False)
    for row in patterns:
        console.print(f"  {row['name']}", highlight=False, markup=False)
        console.print(Padding(row["title"], (0, 0, 0, 4)), highlight=False, markup=False)
