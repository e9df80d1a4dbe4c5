"""What to choose, and what to train next."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

import pandas as pd

from scaling.analysis.cautions import about_accuracies
from scaling.analysis.decide.answer import answer
from scaling.analysis.decide.limits import Limit, limits_of
from scaling.analysis.decide.next_runs import NextRun
from scaling.analysis.decide.recommend import Recommendation
from scaling.analysis.decide.recommend import recommend as recommended
from scaling.analysis.decide.statements import seeds_that_decide
from scaling.analysis.settings import collapse_seeds, of_settings, with_seed_noise
from scaling.errors import UserError
from scaling.generator import budget
from scaling.generator import study as studies
from scaling.generator.budget import Basis
from scaling.generator.candidates import with_candidates
from scaling.generator.errors import StudyError
from scaling.generator.more_seeds import more_seeds
from scaling.generator.study import Study
from scaling.interface.asking import study_of
from scaling.interface.results import Place, Results, places_of
from scaling.interface.shown import Shown
from scaling.reports import next_runs as next_report
from scaling.reports import recommend as recommend_report
from scaling.results import records
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder
from scaling.schema import Runtime

Metric = Literal["top1", "test_top1"]

AtMost: TypeAlias = Mapping[str, float] | Sequence[Limit]
"""Limits: a number by cost, as `{"inference_ms": 5}`."""


def limits_in(at_most: AtMost) -> tuple[Limit, ...]:
    """The limits that are meant.

    Raises:
        UserError: for what is no cost, or no positive number.
    """
    if isinstance(at_most, Mapping):
        return limits_of(f"{cost}={most!r}" for cost, most in at_most.items())
    return tuple(at_most)


@dataclass(frozen=True, eq=False, repr=False)
class Recommended(Shown):
    """What to choose.

    Attributes:
        parts: a recommendation for each study and device, after the words that tell it from the others.
    """

    parts: tuple[tuple[str, Recommendation], ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What to choose and how sure that is, then the notes."""
        said = [f"{words}: {part.sentence}" if words else part.sentence for words, part in self.parts]
        return (*said, *dict.fromkeys(f"note: {note}" for _, part in self.parts for note in part.notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a choice, the recommended one first: accuracy and costs with their intervals, and its chances."""
        document = recommend_report.as_json(self.parts)
        rows = [{"part": part["part"], **choice} for part in document["parts"] for choice in part["choices"]]
        return pd.json_normalize(rows, sep="_").drop(columns="row", errors="ignore")


def recommend(
    results: Results = None,
    at_most: AtMost = (),
    among: Study | Place | None = None,
    metric: Metric = "top1",
    *,
    time_first: bool = False,
    on: str | None = None,
    seed_noise: float | None = None,
) -> Recommended:
    """Ranks networks, trained and not yet trained, under limits: what to choose, and how sure that is.

    Args:
        results: a frame, of which only what was trained is chosen from; results folders, or folders of them.
        at_most: limits by cost, as `{"inference_ms": 5, "train_hours": 12}`; all are to be met.
        among: choose among this study's trials; None: each folder's own study.
        metric: what is to be as high as can be.
        time_first: first time what was not timed yet; nothing is trained for that.
        on: the accelerator that hours and money are of, as of `scaling.interface.asking.plan`.
        seed_noise: as of `scaling.interface.deciding.answer`.

    Raises:
        UserError: for a cost, a study or results that there are none of.
    """
    limits = limits_in(at_most)
    spaces = _spaces(results, among, on, _runtimes(limits) if time_first else None)
    return Recommended(
        tuple(
            (
                ", ".join(filter(None, (space.name if len(spaces) > 1 else "", words))),
                replace(part, notes=(*_of_a_step(limits, space.frame), *part.notes)),
            )
            for space in spaces
            for words, part in recommended(
                with_seed_noise(space.frame, seed_noise), limits, metric, space.basis.accelerator.dollars_per_hour
            )
        )
    )


def _runtimes(limits: Sequence[Limit]) -> tuple[Runtime, ...]:
    """Those that limits are of, as `litert` of `inference_litert_ms`."""
    costs = {limit.cost.name for limit in limits}
    of_keras = ("keras",) if any(cost.startswith(("inference_ms", "inference_joules")) for cost in costs) else ()
    others = (name for name in get_args(Runtime) if any(cost.startswith(f"inference_{name}_") for cost in costs))
    return (*of_keras, *others)


def _of_a_step(limits: Sequence[Limit], frame: pd.DataFrame) -> Iterator[str]:
    """Of limits on times: how many images a step has, where that is more than one."""
    for limit in limits:
        for column in limit.cost.depends_on:
            if column.endswith("_batch_size") and column in frame:
                sizes = sorted({int(size) for size in frame[column].dropna()} - {1})
                if sizes:
                    images = " or ".join(f"{size:,}" for size in sizes)
                    yield f"{limit.cost.name} is of a step of {images} images; {_single_images(limit, frame)}"


def _single_images(limit: Limit, frame: pd.DataFrame) -> str:
    """What times them, as a clause."""
    phase, runtimes = limit.cost.name.split("_")[0], _runtimes([limit])
    study = f"{frame['folder'].iloc[0]}/study.yaml" if frame["folder"].nunique() == 1 else "STUDY"
    overrides = f"latency.batch_size=1 --set 'latency.phases=[{phase}]'"
    if runtimes:
        overrides += f" --set 'latency.runtimes=[{', '.join(runtimes)}]'"
    return f"`scaling latency {study} --set {overrides}` times single images"


@dataclass(frozen=True, eq=False, repr=False)
class NextTrials(Shown):
    """The few trainings that would change an answer most.

    Attributes:
        study: whose they are.
        runs: none where `reason` says why.
        reason: why none are named; empty where some are.
        basis: what hours are reckoned by.
        more: overrides that give a study that is complete and undecided so many seeds that they may decide it.
        notes: what a reader has to know beside: which noise between seeds is assumed.
    """

    study: Study
    runs: tuple[NextRun, ...]
    reason: str
    basis: Basis = field(repr=False)
    more: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """How many, and what they take, or why there are none; then the notes."""
        said = next_report.sentence(self.study, self.runs, self.reason, self.basis)
        return (said, *(f"note: {note}" for note in self.notes))

    def to_frame(self) -> pd.DataFrame:
        """One row a training: which, why, and its seconds."""
        return pd.DataFrame([asdict(run) for run in self.runs])


def next_trials(
    study: Study | Place,
    results: Place = "results",
    *,
    hours: float | None = None,
    count: int = 4,
    at_most: AtMost = (),
    on: str | None = None,
    seed_noise: float | None = None,
) -> NextTrials:
    """Names the few trainings of a study that would change its answer most, or with `at_most` the choice.

    Args:
        study: or its name, or the path of its file.
        results: the folder that holds a folder for each study.
        hours: of training that all of them may take together; None: any.
        count: how many, to be trained side by side.
        at_most, on, seed_noise: as of `recommend`.

    Raises:
        UserError: for a search, which decides by itself what it trains next.
    """
    from scaling.analysis.decide.next_runs import next_runs
    from scaling.analysis.decide.stopping import COMPLETE, enough

    planned = study_of(study)
    if planned.file.search is not None:
        raise UserError(f"{planned.name} is a search, which decides by itself what it trains next")
    limits = limits_in(at_most)
    folder = ResultsFolder(Path(results) / planned.name)
    space = _space(planned, folder, [folder] if folder.training.path.exists() else [], on)
    price = space.basis.accelerator.dollars_per_hour
    frame = with_seed_noise(of_settings(space.frame, {trial.id for trial in planned.trials}), seed_noise)
    if not len(frame):
        return NextTrials(planned, (), "no trial is left: the limits on times leave all out", space.basis)
    reason = enough(frame, planned.question, limits, price)
    takes, more = _what_it_takes(frame, planned, limits, price) if reason == COMPLETE else ("", ())
    seconds = float("inf") if hours is None else 3600 * hours
    runs = [] if reason else next_runs(frame, planned.question, limits, count, seconds, price)
    notes = tuple(about_accuracies(collapse_seeds(frame))) if runs else ()
    return NextTrials(planned, tuple(runs), f"{reason}{takes}", space.basis, more, notes)


def _what_it_takes(
    frame: pd.DataFrame, study: Study, limits: Sequence[Limit], price: float
) -> tuple[str, tuple[str, ...]]:
    """Of a study that is complete: whether it is decided, else what would, and overrides with so many seeds."""
    settings = collapse_seeds(frame)
    twice = 2 * int(settings["seeds"].max())
    if limits:
        chosen = [each for _, each in recommended(frame, limits, dollars_per_hour=price)]
        if chosen and all(each.sure for each in chosen):
            return f"; the choice is decided: {chosen[0].sentence.rstrip('.')}", ()
        some = bool(chosen) and bool(chosen[0].choices)
        said = f"; the choice is not decided: {chosen[0].sentence.rstrip('.')}" if chosen else ""
        return said, more_seeds(study, twice) if some else ()
    told = answer(frame, study.question)
    if told.decided:
        return ", and its question is decided", ()
    if settings["top1"].notna().sum() < 2:
        return f". {told.sentence.rstrip('.')}", ()
    takes = f". {told.takes.rstrip('.')}" if told.takes else ""
    number = seeds_that_decide(told.statements, settings) if told.statements else twice
    return f", and its question is not decided{takes}", more_seeds(study, number) if number else ()


class _Space(NamedTuple):
    """What is chosen from: trials, recorded and planned, and what hours and money are reckoned by."""

    name: str
    frame: pd.DataFrame
    basis: Basis


def _spaces(
    results: Results, among: Study | Place | None, on: str | None, time_first: Sequence[Runtime] | None
) -> list[_Space]:
    """What each folder has to choose from; `time_first`: runtimes to time with beside the study's; None: no timing."""
    if isinstance(results, pd.DataFrame):
        if among is not None or time_first is not None:
            raise UserError("name results folders to choose among a study's trials or to time them: a frame has none")
        return [_Space("", results, budget.basis(on, []))]
    places = places_of(results)
    folders = records.find(*places)
    if note := records.about_reference(places, folders):
        warnings.warn(note, stacklevel=3)
    if among is None:
        return [_space(_study_of(folder), folder, [folder], on, time_first) for folder in folders]
    study = study_of(among)
    return [_space(study, _folder_of(study, places[0], folders), folders, on, time_first)]


def _folder_of(study: Study, place: Path, folders: Sequence[ResultsFolder]) -> ResultsFolder:
    """A study's folder among those that were named; else where it would lie, below the place or beside it."""
    for folder in folders:
        if folder.path.resolve().as_posix().endswith(f"/{study.name}"):
            return folder
    is_results_folder = any(folder.path == place for folder in folders)
    return ResultsFolder((place.resolve().parent if is_results_folder else place) / study.name)


def _study_of(folder: ResultsFolder) -> Study | None:
    """The folder's own study; None where there is none to read."""
    try:
        return studies.load(str(folder.study_file), weights_are_here=False)
    except StudyError as error:
        warnings.warn(f"{folder.name}: only what was trained is chosen from: {error}", stacklevel=4)
        return None


def _space(
    study: Study | None,
    folder: ResultsFolder,
    known: Sequence[ResultsFolder],
    on: str | None,
    time_first: Sequence[Runtime] | None = None,
) -> _Space:
    if study is not None and time_first is not None:
        _time(_timed_with(study, time_first), folder)
    trainings = [record for each in known for record in each.training.read()[0]]
    basis = budget.basis(on, trainings, study.path.parent if study and study.path else folder.path)
    frame = load_results(*(each.path for each in known)) if known else pd.DataFrame()
    if study is not None and len(frame):
        frame = _trained_alike(frame, study)
    return _Space(folder.name, frame if study is None else with_candidates(frame, study, folder, basis), basis)


def _trained_alike(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The trials of the study's own images, and of as many; the others say nothing of its networks, and are counted."""
    dataset = study.file.dataset
    wanted = {"dataset": dataset.name, **dataset.model_dump(include={"train_examples", "validation_fraction"})}
    alike = pd.Series(True, frame.index)
    for name, value in wanted.items():
        alike &= frame[name].isna() if value is None else frame[name].eq(value).fillna(False).astype(bool)
    if left_out := int((~alike).sum()):
        images = ", ".join(f"{name} {value}" for name, value in wanted.items() if value is not None)
        warnings.warn(f"{left_out} trials of other images than {study.name}'s ({images}) are left out", stacklevel=4)
    return frame[alike].reset_index(drop=True)


def _timed_with(study: Study, runtimes: Sequence[Runtime]) -> Study:
    """The study, with inference timed by these runtimes too."""
    plan = study.file.latency
    phases = tuple(dict.fromkeys((*plan.phases, "inference"))) if runtimes else plan.phases
    both = tuple(dict.fromkeys((*plan.runtimes, *runtimes)))
    wider = plan.model_copy(update={"phases": phases, "runtimes": both})
    return replace(study, file=study.file.model_copy(update={"latency": wider}))


def _time(study: Study, folder: ResultsFolder) -> None:
    """Times what the study asks for and was not timed on this device; standard output stays a program's own."""
    from rich.console import Console

    from scaling import launch

    launch.run(study, folder.path, launch.RunOptions(timings_only=True), Console(stderr=True))
