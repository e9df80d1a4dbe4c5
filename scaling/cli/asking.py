"""Commands that ask: what there is to run, what it needs, what a network costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaling.cli import completing
from scaling.cli.common import (
    RESULTS,
    Accelerator,
    AsJson,
    MaxCost,
    MaxHours,
    Overrides,
    ResultsDir,
    SeedNoise,
    StudyName,
    input_errors,
    print_json,
    terminal,
)
from scaling.cli.exit_codes import INPUT_IS_WRONG

if TYPE_CHECKING:
    from scaling.generator.study import Study
    from scaling.interface.asking import Plan


def plan(
    study: StudyName,
    explain: Annotated[
        str | None, typer.Option(metavar="TRIAL", help="Say where each value of this trial's recipe came from.")
    ] = None,
    on: Accelerator = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="First time a few training steps of its networks on this machine; plans without records go by them.",
        ),
    ] = False,
    max_hours: MaxHours = None,
    max_cost: MaxCost = None,
    seed_noise: SeedNoise = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
    wide: Annotated[
        bool, typer.Option("--wide", help="A line a trial, with its id and all columns, in more than 80 characters.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the trials of a study, and what each needs. Size, memory, time, money, and what is done already."""
    from scaling.interface import asking
    from scaling.reports import plan as plans

    with input_errors():
        asked, place = load(study, overrides, results)
        planned = asking.plan(asked, place, on, calibrate=calibrate, seed_noise=seed_noise)
        if explain is not None:
            _explain(planned.study, explain, as_json)
            return
        resolves = planned.resolves
    _warn_of_missing_images(planned.study.file.dataset.name)
    if as_json:
        print_json(plans.as_json(planned.study, planned.trials, planned.basis) | {"resolves": resolves})
    else:
        plans.show_plan(planned.study, planned.trials, terminal(), planned.basis, resolves, wide)
    stop_beyond(planned, max_hours, max_cost)


def _warn_of_missing_images(dataset: str) -> None:
    """Says what a run would be refused with, where the images are not on this machine."""
    from scaling.datasets import DataError
    from scaling.runner.data import sources

    try:
        sources.locate(dataset)
    except DataError as error:
        typer.echo(f"warning: a run would be refused: {error}", err=True)


def load(name: str, overrides: list[str] | None, results: Path, writes: bool = False) -> "tuple[Study, Path]":
    """A study, with what `--set` writes, and the folder that holds its results folder.

    A name that is of no study file means what was run into the results folder of that name. A file of the name that
    lies here is not read, which is said.

    Args:
        name: of a study, the path of a study file, or a results folder, whose records are those of its study.
        overrides: what `--set` writes.
        results: what `--results` says.
        writes: whether records will be written; not into a run that ships.
    """
    from scaling.generator import study as studies
    from scaling.results.records import REFERENCE

    here, ran = Path(f"{name}.yaml"), results / name
    ships = name in studies.available()
    was_run = not ships and not Path(name).is_dir() and (ran / "study.yaml").is_file()
    if here.is_file() and (ships or was_run):
        which = f"{name} that ships" if ships else f"that was run into {ran}"
        typer.echo(f"note: this is the study {which}; to use the file here, write {here}", err=True)
    loaded = studies.load(str(ran) if was_run else name, overrides or ())
    place = _place_of(loaded, Path(name)) if Path(name).is_dir() and results == RESULTS else results
    return loaded, results if writes and REFERENCE in place.parts and place != results else place


def _place_of(study: "Study", folder: Path) -> Path:
    """What holds a results folder, so that its own records are meant; `results/` where it is not named as its study."""
    whole = folder.resolve()
    parts = Path(study.name).parts
    if study.path is None or study.path.parent != folder or whole.parts[-len(parts) :] != parts:
        return RESULTS
    return (folder if folder.parts[-len(parts) :] == parts else whole).parents[len(parts) - 1]


def stop_beyond(planned: "Plan", max_hours: float | None, max_cost: float | None) -> None:
    """Exit code 2 where what is left to do is over a cap."""
    from scaling.reports import plan as plans

    by = planned.basis
    if max_cost is not None and not by.accelerator.dollars_per_hour:
        name = by.accelerator.name
        typer.echo(f"note: {name} has no price, so --max-cost stops nothing; give one in accelerators.yaml", err=True)
    if reasons := plans.beyond(planned.study, planned.trials, by, max_hours, max_cost):
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


def studies(
    study: Annotated[
        str | None,
        typer.Argument(metavar="[STUDY]", help="Show only this one, with its file.", autocompletion=completing.studies),
    ] = None,
    copy: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Write this study, or notebook, into the current folder, to be changed.",
            autocompletion=completing.copies,
        ),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of study files, for editors, and list nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the studies there are to run. Each with its question, its trials and what it costs; of one, its file."""
    if schema:
        from scaling.generator import file_schema

        typer.echo(file_schema.text(), nl=False)
        return
    from scaling.generator import study as studies
    from scaling.interface.copying import copy_here
    from scaling.reports import catalogue

    with input_errors():
        if copy is not None:
            written = copy_here(copy)
            typer.echo(written)
            if written.suffix == ".yaml":
                typer.echo(f"note: give it a name of its own in `study:`, then `scaling plan {written}`", err=True)
            return
        files = list(studies.available().values()) if study is None else [studies.find(study)]
        listed = catalogue.studies(studies.load(str(path), weights_are_here=False) for path in files)
    if as_json:
        print_json(listed)
        return
    catalogue.show_studies(listed, terminal())
    if study is not None:
        typer.echo(f"\n# {files[0]}\n{files[0].read_text(encoding='utf-8')}", nl=False)


def models(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="As resnet_rs_101x1.5@224, efficientnet_b3.",
            autocompletion=completing.models,
        ),
    ],
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
