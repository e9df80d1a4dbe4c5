"""Commands that ask: what there is to run, what it needs, what a network costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling.cli.common import (
    RESULTS,
    Accelerator,
    AsJson,
    MaxCost,
    MaxHours,
    Overrides,
    ResultsDir,
    StudyName,
    input_errors,
    print_json,
    terminal,
)
from scaling.cli.exit_codes import INPUT_IS_WRONG

if TYPE_CHECKING:
    from scaling.generator.budget import Basis
    from scaling.generator.study import Study


def plan(
    study: StudyName,
    explain: Annotated[
        str | None, typer.Option(metavar="TRIAL", help="Say where each value of this trial's recipe came from.")
    ] = None,
    on: Accelerator = None,
    max_hours: MaxHours = None,
    max_cost: MaxCost = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
    as_json: AsJson = False,
) -> None:
    """List a study's trials, and what each needs. Size, memory, time, money, and what is done already."""
    from scaling.reports import plan as plans

    with input_errors():
        planned, trials, by = planned_so_far(study, overrides, results, on)
        if explain is not None:
            _explain(planned, explain, as_json)
            return
    if as_json:
        print_json(plans.as_json(planned, trials, by) | {"resolves": resolves(planned, results, by)})
    else:
        plans.show_plan(planned, trials, terminal(), by, resolves(planned, results, by))
    stop_beyond(planned, trials, by, max_hours, max_cost)


def planned_so_far(
    name: str, overrides: list[str] | None, results: Path, on: str | None
) -> "tuple[Study, list[dict[str, Any]], Basis]":
    """A study with its trials so far, what each of them needs, and what that is reckoned by."""
    from scaling.generator import budget
    from scaling.generator import study as studies
    from scaling.reports import plan as plans
    from scaling.results.records import ResultsFolder

    planned = studies.load(name, overrides or ())
    folder = ResultsFolder(results / planned.name)
    records, _ = folder.training.read()
    if planned.file.search is not None:
        from scaling.generator import search

        planned = search.study_so_far(planned, folder)
    by = budget.basis(on, records, studies.find(name).parent)
    return planned, plans.rows(planned, {record.trial_id for record in records if record.ok}, by), by


def resolves(planned: "Study", results: Path, by: "Basis") -> str:
    """The smallest difference that a study would decide, in words; empty for a search, which follows what it finds."""
    if planned.file.search is not None:
        return ""
    import pandas as pd

    from scaling.analysis.decide.resolvable import resolvable, told
    from scaling.datasets import dataset_info
    from scaling.generator.candidates import with_candidates
    from scaling.results.frame import load_results
    from scaling.results.records import ResultsFolder

    folder, dataset = ResultsFolder(results / planned.name), planned.file.dataset
    recorded = load_results(folder.path) if folder.exists() else pd.DataFrame()
    images = dataset_info(dataset.name).validated(dataset.validation_fraction)
    with input_errors():
        return told(*resolvable(with_candidates(recorded, planned, folder, by), planned.question, images))


def stop_beyond(
    planned: "Study", trials: list[dict[str, Any]], by: "Basis", max_hours: float | None, max_cost: float | None
) -> None:
    """Exit code 2 where what is left to do is over a cap."""
    from scaling.reports import plan as plans

    if max_cost is not None and not by.accelerator.dollars_per_hour:
        name = by.accelerator.name
        typer.echo(f"note: {name} has no price, so --max-cost stops nothing; give one in accelerators.yaml", err=True)
    if reasons := plans.beyond(planned, trials, by, max_hours, max_cost):
        typer.echo("error: " + "; ".join(reasons), err=True)
        raise typer.Exit(INPUT_IS_WRONG)


def _explain(planned: "Study", trial_id: str, as_json: bool) -> None:
    from scaling.generator.study import find_trial, provenance
    from scaling.reports import plan as plans

    trial = find_trial(planned, trial_id)
    origins = provenance(planned, trial.id)
    if as_json:
        print_json({"study": planned.name, "trial": trial.id, "recipe": plans.explanation(origins)})
    else:
        plans.show_explanation(trial.id, origins, terminal())


def studies(as_json: AsJson = False) -> None:
    """List the studies there are to run. Each with its question, its trials and what it costs."""
    from scaling.generator import study as studies
    from scaling.reports import catalogue

    with input_errors():
        listed = catalogue.studies(
            studies.load(str(path), weights_are_here=False) for path in studies.available().values()
        )
    if as_json:
        print_json(listed)
    else:
        catalogue.show_studies(listed, terminal())


def models(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As resnet_rs_101x1.5@224, efficientnet_b3.")],
    classes: Annotated[int, typer.Option(min=1, help="Number of classes.")] = 1000,
    channels: Annotated[int, typer.Option(min=1, help="Channels of an image.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Count networks by name. Parameters, multiply-accumulates, activations."""
    from scaling.reports import catalogue

    with input_errors():
        listed = catalogue.networks(names, classes, channels)
    if as_json:
        print_json(listed)
    else:
        catalogue.show_networks(listed, terminal())
