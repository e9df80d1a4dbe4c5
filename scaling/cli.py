"""The command line: parse, call, print. The training stack is imported only inside the commands that train or time."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

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
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]


def main() -> None:
    """Entry point: mistakes in the input become a message and exit code 2, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@contextmanager
def _input_errors() -> Iterator[None]:
    """What the user can mend is said in a message with exit code 2."""
    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(INPUT_IS_WRONG) from None


@app.command()
def plan(study: StudyName, overrides: Overrides = None, results: ResultsDir = RESULTS, as_json: AsJson = False) -> None:
    """List a study's trials with their size, and what is done already."""
    from scaling import listing
    from scaling.generator import study as studies
    from scaling.records import ResultsFolder

    with _input_errors():
        planned = studies.load(study, overrides or ())
        trials = listing.rows(planned, ResultsFolder(results / planned.name).done())
    if as_json:
        _print_json(listing.as_json(planned, trials))
    else:
        listing.show_plan(planned, trials, Console())


@app.command()
def run(
    study: StudyName,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes; on a CPU they share its cores.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Train at most so many trials now.")] = None,
    retry: Annotated[
        str | None, typer.Option(metavar="failed[:KIND]", help="Also run again what failed, or what failed so.")
    ] = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
) -> None:
    """Train and time what a study is still missing. Stop and start it at will: what is finished is never run again."""
    from scaling import session
    from scaling.generator import study as studies

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    with _input_errors():
        planned = studies.load(study, overrides or ())
        kinds = session.retried_kinds(retry)
        folder = results / planned.name
        try:
            tally = session.run(planned, folder, workers, limit, kinds, console)
        except KeyboardInterrupt:
            console.print("interrupted; what was finished is recorded, the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
    console.print(
        f"{planned.name}: {tally.finished - tally.failed} finished, {tally.failed} failed; records in {folder}"
    )
    if tally.failed:
        console.print(f"try the failed ones again with: scaling run {study} --retry failed")
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


@app.command("studies")
def list_studies(as_json: AsJson = False) -> None:
    """List the studies there are to run, each with its question, trials and cost."""
    from scaling import listing
    from scaling.generator import study as studies

    with _input_errors():
        listed = listing.studies(studies.load(str(path)) for path in studies.available().values())
    if as_json:
        _print_json(listed)
    else:
        listing.show_studies(listed, Console())


@data_app.command("list")
def list_data(as_json: AsJson = False) -> None:
    """List the data sets, and whether each is on this machine."""
    from scaling import listing
    from scaling.runner import sources

    listed = listing.datasets(sources.locations())
    if as_json:
        _print_json(listed)
    else:
        listing.show_datasets(listed, Console())


@data_app.command("fetch")
def fetch_data(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Bring a data set to this machine and check it."""
    from scaling.runner import sources

    with _input_errors():
        folder = sources.fetch(name)
    typer.echo(f"{name}: complete and intact in {folder}" if folder != Path() else f"{name}: made when it is needed")


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document))


if __name__ == "__main__":
    main()
