"""The command line: parse, call, print. The training stack is imported only inside the commands that train or time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from scaling.runner.execution import Compile

if TYPE_CHECKING:
    import pandas as pd

    from scaling.generator.budget import Basis
    from scaling.generator.study import Study

app = typer.Typer(
    name="scaling",
    help="Should a vision model grow in depth, width, resolution or training time? Ask your own data and accelerator.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
data_app = typer.Typer(help="Data sets: what there is, and fetching one.", no_args_is_help=True)
app.add_typer(data_app, name="data")
import_app = typer.Typer(help="Results that others published, as a results folder.", no_args_is_help=True)
app.add_typer(import_app, name="import")

RESULTS = Path("results")
INPUT_IS_WRONG, SOME_FAILED, INTERRUPTED = 2, 1, 130

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="A name under studies/ (see `scaling studies`) or a path.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override a value, as recipe.epochs=10. Repeatable."),
]
ResultsDir = Annotated[Path, typer.Option("--results", help="Folder that holds a folder for each study.")]
Accelerator = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="ACCELERATOR",
        help="Reckon time and money for it: cpu, a100-40, h100, v100, tpuv3-8, rtx-3090, or one of accelerators.yaml "
        "(next to the study or in ~/.config/scaling/). Default: what its records were made on, else this cpu.",
    ),
]
MaxHours = Annotated[float | None, typer.Option(min=0, help="Refuse (exit 2) when more hours than this are left.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="Refuse (exit 2) when more dollars than this are left.")]
Engine = Literal["local", "ray"]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]


def main() -> None:
    """Entry point: mistakes in the input become a message and exit code 2, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@contextmanager
def _input_errors() -> Iterator[None]:
    """What the user can mend is said in a message with exit code 2; so is a full or vanished disk."""
    from scaling.errors import UserError

    try:
        yield
    except BrokenPipeError:
        raise  # `| head` has read enough
    except (UserError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(INPUT_IS_WRONG) from None


@app.command()
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
    """List a study's trials with size, memory, time and money, and what is done already."""
    from scaling import listing

    with _input_errors():
        planned, trials, by = _planned(study, overrides, results, on)
        if explain is not None:
            _explain(planned, explain, as_json)
            return
    if as_json:
        _print_json(listing.as_json(planned, trials, by))
    else:
        listing.show_plan(planned, trials, Console(), by)
    _stop_beyond(planned, trials, by, max_hours, max_cost)


def _planned(
    name: str, overrides: list[str] | None, results: Path, on: str | None
) -> tuple[Study, list[dict[str, Any]], Basis]:
    """A study with its trials so far, what each of them needs, and what that is reckoned by."""
    from scaling import listing
    from scaling.generator import budget
    from scaling.generator import study as studies
    from scaling.records import ResultsFolder

    planned = studies.load(name, overrides or ())
    folder = ResultsFolder(results / planned.name)
    records, _ = folder.training.read()
    if planned.file.search is not None:
        from scaling.generator import search

        planned = search.study_so_far(planned, folder)
    by = budget.basis(on, records, studies.find(name).parent)
    return planned, listing.rows(planned, {record.trial_id for record in records if record.ok}, by), by


def _stop_beyond(
    planned: Study, trials: list[dict[str, Any]], by: Basis, max_hours: float | None, max_cost: float | None
) -> None:
    """Exit code 2 where what is left to do is over a cap."""
    from scaling import listing

    if max_cost is not None and not by.accelerator.dollars_per_hour:
        name = by.accelerator.name
        typer.echo(f"note: {name} has no price, so --max-cost stops nothing; give one in accelerators.yaml", err=True)
    if reasons := listing.beyond(planned, trials, by, max_hours, max_cost):
        typer.echo("error: " + "; ".join(reasons), err=True)
        raise typer.Exit(INPUT_IS_WRONG)


def _explain(planned: Study, trial_id: str, as_json: bool) -> None:
    from scaling import listing
    from scaling.generator.study import find_trial, provenance

    trial = find_trial(planned, trial_id)
    origins = provenance(planned, trial.id)
    if as_json:
        _print_json({"study": planned.name, "trial": trial.id, "recipe": listing.explanation(origins)})
    else:
        listing.show_explanation(trial.id, origins, Console())


@app.command()
def run(
    study: StudyName,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default="one for each accelerator; on a CPU, one",
            help="Worker processes; on a CPU they share its cores.",
        ),
    ] = None,
    devices: Annotated[
        str | None,
        typer.Option(
            metavar="gpu:0,gpu:1|cpu|tpu",
            show_default="all accelerators, else the CPU",
            help="Devices the workers share; one that gets several splits each batch.",
        ),
    ] = None,
    compile_: Annotated[
        Compile, typer.Option("--compile", help="Plain graph or XLA; auto times both where that pays.")
    ] = "auto",
    engine: Annotated[Engine, typer.Option(help="Where workers run: on this machine, or on a Ray cluster.")] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|ray://...",
            show_default="a Ray of its own, on this machine",
            help="The Ray cluster.",
        ),
    ] = None,
    resources: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=NUMBER,...",
            show_default="GPU=1 or TPU=1 where there are some, and a share of the CPUs",
            help="What each worker asks of Ray.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Train at most so many trials now.")] = None,
    retry: Annotated[
        str | None, typer.Option(metavar="failed[:KIND]", help="Also run again what failed, or what failed so.")
    ] = None,
    retries: Annotated[
        int, typer.Option(min=0, help="Try again so often, from its checkpoint, what crashes, hangs or is preempted.")
    ] = 2,
    timeout: Annotated[
        float,
        typer.Option(min=1, metavar="SECONDS", help="Replace a worker that tells of no progress for so long."),
    ] = 1800.0,
    checkpoints: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="For checkpoints, or a URL as gs://...; default: beside the records."),
    ] = None,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="Write a checkpoint so often; at most so much training is ever lost.")
    ] = 60.0,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write each epoch's numbers for TensorBoard, into logs/.")
    ] = False,
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Also send each epoch's numbers to the MLflow of MLFLOW_TRACKING_URI.")
    ] = False,
    on: Accelerator = None,
    max_hours: MaxHours = None,
    max_cost: MaxCost = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
) -> None:
    """Train and time what a study is still missing. Stop and start it at will: what is finished is never run again."""
    from scaling import session
    from scaling.generator import study as studies
    from scaling.runner.floor import Patience

    console = Console()
    with _input_errors():
        planned = studies.load(study, overrides or ())
        if max_hours is not None or max_cost is not None:
            _stop_beyond(*_planned(study, overrides, results, on), max_hours, max_cost)
        options = session.Options(
            workers=workers,
            devices=devices,
            compile=compile_,
            engine=engine,
            address=address,
            resources=resources,
            limit=limit,
            patience=Patience(retries, timeout, session.retried_kinds(retry)),
            checkpoints=checkpoints,
            checkpoint_seconds=checkpoint_seconds,
            trackers=(*(("tensorboard",) if tensorboard else ()), *(("mlflow",) if mlflow else ())),
        )
        folder = results / planned.name
        try:
            tally = session.run(planned, folder, options, console)
            stopped = tally.stopped is not None
        except KeyboardInterrupt:
            stopped = True
        if stopped:
            console.print("interrupted; what was finished is recorded, the same command goes on from there")
            raise typer.Exit(INTERRUPTED)
    console.print(
        f"{planned.name}: {tally.finished - tally.failed} finished, {tally.failed} failed; records in {folder}"
    )
    if tally.failed:
        console.print(f"try the failed ones again with: scaling run {study} --retry failed")
        raise typer.Exit(SOME_FAILED)


@app.command()
def status(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS]...", help="Study folders, or folders of them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how far studies are: done, running, failed by kind, time left, and how to go on."""
    from scaling import records
    from scaling import status as statuses

    with _input_errors():
        folders = records.find(*(results or [RESULTS]))
        listed = [statuses.of(folder) for folder in folders if results or not folder.is_reference]
    if as_json:
        _print_json(listed)
    else:
        console = Console()
        for one in listed:
            statuses.show(one, console)
        if not listed:
            console.print(f"no study has been run into {RESULTS}/ yet")


@app.command()
def doctor(results: ResultsDir = RESULTS, as_json: AsJson = False) -> None:
    """Find out what this machine can do: device, versions, data, disk, and a step of training."""
    from dataclasses import asdict

    from scaling.runner import doctor as doctors

    colors, console = {"ok": "green", "note": "yellow", "problem": "red"}, Console(stderr=as_json)
    found = []
    for finding in doctors.examine(results):
        found.append(finding)
        console.print(f"[{colors[finding.state]}]{finding.state:8}[/]{finding.about}:", end=" ", highlight=False)
        console.print(finding.found, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        _print_json([asdict(finding) for finding in found])
    if any(finding.state == "problem" for finding in found):
        raise typer.Exit(SOME_FAILED)


@app.command()
def plot(
    results: Annotated[list[Path], typer.Argument(metavar="RESULTS...", help="Study folders, or folders of them.")],
    formats: Annotated[str, typer.Option("--format", help="Comma-separated: png, svg, pdf.")] = "png,svg",
) -> None:
    """Draw accuracy against latency, multiply-accumulates and parameters, into each study's figures/."""
    from scaling import records, session
    from scaling.plots import draw_study

    with _input_errors():
        for folder in records.find(*results):
            drawn = draw_study(folder, formats.split(","), session.asked_for(folder))
            typer.echo(f"{folder.name}: {drawn.trained} trials drawn, {drawn.failed} failed")
            for note in drawn.notes:
                typer.echo(f"  {note}")
            for file in drawn.files:
                typer.echo(f"  {file}")


@app.command()
def fit(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option("--published", metavar="TABLE", help="A published table as well, as fig2.")
    ] = None,
    on: Annotated[str, typer.Option(help="macs, training_ms, inference_ms, params or epochs.")] = "macs",
    between: Annotated[
        str | None, typer.Option(metavar="LOW:HIGH", help="Only settings with ON in this range.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Rank factors there, as resnet_rs_50@160; else in the middle.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit laws to error: a power law, with a floor, or broken; and which factor pays most, with intervals."""
    from scaling.analysis.fits import fit_all
    from scaling.reports import fit as report

    with _input_errors():
        fits = fit_all(_results(results, table), on, report.range_of(between), report.point_of(at))
    if as_json:
        _print_json(report.as_json(fits))
    else:
        report.show(fits, Console())


@app.command()
def compare(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option("--published", metavar="TABLE", help="A published table as well, as table7.")
    ] = None,
    cost: Annotated[str, typer.Option(help="training_ms, inference_ms, macs, params, ...")] = "training_ms",
    by: Annotated[str, typer.Option(help="What tells the groups: family, study, epochs, ...")] = "family",
    device: Annotated[str | None, typer.Option(help="Only what was timed on it; part of its name will do.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how much less one family costs than another at equal accuracy, with intervals; crossovers included."""
    from scaling.analysis.compare import compare as compared
    from scaling.analysis.conditions import on_device
    from scaling.analysis.seeds import collapse_seeds
    from scaling.reports import compare as report

    with _input_errors():
        frame = _results(results, table)
        frame = frame if device is None else on_device(frame, cost, device)
        found = compared(collapse_seeds(frame), cost, by)
    if as_json:
        _print_json(report.as_json(found))
    else:
        report.show(found, Console())


@app.command()
def claims(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Your own; else the paper's published numbers.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the paper's claims on its published numbers, or on your own results: holds, fails or undecided."""
    from scaling.analysis.claims import replay
    from scaling.frame import load_results
    from scaling.reports import claims as report

    with _input_errors():
        replayed = replay(load_results(*results) if results else None)
    if as_json:
        _print_json(report.as_json(replayed))
    else:
        report.show(replayed, Console())


def _results(paths: list[Path] | None, published_tables: list[str] | None) -> pd.DataFrame:
    """Measured results and published tables in one frame; those in results/ where nothing is named."""
    import pandas as pd

    from scaling import published
    from scaling.frame import load_results

    frames = [published.load(name) for name in published_tables or ()]
    if paths or not frames:
        frames.append(load_results(*(paths or ())))
    return pd.concat([frame.dropna(axis=1, how="all") for frame in frames], ignore_index=True)


@import_app.command("timm")
def import_timm(
    accuracies: Annotated[Path, typer.Argument(metavar="RESULTS.csv", exists=True, dir_okay=False)],
    speeds: Annotated[list[Path], typer.Argument(metavar="BENCHMARK.csv...", exists=True, dir_okay=False)],
    into: Annotated[Path, typer.Option(help="Results folder to add to, as results/timm_rtx3090.")],
    device: Annotated[str | None, typer.Option(help="Instead of what the file names say.")] = None,
    precision: Annotated[str | None, typer.Option(help="Likewise: amp, float32, float16, bfloat16.")] = None,
) -> None:
    """Turn timm's published accuracies and benchmarks of ResNet-RS and EfficientNet into a results folder."""
    from scaling.importing import timm

    with _input_errors():
        done = timm.import_timm(accuracies, speeds, into, device, precision)
    for note in done.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{done.folder}: {done.accuracies} accuracies and {done.timings} timings added, {done.known} known")


@app.command("studies")
def list_studies(as_json: AsJson = False) -> None:
    """List the studies there are to run, each with its question, trials and cost."""
    from scaling import catalogue
    from scaling.generator import study as studies

    with _input_errors():
        listed = catalogue.studies(studies.load(str(path)) for path in studies.available().values())
    if as_json:
        _print_json(listed)
    else:
        catalogue.show_studies(listed, Console())


@app.command("models")
def list_models(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As resnet_rs_101x1.5@224, efficientnet_b3.")],
    classes: Annotated[int, typer.Option(min=1, help="Number of classes.")] = 1000,
    channels: Annotated[int, typer.Option(min=1, help="Channels of a picture.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Count networks by name: parameters, multiply-accumulates, activations."""
    from scaling import catalogue

    with _input_errors():
        listed = catalogue.networks(names, classes, channels)
    if as_json:
        _print_json(listed)
    else:
        catalogue.show_networks(listed, Console())


@data_app.command("list")
def list_data(as_json: AsJson = False) -> None:
    """List the data sets, and whether each is on this machine."""
    from scaling import catalogue
    from scaling.runner.data import sources

    listed = catalogue.datasets(sources.locations())
    if as_json:
        _print_json(listed)
    else:
        catalogue.show_datasets(listed, Console())


@data_app.command("fetch")
def fetch_data(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Bring a data set to this machine and check it."""
    from scaling.runner.data import sources

    with _input_errors():
        where = sources.fetch(name)
    typer.echo(f"{name}: complete and intact in {where}" if where else f"{name}: made when it is needed")


@data_app.command("check")
def check_data(
    name: Annotated[str, typer.Argument(metavar="DATASET")],
    resolution: Annotated[
        int | None, typer.Option(min=1, help="Pixels a side; default: the model's or data's.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures a batch.")] = 128,
    augment: Annotated[bool, typer.Option("--augment", help="With RandAugment, 2 layers of magnitude 10.")] = False,
    model: Annotated[str | None, typer.Option(help="Compare with its training step, as resnet_rs_50@224.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Measure each for so long.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Measure how fast pictures can be read, and say whether they or a model are the bottleneck."""
    from scaling import catalogue
    from scaling.runner.check import check
    from scaling.schema import Dataset, Recipe

    with _input_errors():
        variant = catalogue.variant(model) if model else None
        recipe = Recipe(epochs=1, batch_size=batch_size, randaugment_layers=2 * augment)
        checked = check(Dataset(name=name), variant, resolution, recipe, seconds)
    if as_json:
        _print_json(checked)
    else:
        catalogue.show_check(checked, Console())


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document))


if __name__ == "__main__":
    main()
