"""From results folders to a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from scaling.datasets import DATASETS
from scaling.generator.recorded import asked_by
from scaling.plots import FigureSpec, Skipped, StudyFigures, study_figures
from scaling.reports.page import svg
from scaling.reports.page.cells import sentence
from scaling.reports.page.environments import environments_table
from scaling.reports.page.logs import Logs, read
from scaling.reports.page.overview import overview
from scaling.reports.page.page import Lead, NotDrawn, Page, Part
from scaling.reports.page.repeat import repeat
from scaling.reports.page.settings import settings_table
from scaling.reports.page.trials import Curves, failed_table, trained_table
from scaling.reports.page.unknown import unknown
from scaling.results.records import ResultsFolder

NO_LEADS: Mapping[Path, Sequence[Lead]] = MappingProxyType({})


def build(
    folders: Sequence[ResultsFolder], leads: Mapping[Path, Sequence[Lead]] = NO_LEADS, seed_noise: float | None = None
) -> Page:
    """Computes all that stands on the page of these folders.

    Args:
        folders: one or more; a part of the page each.
        leads: by the folder's path, what a reader should know first: the answer, then the recommendation.
        seed_noise: standard deviation between seeds (points) that overrules what was measured or is assumed.

    Raises:
        scaling.results.records.ResultsError: if the records come from a newer version of this toolkit.
    """
    asked = [asked_by(folder) for folder in folders]
    studies = [
        study_figures(folder, ids, seed_noise=seed_noise, question=question)
        for folder, (question, ids) in zip(folders, asked, strict=True)
    ]
    parts = tuple(
        _part(f"part-{number}", folder, of_study, ids, leads.get(folder.path, ()))
        for number, (folder, of_study, (_, ids)) in enumerate(zip(folders, studies, asked, strict=True), start=1)
    )
    if len(parts) == 1:
        return Page(parts[0].question, parts)
    frames = [of_study.context.frame for of_study in studies]
    return Page(f"{len(parts)} studies compared", parts, overview(parts, frames))


def _part(
    anchor: str, folder: ResultsFolder, of_study: StudyFigures, asked: set[str] | None, leads: Sequence[Lead]
) -> Part:
    logs, context = read(folder), of_study.context
    curves, file = Curves(logs.curves), folder.training.path
    drawn = [spec for spec in of_study.specs if isinstance(spec, FigureSpec)]
    return Part(
        anchor=anchor,
        name=folder.name,
        folder=str(folder.path),
        question=of_study.title,
        facts=_facts(of_study, logs),
        leads=tuple(leads),
        drawings=tuple(svg.drawing(spec, f"{anchor}-{number}") for number, spec in enumerate(drawn, start=1)),
        not_drawn=_not_drawn([spec for spec in of_study.specs if isinstance(spec, Skipped)]),
        settings=settings_table(context.settings, file),
        failed=failed_table(context.frame, curves, file),
        trained=trained_table(context.frame, curves, file),
        environments=environments_table(logs.environments, file),
        repeat=repeat(folder, [environment for environment, *_ in logs.environments]),
        unknown=unknown(of_study, logs, asked),
    )


def _not_drawn(specs: Sequence[Skipped]) -> tuple[NotDrawn, ...]:
    """Each reason once, with all figures that it keeps from being drawn."""
    names: dict[str, list[str]] = {}
    for spec in specs:
        names.setdefault(sentence(spec.reason), []).append(spec.name)
    return tuple(NotDrawn(tuple(of_reason), reason) for reason, of_reason in names.items())


def _facts(of_study: StudyFigures, logs: Logs) -> tuple[tuple[str, str], ...]:
    """What the study is about at a glance."""
    frame = of_study.context.frame
    settings = of_study.context.settings
    devices = dict.fromkeys(environment.device for environment, *_ in logs.environments)
    failed = f", {of_study.failed:,} failed" if of_study.failed else ""
    facts = [
        ("Trials", f"{of_study.trained:,} trained{failed}"),
        ("Settings", f"{len(settings):,}"),
        ("Best setting", _best(settings)),
        ("Images", ", ".join(_dataset(str(name)) for name in frame["dataset"].dropna().unique())),
        ("Device", ", ".join(devices)),
    ]
    return tuple((title, value) for title, value in facts if value)


def _best(settings: pd.DataFrame) -> str:
    """The accuracy of the best setting, whose seeds count by their mean: the best of all seeds is a lucky one."""
    known = settings[settings["top1"].notna()]
    if known.empty:
        return ""
    best = known.sort_values("top1", kind="stable").iloc[-1]
    return f"{best['top1']:.1%}" + (f", mean of {best['seeds']:g} seeds" if best["seeds"] > 1 else "")


def _dataset(name: str) -> str:
    """A data set's title; of images that are not known everywhere, such as a folder, the name."""
    return DATASETS[name].title if name in DATASETS else name
