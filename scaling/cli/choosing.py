"""Commands that choose: the network under limits, and the runs that would change the choice."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scaling.cli.common import (
    RESULTS,
    Accelerator,
    AsJson,
    AtMost,
    Overrides,
    ResultsDir,
    SeedNoise,
    StudyName,
    input_errors,
    loaded,
    print_json,
    terminal,
)
from scaling.cli.suggest import same_command

if TYPE_CHECKING:
    import pandas as pd

    from scaling.generator.budget import Basis
    from scaling.generator.study import Study
    from scaling.results.records import ResultsFolder

Metric = Literal["top1", "test_top1"]


def recommend(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS...]", help="Study folders, or folders of them.")
    ] = None,
    at_most: AtMost = None,
    among: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Choose among this study's trials; default: each folder's own study."),
    ] = None,
    metric: Annotated[Metric, typer.Option("--for", help="What is to be as high as can be.")] = "top1",
    time: Annotated[
        bool, typer.Option("--time", help="First time what was not timed yet; nothing is trained for that.")
    ] = False,
    on: Accelerator = None,
    seed_noise: SeedNoise = None,
    as_json: AsJson = False,
) -> None:
    """Say which network to choose under limits. How long to train it, and how sure that is."""
    from scaling.analysis.decide.limits import limits_of
    from scaling.analysis.decide.recommend import recommend as recommended
    from scaling.analysis.settings import with_seed_noise
    from scaling.reports import recommend as report

    with input_errors():
        limits = limits_of(at_most or ())
        spaces = spaces_of(results, among, on, time, as_json)
        answers = [
            (", ".join(filter(None, (name if len(spaces) > 1 else "", words))), answer)
            for name, frame, basis in spaces
            for words, answer in recommended(
                with_seed_noise(frame, seed_noise), limits, metric, basis.accelerator.dollars_per_hour
            )
        ]
    if as_json:
        print_json(report.as_json(answers))
    else:
        report.show(answers, terminal())


def spaces_of(
    results: list[Path] | None, among: str | None, on: str | None, time: bool, quiet: bool
) -> "list[tuple[str, pd.DataFrame, Basis]]":
    """Each folder's trials, recorded and planned, and what hours and money are reckoned by."""
    from scaling.generator import study as studies
    from scaling.results import records

    places = results or [RESULTS]
    folders = records.find(*places)
    if note := records.about_reference(places, folders):
        typer.echo(f"note: {note}", err=True)
    if among is not None:
        study = studies.load(among, weights_are_here=False)
        return [
            _space(study, _folder_of(study, places[0], folders), folders, on, time, quiet, studies.find(among).parent)
        ]
    return [_space(_study_of(folder), folder, [folder], on, time, quiet, folder.path) for folder in folders]


def _folder_of(study: "Study", place: Path, folders: "list[ResultsFolder]") -> "ResultsFolder":
    """A study's folder among those that were named; else where it would lie, below the place or beside it."""
    from scaling.results.records import ResultsFolder

    for folder in folders:
        if folder.path.resolve().as_posix().endswith(f"/{study.name}"):
            return folder
    is_results_folder = any(folder.path == place for folder in folders)
    return ResultsFolder((place.resolve().parent if is_results_folder else place) / study.name)


def _study_of(folder: "ResultsFolder") -> "Study | None":
    """The folder's own study; None where there is none to read."""
    from scaling.generator import study as studies
    from scaling.generator.errors import StudyError

    try:
        return studies.load(str(folder.study_file), weights_are_here=False)
    except StudyError as error:
        typer.echo(f"note: {folder.name}: only what was trained is chosen from: {error}", err=True)
        return None


def _space(
    study: "Study | None",
    folder: "ResultsFolder",
    known: "list[ResultsFolder]",
    on: str | None,
    time: bool,
    quiet: bool,
    beside: Path,
) -> "tuple[str, pd.DataFrame, Basis]":
    import pandas as pd

    from scaling.generator import budget
    from scaling.generator.candidates import with_candidates

    if study is not None and time:
        _time(study, folder, quiet)
    trainings = [record for each in known for record in each.training.read()[0]]
    basis = budget.basis(on, trainings, beside)
    frame = loaded([each.path for each in known]) if known else pd.DataFrame()
    if study is not None and len(frame):
        frame = _trained_alike(frame, study)
    return folder.name, frame if study is None else with_candidates(frame, study, folder, basis), basis


def _trained_alike(frame: "pd.DataFrame", study: "Study") -> "pd.DataFrame":
    """The trials of the study's own images, and of as many; the others say nothing of its networks, and are counted."""
    import pandas as pd

    dataset = study.file.dataset
    wanted = {"dataset": dataset.name, **dataset.model_dump(include={"train_examples", "validation_fraction"})}
    alike = pd.Series(True, frame.index)
    for name, value in wanted.items():
        alike &= frame[name].isna() if value is None else frame[name].eq(value).fillna(False).astype(bool)
    if left_out := int((~alike).sum()):
        images = ", ".join(f"{name} {value}" for name, value in wanted.items() if value is not None)
        typer.echo(f"note: {left_out} trials of other images than {study.name}'s ({images}) are left out", err=True)
    return frame[alike].reset_index(drop=True)


def _time(study: "Study", folder: "ResultsFolder", quiet: bool) -> None:
    """Times what the study asks for and was not timed on this device."""
    from scaling import launch

    launch.run(study, folder.path, launch.RunOptions(timings_only=True), terminal(stderr=quiet))


def next_trials(
    context: typer.Context,
    study: StudyName,
    hours: Annotated[
        float | None, typer.Option(min=0, help="Hours of training that all of them may take together.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many, to be trained side by side.")] = 4,
    at_most: AtMost = None,
    on: Accelerator = None,
    overrides: Overrides = None,
    results: ResultsDir = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Name the few trainings that would change the answer most. Why each of them, and what it costs."""
    from scaling.analysis.decide.limits import limits_of
    from scaling.analysis.decide.next_runs import next_runs
    from scaling.analysis.decide.stopping import enough
    from scaling.errors import UserError
    from scaling.generator import study as studies
    from scaling.reports import next_runs as report
    from scaling.results.records import ResultsFolder

    with input_errors():
        planned = studies.load(study, overrides or ())
        if planned.file.search is not None:
            raise UserError(f"{planned.name} is a search, which decides by itself what it trains next")
        limits = limits_of(at_most or ())
        folder = ResultsFolder(results / planned.name)
        known = [folder] if folder.training.path.exists() else []
        beside = studies.find(study).parent
        _, frame, basis = _space(planned, folder, known, on, time=False, quiet=as_json, beside=beside)
        reason = enough(frame, planned.question, limits)
        seconds = float("inf") if hours is None else 3600 * hours
        runs = [] if reason else next_runs(frame, planned.question, limits, count, seconds)
    if as_json:
        print_json(report.as_json(planned, runs, reason, basis))
    else:
        going_on = same_command(context, "--until", "decided", without=("hours", "count"), name="run")
        report.show(planned, runs, reason, basis, terminal(), going_on)
