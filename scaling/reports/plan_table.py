"""The table of a plan: what varies between the trials of a study, what they cost, and which of them are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from rich.console import Console

from scaling.generator import initial_weights
from scaling.generator.budget import Basis
from scaling.generator.study import Study
from scaling.reports import tables
from scaling.results.columns import of_variant
from scaling.schema import Recipe, Trial, Variant
from scaling.wording import engineering

_NONE = "-"

RANDOM = "random"
"""Of what a training begins with where no weights are named."""

NAMED = ("family", "depth", "width", "resolution", "epochs", "seed")
"""Axes that are named above the table where all trials share them."""

TEXTS = ("options", "init", "family", "stem", "schedule", "optimizer", "blocks")
"""Axes whose values are texts; those that need it most are cut short first."""

SHORT = {"resolution": "px", "label_smoothing": "label\nsmooth", "stochastic_depth": "stoch.\ndepth"}
"""Headings of axes whose names are much wider than their values."""

MOST_SEEDS = 12
"""Characters that the seeds of a setting may take; of more seeds only their number is told."""

MOST_OF_A_PATH = 32
"""Characters that the path of first weights may take in a table of settings."""

Values: TypeAlias = Mapping[str, str]
"""Everything that a study may vary, as it is written, by axis."""


class _Varying(NamedTuple):
    """What differs between the trials.

    Attributes:
        values: of each trial, by its id.
        axes: those that vary, in their order.
        suggested: ids of trials that a search trains next.
    """

    values: Mapping[str, Values]
    axes: Sequence[str]
    suggested: set[str]


def show_trials(study: Study, trials: Sequence[dict[str, Any]], console: Console, by: Basis, wide: bool) -> None:
    """What all trials share, and a row for each setting with its seeds, what varies and what one training costs.

    Args:
        study: whose trials they are.
        trials: as `scaling.reports.plan.rows` gives them.
        console: to print on.
        by: what time and money are reckoned by.
        wide: a row for each trial, with its id and all that it costs.
    """
    varying = _varying(study)
    first = varying.values[study.trials[0].id]
    shared = [f"{axis} {first[axis]}" for axis in NAMED if axis not in varying.axes]
    console.print("all trials: " + ", ".join(shared), highlight=False)
    if wide:
        tables.print_whole(_by_trial(trials, varying, by), console)
    else:
        _print_settings(trials, varying, by, console)


def _varying(study: Study) -> _Varying:
    first_weights = _first_weights(study)
    values = {trial.id: _values(trial) | {"init": first_weights(trial)} for trial in study.trials}
    axes = [axis for axis in values[study.trials[0].id] if axis != "blocks"]
    varied = [axis for axis in axes if _varies(axis, values.values())]
    if _tells_apart("blocks", varied, values.values()):
        varied.append("blocks")
    return _Varying(values, varied, {trial.id for trial in study.suggested})


def _varies(axis: str, values: Collection[Values]) -> bool:
    """Whether there is a choice of it; what a family has no choice of varies nothing, and its own options do."""
    within = defaultdict(set)
    for each in values:
        within[each["family"]].add(each[axis])
    if axis == "options" or any(len(held) > 1 for held in within.values()):
        return len(set().union(*within.values())) > 1
    return len(set().union(*within.values()) - {_NONE}) > 1


def _tells_apart(axis: str, axes: Sequence[str], values: Collection[Values]) -> bool:
    """Whether settings that agree in these axes differ in another one."""
    alike = defaultdict(set)
    for each in values:
        alike[tuple(each[name] for name in axes)].add(each[axis])
    return any(len(held) > 1 for held in alike.values())


def _first_weights(study: Study) -> Callable[[Trial], str]:
    """What trials begin with, as the study file names it; looked for once a network."""
    names: dict[tuple[str, Variant], str] = {}

    def name(trial: Trial) -> str:
        if trial.init is None:
            return RANDOM
        held = trial.init, trial.variant
        if held not in names:
            names[held] = initial_weights.text_of(study.file, trial) or trial.init
        return names[held]

    return name


def _by_trial(trials: Sequence[dict[str, Any]], varying: _Varying, by: Basis) -> tables.Table:
    costs = _costs(by)
    headings = list(map(_heading, varying.axes))
    table = tables.table(("trial", *headings, *costs, "done"), right=(*_numbers(varying.axes), *costs))
    for trial in trials:
        table.add_row(
            trial["id"],
            *(varying.values[trial["id"]][axis] for axis in varying.axes),
            *(write(trial[name]) for name, write in costs.values()),
            _done([trial], varying.suggested),
        )
    return table


def _print_settings(trials: Sequence[dict[str, Any]], varying: _Varying, by: Basis, console: Console) -> None:
    """A line a setting; where they do not fit, costs that follow from the sizes are left out first."""
    axes = [axis for axis in varying.axes if axis != "seed"]
    has_seeds = "seed" in varying.axes
    each = "\neach" if has_seeds else ""
    costs = {name: of for name, of in _costs(by).items() if name not in ("acts", "train MACs")}
    money_and_time = {"time", "$"}
    cost_headings = [f"{name}{each}" if name in money_and_time else name for name in costs]
    headings = [*map(_heading, axes), *(["seeds"] if has_seeds else [])]
    table = tables.table((*headings, *cost_headings, "done"), right=(*_numbers(axes), "seeds", *cost_headings))
    for seeds in _settings(trials, varying.values, axes):
        first = seeds[0]
        table.add_row(
            *(_shown(axis, varying.values[first["id"]][axis]) for axis in axes),
            *([joined([trial["seed"] for trial in seeds])] if has_seeds else []),
            *(write(first[name]) for name, write in costs.values()),
            _done(seeds, varying.suggested),
        )
    further = [_heading(axis) for axis in reversed(axes) if axis not in (*NAMED, "init")]
    texts = [_heading(axis) for axis in TEXTS if axis in axes]
    tables.print_narrow(table, console, spare=("GB", "params", "MACs", *further), short=texts)


def _shown(axis: str, value: str) -> str:
    """A value in a table of settings; paths are the only long ones."""
    return tables.shortened(value, MOST_OF_A_PATH) if axis == "init" else value


def _settings(
    trials: Sequence[dict[str, Any]], values: Mapping[str, Values], axes: Sequence[str]
) -> list[list[dict[str, Any]]]:
    """The trials of each setting, in the order in which it comes first."""
    settings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for trial in trials:
        settings.setdefault(tuple(values[trial["id"]][axis] for axis in axes), []).append(trial)
    return list(settings.values())


def joined(seeds: Sequence[int]) -> str:
    """`0-4`, `0,2-3`; of many that do not follow each other, how many there are."""
    ordered = sorted(seeds)
    ends = [place for place, (seed, following) in enumerate(pairwise(ordered), start=1) if following != seed + 1]
    stretches = [ordered[start:end] for start, end in pairwise([0, *ends, len(ordered)])]
    text = ",".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else f"{part[0]}" for part in stretches)
    return text if len(text) <= MOST_SEEDS else f"{len(ordered)} seeds"


def _done(seeds: Sequence[dict[str, Any]], suggested: set[str]) -> str:
    """How many of a setting's trials are done; of a single one whether it is."""
    if any(trial["id"] in suggested for trial in seeds):
        return "next"
    done, failed = (sum(trial[name] for trial in seeds) for name in ("done", "failed"))
    if len(seeds) > 1:
        return f"{done}/{len(seeds)}" + (f", {failed} failed" if failed else "")
    return "yes" if done else "failed" if failed else ""


def _costs(by: Basis) -> dict[str, tuple[str, Callable[[float], str]]]:
    """Heading to name and writer of each column of what a trial costs; no money where nobody knows the price."""
    columns: dict[str, tuple[str, Callable[[float], str]]] = {
        "params": ("params", engineering),
        "MACs": ("macs", engineering),
        "acts": ("activations", engineering),
        "GB": ("memory_gb", tables.gigabytes),
        "train MACs": ("train_macs", engineering),
        "time": ("hours", tables.time),
    }
    return columns | ({"$": ("cost", tables.money)} if by.accelerator.dollars_per_hour else {})


def _heading(axis: str) -> str:
    return SHORT.get(axis) or axis.replace("_", "\n")


def _numbers(axes: Sequence[str]) -> list[str]:
    """Headings of those that are no texts."""
    return [_heading(axis) for axis in axes if axis not in TEXTS]


def _values(trial: Trial) -> dict[str, str]:
    fields = {name: value for name, value in of_variant(trial.variant).items() if name != "code"}
    fields |= {name: getattr(trial.recipe, name) for name in Recipe.model_fields}
    fields |= {"init": trial.init or RANDOM, "seed": trial.seed}
    return {name: _written(value) for name, value in fields.items()}


def _written(value: object) -> str:
    if value is None:
        return _NONE
    return f"{value:g}" if type(value) in (int, float) else str(value)
