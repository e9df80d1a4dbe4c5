"""Commands that decide: figures, laws, comparisons and claims, from records or published numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling.cli import completing
from scaling.cli.common import RESULTS, AsJson, SeedNoise, input_errors, notes_told, print_json, progress, terminal

if TYPE_CHECKING:
    from rich.console import Console

    from scaling.reports.conclusion import Conclusion


def plot(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="The paper's figures; with RESULTS, behind or beside their points.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(help="Where the paper's figures go, in its figures/; default: results/published."),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(
            "--figure",
            metavar="NAMES",
            help="Only these, comma-separated, as in index.md: regimes, fronts.",
            autocompletion=completing.figures,
        ),
    ] = None,
    formats: Annotated[str, typer.Option("--format", help="Comma-separated: png, svg, pdf.")] = "png,svg",
    seed_noise: SeedNoise = None,
) -> None:
    """Draw what results can speak to. Every figure, with an index.md of what one may conclude."""
    from scaling.plots import draw_published, draw_study
    from scaling.reports.conclusion import conclude
    from scaling.results import records

    asked = formats.split(",")
    only: dict[str, Any] = {} if figures is None else {"figures": figures.split(",")}
    with input_errors():
        refuse_into(into, bool(results), published)
        if published and not results:
            for file in draw_published((into or RESULTS / "published") / "figures", asked, **only):
                typer.echo(file)
            return
        places = results or [RESULTS]
        folders = records.find(*places)
        if note := records.about_reference(places, folders):
            shipped = folders[0].path.parent
            raise records.ResultsError(
                f"{note}. Their figures are in {shipped}/*/figures/; to redraw those of one study, name its folder"
            )
        for folder in folders:
            said = conclude(folder, seed_noise)
            drawn = draw_study(
                folder,
                asked,
                said.asked,
                published,
                seed_noise=seed_noise,
                lead=said.sentences,
                question=said.question,
                **only,
            )
            tell_answer(said, terminal())
            typer.echo(f"{folder.name}: {drawn.trained} trials drawn, {drawn.failed} failed")
            for note in drawn.notes:
                typer.echo(f"  {note}")
            for file in drawn.files:
                typer.echo(f"  {file}")


def tell_answer(said: "Conclusion", console: "Console") -> None:
    """The answer to a study's question, and the figure that shows it, on a terminal."""
    shown = f" (figure: {said.answer.figure})" if said.answer.figure else ""
    told = f"{said.answer.question} {said.answer.words}{shown}".strip()
    console.print(f"{said.study}: {told}", highlight=False, markup=False, soft_wrap=True)


def answers_told(results: list[Path] | None, seed_noise: float | None, shown: bool) -> list[dict[str, Any]]:
    """What each results folder answers, as JSON values; told on the terminal where that is wanted."""
    from scaling.interface.deciding import answers

    answered = answers(results, seed_noise)
    for said in answered if shown else ():
        tell_answer(said, terminal())
    return [said.as_json() for said in answered]


def refuse_into(into: Path | None, results: bool, published: bool) -> None:
    """A study's figures go beside its records, so `--into` is for published ones alone."""
    from scaling.errors import UserError

    if into is not None and (results or not published):
        raise UserError("--into is for --published alone; a study's figures go into its own figures/")


def report(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file. Default: report.html, in the study's folder if there is one."),
    ] = None,
    seed_noise: SeedNoise = None,
) -> None:
    """Write one HTML page of results. Question, figures, every trial, and how to repeat it; needs no network."""
    from scaling.interface import deciding
    from scaling.results import records

    with input_errors(), notes_told():
        places = results or [RESULTS]
        if note := records.about_reference(places, records.find(*places)):
            if output is None:
                raise records.ResultsError(f"{note}. To have a page of them, name them, or a file with --output")
            typer.echo(f"note: {note}", err=True)
        typer.echo(deciding.report(places, output, seed_noise=seed_noise))


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
        str | None,
        typer.Option(
            metavar="MODEL|ON=VALUE",
            help="Rank factors there, as resnet_rs_50@160, else in the middle; or give the error there, as macs=4e9.",
        ),
    ] = None,
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Fit laws to error, and rank the factors. Power law, floor or break; which factor pays most; with intervals."""
    from scaling.interface import deciding
    from scaling.reports import fit as report

    with input_errors(), notes_told():
        point, place = report.place_of(at, on)
        fitted = deciding.fit(
            results,
            on,
            published=table or (),
            between=report.range_of(between),
            at=place,
            rank_at=point,
            seed_noise=seed_noise,
        )
        answers = [] if table else answers_told(results, seed_noise, shown=not as_json)
    if as_json:
        print_json(report.as_json(fitted.fits, place) | {"answers": answers})
    else:
        report.show(fitted.fits, terminal(), place)


def compare(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option("--published", metavar="TABLE", help="A published table as well, as table7.")
    ] = None,
    cost: Annotated[str, typer.Option(help="training_ms, inference_ms, macs, params, ...")] = "training_ms",
    by: Annotated[str, typer.Option(help="What groups differ in: family, study, epochs, ...")] = "family",
    device: Annotated[str | None, typer.Option(help="Only what was timed on it; part of its name will do.")] = None,
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Compare families at equal accuracy. How much less one costs, with intervals, and where they cross."""
    from scaling.interface import deciding
    from scaling.reports import compare as report

    with input_errors(), notes_told():
        compared = deciding.compare(results, by, cost, published=table or (), device=device, seed_noise=seed_noise)
        answers = [] if table else answers_told(results, seed_noise, shown=not as_json)
    if as_json:
        print_json(report.as_json(compared.parts) | {"answers": answers})
    else:
        report.show(compared.parts, terminal())


def claims(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Your own; else the paper's published numbers.")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Tell why a claim is not addressed.")] = False,
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Replay what the paper claims. On its published numbers, or on your own results: holds, fails or undecided."""
    from scaling.interface import deciding
    from scaling.reports import claims as report

    with input_errors(), notes_told(), progress(shown=not as_json) as tracked:
        replayed = deciding.claims(
            results or None, seed_noise=seed_noise, track=lambda claims: tracked(claims, "claims", len(claims))
        )
    if as_json:
        print_json(report.as_json(replayed.parts))
    else:
        report.show(replayed.parts, terminal(), reasons)
