"""Commands that choose: the network under limits, and the runs that would change the choice."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from scaling.cli import completing
from scaling.cli.asking import load
from scaling.cli.common import (
    RESULTS,
    Accelerator,
    AsJson,
    AtMost,
    Overrides,
    ResultsDir,
    SeedNoise,
    StudyName,
    Wide,
    input_errors,
    notes_told,
    print_json,
    terminal,
)
from scaling.cli.suggest import same_command

Metric = Literal["top1", "test_top1"]


def recommend(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    at_most: AtMost = None,
    among: Annotated[
        str | None,
        typer.Option(
            metavar="STUDY",
            help="Choose among this study's trials; default: each folder's own study.",
            autocompletion=completing.studies,
        ),
    ] = None,
    metric: Annotated[Metric, typer.Option("--for", help="What is to be as high as can be.")] = "top1",
    time: Annotated[
        bool, typer.Option("--time", help="First time what was not timed yet; nothing is trained for that.")
    ] = False,
    on: Accelerator = None,
    seed_noise: SeedNoise = None,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Say which network to choose under limits. How long to train it, and how sure that is."""
    from scaling.analysis.decide.limits import limits_of
    from scaling.interface import choosing
    from scaling.reports import recommend as report

    with input_errors(), notes_told():
        chosen = choosing.recommend(
            results, limits_of(at_most or ()), among, metric, time_first=time, on=on, seed_noise=seed_noise
        )
    if as_json:
        print_json(report.as_json(chosen.parts))
    else:
        report.show(chosen.parts, terminal(), wide)


def next_trials(
    context: typer.Context,
    study: StudyName,
    hours: Annotated[
        float | None, typer.Option(min=0, help="Hours of training that all of them may take together.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many, to be trained side by side.")] = 4,
    at_most: AtMost = None,
    on: Accelerator = None,
    seed_noise: SeedNoise = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
    wide: Wide = False,
    as_json: AsJson = False,
) -> None:
    """Name the few trainings that would change the answer most. Why each of them, and what it costs."""
    from scaling.analysis.decide.limits import limits_of
    from scaling.interface import choosing
    from scaling.reports import next_runs as report

    with input_errors(), notes_told():
        asked, place = load(study, overrides, results)
        named = choosing.next_trials(
            asked,
            place,
            hours=hours,
            count=count,
            at_most=limits_of(at_most or ()),
            on=on,
            seed_noise=seed_noise,
        )
    told = named.study, named.runs, named.reason, named.basis, named.notes
    if as_json:
        print_json(report.as_json(*told))
    else:
        left_out = ("hours", "count", "wide")
        if named.runs:
            going_on = same_command(context, "--until", "decided", without=left_out, name="run")
        else:
            sets = [word for more in named.more for word in ("--set", more)]
            going_on = same_command(context, *sets, without=(*left_out, "at_most"), name="run") if sets else ""
        report.show(*told, terminal(), going_on, wide)
