"""Commands for images, and for results from elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from scaling.cli import completing
from scaling.cli.common import AsJson, Wide, input_errors, only_our_words, print_json, progress, terminal


def show(wide: Wide = False, as_json: AsJson = False) -> None:
    """List the data sets, and whether each is on this machine."""
    from scaling.reports import catalogue
    from scaling.runner.data import sources

    listed = catalogue.datasets(sources.locations())
    if as_json:
        print_json(listed)
    else:
        catalogue.show_datasets(listed, terminal(), wide)


def fetch(name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=completing.datasets)]) -> None:
    """Bring a data set to this machine and check it."""
    only_our_words()
    from scaling.runner.data import sources

    with input_errors():
        where, is_verified = sources.fetch(name)
    if not where:
        typer.echo(f"{name}: made when it is needed")
    elif is_verified:
        typer.echo(f"{name}: complete and intact in {where}")
    else:
        typer.echo(f"{name}: found in {where}, and not read; `scaling data check {name}` reads it")


def check(
    name: Annotated[str, typer.Argument(metavar="DATASET", autocompletion=completing.datasets)],
    resolution: Annotated[
        int | None, typer.Option(min=1, help="Pixels a side; default: the model's or data's.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, show_default="128, or all training images", help="Images a batch.")
    ] = None,
    validation_fraction: Annotated[
        float | None,
        typer.Option(min=0, max=0.99, show_default="as a study that gives none", help="The part that is held out."),
    ] = None,
    look_into: Annotated[
        int, typer.Option(min=1, metavar="IMAGES", help="Images of a folder whose headers are read, at most.")
    ] = 20_000,
    augment: Annotated[bool, typer.Option("--augment", help="With RandAugment, 2 layers of magnitude 10.")] = False,
    model: Annotated[
        str | None,
        typer.Option(help="Compare with its training step, as resnet_rs_50@224.", autocompletion=completing.models),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0, help="Measure the pipeline, and the model, for so long; 0: not at all.")
    ] = 5,
    as_json: AsJson = False,
) -> None:
    """Look into a data set before training. What it holds, what is wrong, what it decides, and how fast it is read."""
    from scaling.reports import catalogue, data_check
    from scaling.runner import check as checks
    from scaling.schema import Recipe

    console = terminal()
    with input_errors():
        variant = catalogue.variant(model) if model else None
        dataset = checks.dataset_of(name, validation_fraction)
        with progress(shown=not as_json) as tracked:
            checked = checks.overview(dataset, look_into, tracked)
        side = checks.side_of(variant, resolution, checked["size"])
        if not as_json:
            data_check.show(checked, side, console)
        if seconds:
            only_our_words()
            batch = batch_size or max(1, min(128, checked["train"]))
            recipe = Recipe(epochs=1, batch_size=batch, randaugment_layers=2 * augment)
            measured = checks.speed(dataset, variant, resolution, recipe, seconds)
            checked |= measured
            if not as_json:
                data_check.show_speed(measured, console)
    if as_json:
        print_json(checked | {"resolves": data_check.resolves(checked)})


def import_timm(
    accuracies: Annotated[Path, typer.Argument(metavar="RESULTS.csv", exists=True, dir_okay=False)],
    speeds: Annotated[list[Path], typer.Argument(metavar="BENCHMARK.csv...", exists=True, dir_okay=False)],
    into: Annotated[Path, typer.Option(help="Results folder to add to, as results/timm_rtx3090.")],
    device: Annotated[str | None, typer.Option(help="Instead of what the file names say.")] = None,
    precision: Annotated[str | None, typer.Option(help="Likewise: amp, float32, float16, bfloat16.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="TAGS", help="Which weights first, as ra_in1k,aa_in1k, else the best; `best`: the best."),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this family: known here, or how timm's names begin. Repeatable."),
    ] = None,
) -> None:
    """Read timm's published accuracies and benchmarks. Of the families that are known here, into a results folder."""
    from scaling.importing import timm

    with input_errors():
        tags = timm.PUBLISHED_WEIGHTS if weights is None else () if weights == "best" else tuple(weights.split(","))
        done = timm.import_timm(accuracies, speeds, into, device, precision, tags, family or ())
    for note in done.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{done.folder}: {done.accuracies} accuracies and {done.timings} timings added, {done.known} known")
