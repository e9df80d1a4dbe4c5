"""One results folder drawn: accuracy against each cost, written beside the records."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from scaling.analysis.settings import with_seed_noise
from scaling.plots.context import Context
from scaling.plots.figures.accuracy_vs_cost import cost_specs
from scaling.plots.kit import captions
from scaling.plots.kit.figure_spec import FigureSpec, Skipped
from scaling.plots.kit.files import check, save_all
from scaling.plots.kit.index import write_index
from scaling.plots.names import COSTS, FIGURES, MEASURED, MODULES
from scaling.plots.registry import context_of, published_specs, specs
from scaling.results.columns import METRICS, TABLE
from scaling.results.frame import load_results
from scaling.results.records import ResultsFolder, find
from scaling.schema import Question


@dataclass(frozen=True)
class Drawn:
    """What drawing a results folder gave.

    Attributes:
        folder: the results folder.
        files: written, in order.
        trained, failed: number of trials drawn, by how they ended.
        notes: sentences on what is not shown, and why.
    """

    folder: Path
    files: tuple[Path, ...]
    trained: int
    failed: int
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StudyFigures:
    """The figures of one results folder before they are drawn, and what they were computed from.

    Attributes:
        title: the study's question; the folder's name where there is none to read.
        context: the trials, and what was computed of them.
        specs: all figures that were asked for, in their order.
        trained, failed: number of trials, by how they ended.
        notes: sentences on what is not shown, and why.
    """

    title: str
    context: Context
    specs: tuple[FigureSpec | Skipped, ...]
    trained: int
    failed: int
    notes: tuple[str, ...]


def draw(paths: Sequence[Path], formats: Sequence[str] = ("png",), with_published: bool = False) -> list[Drawn]:
    """Draws every results folder among `paths` and below them.

    Args:
        paths: results folders, or folders of them.
        formats: of `png`, `svg` and `pdf`.
        with_published: the paper's numbers stand behind or beside each study's own.

    Returns:
        One entry a folder, each once.

    Raises:
        UserError: if a format is none of these.
        scaling.results.records.ResultsError: if there are no records.
    """
    check(formats)
    folders = {folder.path.resolve(): folder for folder in find(*paths)}
    return [draw_study(folder, formats, with_published=with_published) for folder in folders.values()]


def draw_study(
    folder: ResultsFolder,
    formats: Sequence[str] = ("png",),
    trial_ids: Set[str] | None = None,
    with_published: bool = False,
    figures: Collection[str] = FIGURES,
    seed_noise: float | None = None,
    lead: Sequence[str] = (),
    question: Question | None = None,
) -> Drawn:
    """Draws the figures of one results folder into its `figures/`, with an index where all of them are drawn.

    Args:
        folder: with records.
        formats: of `png`, `svg` and `pdf`; none: nothing is written.
        trial_ids: draw these trials only, and count the others; None: all.
        with_published: the paper's numbers stand behind or beside the study's own.
        figures: of `FIGURES`, those to draw. The index is left as it is unless all are drawn: what one may conclude is
            among the notes instead.
        seed_noise: standard deviation between seeds (points) that overrules what was measured or is assumed.
        lead: sentences that the index begins with.
        question: of the study, which tells the ways to grow that are compared; None: depth and width.

    Raises:
        UserError: if a format or a figure is none of these.
        scaling.results.records.ResultsError: if the records come from a newer version of this toolkit.
    """
    check(formats)
    of_study = study_figures(folder, trial_ids, with_published, figures, seed_noise, question)
    files = save_all(of_study.specs, folder.figures, formats)
    whole = set(FIGURES) <= set(figures)
    if formats and whole:
        files.append(write_index(folder.figures, of_study.title, of_study.specs, formats, lead))
    words = () if whole else map(_words, of_study.specs)
    return Drawn(folder.path, tuple(files), of_study.trained, of_study.failed, (*words, *of_study.notes))


def study_figures(
    folder: ResultsFolder,
    trial_ids: Set[str] | None = None,
    with_published: bool = False,
    figures: Collection[str] = FIGURES,
    seed_noise: float | None = None,
    question: Question | None = None,
) -> StudyFigures:
    """Computes the figures of one results folder and draws nothing; arguments as of `draw_study`.

    Raises:
        UserError: if a figure is none of `FIGURES`.
        scaling.results.records.ResultsError: if the records come from a newer version of this toolkit.
    """
    check((), figures, FIGURES)
    frame, skipped = _load(folder)
    kept = frame if trial_ids is None else frame[frame["trial_id"].isin(sorted(trial_ids))]
    others, failures = len(frame) - len(kept), _failures(kept)
    title = _title(folder)
    context = context_of(with_seed_noise(kept, seed_noise), with_published, question)
    against_costs, missing = _against_costs(context, figures, failures, others)
    notes = (*missing, *captions.about_failures(failures), *captions.about_others(others), *skipped)
    every = (*against_costs, *specs(context, figures))
    return StudyFigures(title, context, every, len(kept) - len(failures), len(failures), notes)


def draw_published(folder: Path, formats: Sequence[str] = ("png",), figures: Collection[str] = MODULES) -> list[Path]:
    """Draws the paper's figures from its published numbers into `folder`, with an index where all of them are drawn.

    Args:
        folder: to write to.
        formats: of `png`, `svg` and `pdf`.
        figures: of `MODULES`, those to draw.

    Returns:
        The files.

    Raises:
        UserError: if a format or a figure is none of these.
    """
    check(formats, figures, MODULES)
    drawn_specs = published_specs(figures)
    files = save_all(drawn_specs, folder, formats)
    if formats and set(MODULES) <= set(figures):
        files.append(write_index(folder, "The paper's figures, from its published numbers", drawn_specs, formats))
    return files


def _against_costs(
    context: Context, figures: Collection[str], failures: list[tuple[str, str]], others: int
) -> tuple[list[FigureSpec | Skipped], list[str]]:
    """The drawn_specs of accuracy against a cost among `figures`, and what they cannot show."""
    costs = [cost for cost, name in COSTS.items() if name in figures]
    costs += [cost for cost, name in MEASURED.items() if name in figures and context.has(cost)]
    if not costs:
        return [], []
    settings = context.settings
    shown = settings[settings["top1"].notna()]
    missing = [note for cost in costs for note in captions.about_missing(shown, METRICS[cost])]
    return cost_specs(settings, failures, others, costs), missing


def _words(spec: FigureSpec | Skipped) -> str:
    """What one may conclude, or why there is nothing to see."""
    return f"{spec.name}: {spec.concludes if isinstance(spec, FigureSpec) else spec.reason}"


def _load(folder: ResultsFolder) -> tuple[pd.DataFrame, list[str]]:
    """The folder's own trials, and a sentence for each line that is no record."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        frame = load_results(folder.path)
    skipped = [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]
    if frame.empty:
        frame = frame.reindex(columns=[*TABLE])
    return frame[frame["folder"] == str(folder.path)], skipped


def _failures(frame: pd.DataFrame) -> list[tuple[str, str]]:
    failed = frame[frame["status"] == "failed"]
    return [
        (str(trial_id), str(kind)) for trial_id, kind in zip(failed["trial_id"], failed["failure_kind"], strict=True)
    ]


def _title(folder: ResultsFolder) -> str:
    """The study's question; the folder's name where there is none to read."""
    try:
        study = yaml.safe_load(folder.study_file.read_text(encoding="utf-8"))
        question = study["question"]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return folder.name
    return question if isinstance(question, str) and question.strip() else folder.name
