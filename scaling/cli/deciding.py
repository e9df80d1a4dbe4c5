"""Commands that decide: figures, laws, comparisons and claims, from records or published numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaling.cli.common import RESULTS, AsJson, SeedNoise, input_errors, loaded, print_json, results_of, terminal

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
        typer.Option("--figure", metavar="NAMES", help="Only these, comma-separated, as in index.md: regimes, fronts."),
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
            raise records.ResultsError(f"{note}. Their figures are in {shipped}/*/figures/; to redraw them, name it")
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


def answers_of(results: list[Path] | None, seed_noise: float | None, shown: bool) -> "list[Conclusion]":
    """What each results folder answers, told on the terminal where that is wanted; none where nothing is recorded."""
    from scaling.reports.conclusion import conclude
    from scaling.results import records

    folders = records.find(*(results or [RESULTS])) if results or RESULTS.is_dir() else []
    answered = [conclude(folder, seed_noise) for folder in folders if folder.training.path.exists()]
    for said in answered if shown else ():
        tell_answer(said, terminal())
    return answered


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
    from scaling.reports.conclusion import conclude
    from scaling.reports.page.build import build
    from scaling.reports.page.leads import leads
    from scaling.reports.page.render import write
    from scaling.results import records

    with input_errors():
        places = results or [RESULTS]
        folders = list({folder.path.resolve(): folder for folder in records.find(*places)}.values())
        if note := records.about_reference(places, folders):
            if output is None:
                raise records.ResultsError(f"{note}. To have a page of them, name them, or a file with --output")
            typer.echo(f"note: {note}", err=True)
        file = output or (folders[0].path if len(folders) == 1 else Path()) / "report.html"
        said = {folder.path: tuple(leads(conclude(folder, seed_noise))) for folder in folders}
        write(build(folders, said, seed_noise=seed_noise), file)
        typer.echo(file)


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
            help="Rank factors there, as resnet_rs_50@160, else in the middle; or tell the error there, as macs=4e9.",
        ),
    ] = None,
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Fit laws to error, and rank the factors. Power law, floor or break; which factor pays most; with intervals."""
    from scaling.analysis.laws.fits import fit_all
    from scaling.analysis.settings import with_seed_noise
    from scaling.reports import fit as report

    with input_errors():
        frame = with_seed_noise(results_of(results, table), seed_noise)
        point, place = report.place_of(at, on)
        fits = fit_all(frame, on, report.range_of(between), point)
        answered = [] if table else answers_of(results, seed_noise, shown=not as_json)
    if as_json:
        print_json(report.as_json(fits, place) | {"answers": [said.as_json() for said in answered]})
    else:
        report.show(fits, terminal(), place)


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
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Compare families at equal accuracy. How much less one costs, with intervals, and where they cross."""
    from scaling.analysis.comparability import on_device, parts
    from scaling.analysis.equal_accuracy.compare import compare as compared
    from scaling.analysis.settings import collapse_seeds, with_seed_noise
    from scaling.reports import compare as report

    with input_errors():
        frame = with_seed_noise(results_of(results, table), seed_noise)
        frame = frame if device is None else on_device(frame, cost, device)
        answers = [(words, compared(part, cost, by)) for words, part in parts(collapse_seeds(frame), cost)]
        answered = [] if table else answers_of(results, seed_noise, shown=not as_json)
    if as_json:
        print_json(report.as_json(answers) | {"answers": [said.as_json() for said in answered]})
    else:
        report.show(answers, terminal())


def claims(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Your own; else the paper's published numbers.")
    ] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Tell why a claim is not addressed.")] = False,
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Replay the paper's claims. On its published numbers, or on your own results: holds, fails or undecided."""
    from scaling.analysis.claims.replay import replay
    from scaling.analysis.comparability import parts
    from scaling.reports import claims as report

    with input_errors():
        named_parts = parts(loaded(results), "training_ms") if results else [("", None)]
        answers = [(words, replay(part, seed_noise=seed_noise)) for words, part in named_parts]
    if as_json:
        print_json(report.as_json(answers))
    else:
        report.show(answers, terminal(), reasons)
