"""A study's plan for people and for programs: its trials, what they need, what is done, where values came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from scaling.datasets import dataset_info
from scaling.generator.budget import Basis, basis
from scaling.generator.provenance import Origin
from scaling.generator.recorded import is_given_up
from scaling.generator.sizes import size
from scaling.generator.strategies import TOLERANCE, Scaled
from scaling.generator.study import Study
from scaling.generator.time_limits import told
from scaling.models import Complexity
from scaling.reports import tables
from scaling.reports.plan_table import show_trials
from scaling.schema import Variant
from scaling.wording import HARDLY, counted, engineering


def complexities(study: Study) -> dict[Variant, Complexity]:
    """What each variant of a study costs."""
    info = dataset_info(study.file.dataset.name)
    return {variant: size(variant, info) for variant in study.variants}


def rows(
    study: Study, done: Collection[str], by: Basis | None = None, failed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """One mapping a trial, JSON values, in the study's order.

    Args:
        study: what to list.
        done: ids of trials that were trained to success.
        by: what time and money are reckoned by; None: this machine's processor.
        failed: ids of trials that have failed, and that no run takes up again unless it is asked to.
    """
    costs = complexities(study)
    by = by or basis(None, ())
    return [
        {
            "id": (trial_id := trial.id),
            **trial.variant.model_dump(mode="json", include={"family", "depth", "width", "resolution"}),
            "epochs": trial.recipe.epochs,
            "seed": trial.seed,
            "init": trial.init,
            "params": costs[trial.variant].params,
            "macs": costs[trial.variant].macs,
            "activations": costs[trial.variant].activations,
            **asdict(by.estimate(trial, costs[trial.variant])),
            "recipe": trial.recipe.model_dump(mode="json"),
            "done": trial_id in done,
            "failed": trial_id in failed,
        }
        for trial in study.trials
    ]


def as_json(study: Study, trials: Sequence[dict[str, Any]], by: Basis | None = None) -> dict[str, Any]:
    """The whole plan as one JSON document; `by` as for `rows`."""
    return {
        "study": study.name,
        "question": study.file.question,
        "images": images(study),
        "trials": list(trials),
        "removed": [{"id": left_out.trial.id, "reason": left_out.reason} for left_out in study.removed],
        "left_out": left_out_rows(study),
        "scaled": [
            {
                "strategy": scaled.label,
                "model": scaled.variant.name,
                "metric": scaled.metric,
                "target": scaled.target,
                "achieved": scaled.achieved,
                "ratio": scaled.ratio,
                "near": scaled.hit,
                "same_as": same_as,
            }
            for scaled, same_as in _with_earlier(study.scaled)
        ],
        "search": _search(study),
        "reckoned_by": (by or basis(None, ())).as_json(),
        "totals": totals(study, trials),
    }


def images(study: Study) -> dict[str, Any]:
    """How many images a study trains on, validates on and tests on, JSON values."""
    dataset = study.file.dataset
    splits = dataset_info(dataset.name).splits(dataset.validation_fraction)
    return {
        "train": dataset.train_examples or splits.train,
        "validation": splits.validation,
        "test": splits.test,
        "validation_fraction": dataset.validation_fraction,
        "chosen": study.split_is_chosen,
    }


def left_out_rows(study: Study) -> list[dict[str, Any]]:
    """One mapping a network that limits on times leave out, JSON values."""
    return [
        {"model": each.variant.name, "trials": each.trials, "place": each.place, "reason": each.reason}
        for each in study.left_out
    ]


def _search(study: Study) -> dict[str, Any] | None:
    """How far a search is; None for other studies."""
    if study.file.search is None:
        return None
    return {
        "trials": study.file.search.trials,
        "recorded": len(study.trials) - len(study.suggested),
        "suggested": [trial.id for trial in study.suggested],
    }


def totals(study: Study, trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums over the trials of a study, `rows`.

    `hours_left` and `cost_left` are of the trials that are to be trained, those that a search has not suggested yet
    included, each at the mean of its `trials`.
    """
    trained = len(study.trials) - len(study.suggested)
    goes_on = study.file.search is not None and not is_given_up(trained, len(study.left_out))
    to_come = max(0, study.file.search.trials - len(trials)) if study.file.search and goes_on else 0
    left = [trial for trial in trials if not trial["done"] and not trial["failed"]]
    ended = {name: sum(trial[name] for trial in trials) for name in ("done", "failed")}
    summed: dict[str, Any] = {"trials": len(trials), **ended, "to_come": to_come}
    summed |= {name: sum(trial[name] for trial in trials) for name in ("train_macs", "hours", "cost")}
    summed["timings"] = len(study.timings)
    for name in ("hours", "cost"):
        mean = summed[name] / len(trials) if trials else 0.0
        summed[f"{name}_left"] = sum(trial[name] for trial in left) + to_come * mean
    return summed | {"max_memory_gb": max((trial["memory_gb"] for trial in trials), default=0.0)}


def in_all(summed: Mapping[str, Any], name: str) -> float:
    """A sum of `totals` with the trials that a search has not suggested yet, each at the mean of the others."""
    trials = summed["trials"]
    return float(summed[name] * (1 + summed["to_come"] / trials)) if trials else 0.0


def numbers(summed: Mapping[str, Any]) -> str:
    """How many trainings and timings there are, how many of them are done and how many a search has yet to suggest."""
    trainings = f"{counted(summed['trials'] + summed['to_come'], 'training')}, {summed['done']} done"
    if summed["failed"]:
        trainings += f", {summed['failed']} failed"
    timings = counted(summed["timings"], "timing")
    if not summed["to_come"]:
        return f"{trainings}, and {timings}"
    so_far = f", and {timings} of those that are known" if summed["timings"] else ""
    return f"{trainings}, {summed['to_come']} still to be suggested{so_far}"


def beyond(
    study: Study, trials: Sequence[dict[str, Any]], by: Basis, max_hours: float | None, max_cost: float | None
) -> list[str]:
    """What of a plan is over the caps on what is left to do; empty where nothing is."""
    summed, name = totals(study, trials), by.accelerator.name
    over = []
    if max_hours is not None and summed["hours_left"] > max_hours:
        over.append(f"about {summed['hours_left']:.3g} hours left on {name}, more than --max-hours {max_hours:g}")
    if max_cost is not None and summed["cost_left"] > max_cost:
        over.append(f"about {summed['cost_left']:.3g} dollars left on {name}, more than --max-cost {max_cost:g}")
    return over


def show_plan(
    study: Study,
    trials: Sequence[dict[str, Any]],
    console: Console,
    by: Basis | None = None,
    resolves: str = "",
    wide: bool = False,
) -> None:
    """The plan as a table, with its question, what it can resolve and what all trials share above; its totals below.

    Seeds of a setting stand on one line; `wide`: each trial has its own, with its id and all that it costs.
    """
    by = by or basis(None, ())
    first, *others = first_lines(study, resolves)
    _, colon, rest = first.partition(": ")
    console.print(Text.assemble((study.name, "bold"), colon, rest), soft_wrap=True)
    for line in (*others, *_image_lines(study)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if trials:
        show_trials(study, trials, console, by, wide)
    _show_scaled(study, console)
    _show_removed(study, console)
    for line in told(study):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    _show_totals(study, trials, by, console)


def first_lines(study: Study, resolves: str) -> tuple[str, ...]:
    """A study's question and what it can resolve of it; the latter first where that is hardly anything."""
    if resolves.startswith(HARDLY):
        return f"{study.name}: {resolves}", study.file.question
    return f"{study.name}: {study.file.question}", *([resolves] if resolves else [])


def _image_lines(study: Study) -> Iterator[str]:
    """How many images there are for what; of a validation fraction that was chosen, how to keep it."""
    counts = images(study)
    yield "images: {train:,} to train on, {validation:,} to validate on, {test:,} to test on".format(**counts)
    if not counts["validation_fraction"]:
        yield "  validation_fraction 0: the test images are validated on, so networks are chosen by them"
    if study.split_is_chosen:
        yield (
            f"  validation_fraction {counts['validation_fraction']:g} was chosen by the number of images, as the study "
            "gives none; write it into `dataset` if the folder may still grow"
        )


def _show_totals(study: Study, trials: Sequence[dict[str, Any]], by: Basis, console: Console) -> None:
    """The sums below a plan's table, what they rest on, and how far a search is."""
    summed, accelerator = totals(study, trials), by.accelerator
    money = (
        f", ${tables.money(summed['cost_left'])} of ${tables.money(in_all(summed, 'cost'))}"
        if accelerator.dollars_per_hour
        else ""
    )
    hours = tables.time(in_all(summed, "hours"))
    if search := _search(study):
        console.print(f"search: {search['recorded']} of {search['trials']} trials recorded", highlight=False)
    for line in (
        f"{numbers(summed)}; {'about ' if summed['to_come'] else ''}"
        f"{engineering(in_all(summed, 'train_macs'))} "
        "multiply-accumulates to train them all (3 x MACs x images x epochs)",
        f"left on {accelerator.name}: {tables.time(summed['hours_left'])} of {hours}{money}; "
        f"{tables.gigabytes(summed['max_memory_gb'])} GB at most, of {accelerator.memory_gb:g}",
        *(f"  {reason}" for reason in str(by).splitlines()),
        f"  {_how_far(by)}; your own prices go into accelerators.yaml",
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _how_far(by: Basis) -> str:
    """What the hours leave out, and how far to trust them."""
    if by.pace is None:
        return "a rough estimate, of training alone, on one whole device: start-up, compiling and timings come on top"
    return "of training alone: start-up, compiling and timings come on top"


def _show_scaled(study: Study, console: Console) -> None:
    """What each strategy made, and how close it came to its target; sizes that it does not reach are told below."""
    if not study.scaled:
        return
    numbers = ("wanted", "reached", "ratio")
    table = tables.table(("strategy", "model", "of", *numbers, ""), right=numbers)
    for scaled, same_as in _with_earlier(study.scaled):
        reached = (engineering(scaled.target), engineering(scaled.achieved), f"{scaled.ratio:.3f}")
        notes = [] if scaled.hit else ["nearest reachable"]
        notes += [] if same_as is None else [f"as for {engineering(same_as)}"]
        table.add_row(scaled.label, scaled.variant.name, scaled.metric, *reached, ", ".join(notes))
    tables.print_narrow(table, console, short=("model",))
    for line in _scaled_lines(study.scaled):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _scaled_lines(made: Sequence[Scaled]) -> Iterator[str]:
    """How many targets were missed, and how many gave a network that another target gave."""
    missed = sum(not scaled.hit for scaled in made)
    repeated = sum(same_as is not None for _, same_as in _with_earlier(made))
    if missed:
        is_missed = f"{missed} of {len(made)} targets {'is' if missed == 1 else 'are'} missed"
        yield (
            f"{is_missed} by more than {TOLERANCE:.0%}: the nearest size that the strategy reaches is trained instead"
        )
    if repeated:
        give = "gives" if repeated == 1 else "give"
        yield f"{repeated} of {len(made)} targets {give} the same network as another one, which is trained once"


def _with_earlier(made: Sequence[Scaled]) -> Iterator[tuple[Scaled, float | None]]:
    """What strategies made, each with the target for which its strategy has made the same network before."""
    before: dict[tuple[str, Variant], float] = {}
    for scaled in made:
        first = before.setdefault((scaled.label, scaled.variant), scaled.target)
        yield scaled, None if first == scaled.target else first


def _show_removed(study: Study, console: Console, most: int = 10) -> None:
    """Trials that constraints and slices left out, with the reason."""
    if study.removed:
        console.print(f"{len(study.removed)} trials left out:", highlight=False)
    for left_out in study.removed[:most]:
        console.print(f"  {left_out.trial.id}  {left_out.reason}", highlight=False, soft_wrap=True)
    if len(study.removed) > most:
        console.print(f"  ... and {len(study.removed) - most} more; --json has all", highlight=False)


def explanation(origins: Iterable[tuple[str, Any, Origin]]) -> list[dict[str, Any]]:
    """One mapping a recipe field, JSON values: what it is, and where that came from."""
    return [
        {
            "field": field,
            "value": value,
            "kind": origin.kind,
            "where": origin.where or None,
            "source": origin.source or None,
            "verified": origin.verified,
        }
        for field, value, origin in origins
    ]


def show_explanation(trial_id: str, origins: Iterable[tuple[str, Any, Origin]], console: Console) -> None:
    """Each value of a trial's recipe and where it came from, as a table."""
    console.print(f"[bold]{trial_id}[/bold]: its recipe, and where each value came from", highlight=False)
    table = tables.table(("name", "value", "from"), right=("value",))
    for field, value, origin in origins:
        table.add_row(field, f"{value:g}" if type(value) in (int, float) else str(value), str(origin))
    tables.print_narrow(table, console, wrapped="from")
