"""What a page cannot tell, said in sentences: what failed, was not measured, was disturbed or rests on one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set

import pandas as pd

from scaling.analysis.equal_accuracy.wording import cautions
from scaling.errors import listed
from scaling.plots import StudyFigures
from scaling.reports.page.cells import sentence
from scaling.reports.page.logs import Logs
from scaling.results.columns import METRICS
from scaling.schema import Environment, LatencyRecord
from scaling.wording import counted


def unknown(of_study: StudyFigures, logs: Logs, asked: Set[str] | None) -> tuple[str, ...]:
    """A sentence for each thing that is not known, the gravest first.

    Args:
        of_study: its figures and their notes.
        logs: its records.
        asked: ids of the trials that the study file asks for; None where there is none that can be read.
    """
    settings = of_study.context.settings
    told = [
        *_untrained(of_study.context.frame, asked),
        *of_study.notes,
        *(line for line in listed(f"skipped {line}" for line in logs.unread) if line not in of_study.notes),
        *_seeds(settings),
        *cautions(settings[settings["top1"].notna()], METRICS["macs"]),
        *_timings(logs.timings),
        *_images(logs.images_skipped),
        *_places([environment for environment, *_ in logs.environments]),
    ]
    return tuple(dict.fromkeys(sentence(text) for text in told))


def _untrained(frame: pd.DataFrame, asked: Set[str] | None) -> Iterator[str]:
    if asked is None:
        yield "the study file cannot be read: whether all its trials were trained is not known"
    else:
        missing = len(asked - set(frame["trial_id"]))
        yield from _share("trials that the study asks for and that have no record yet", missing, len(asked))


def _share(what: str, number: int, of: int) -> Iterator[str]:
    """How many of all are so; nothing where none is."""
    if number:
        yield f"{what}: {number:,} of {of:,}"


def _seeds(settings: pd.DataFrame) -> Iterator[str]:
    known = settings["seeds"][settings["seeds"] > 0]
    yield from _share("settings that were trained with one seed only", int((known == 1).sum()), len(known))


def _timings(timings: Sequence[LatencyRecord]) -> Iterator[str]:
    failed = Counter(timing.failure.kind for timing in timings if timing.failure)
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(failed.items()))
    yield from _share(f"timings that failed ({kinds})", failed.total(), len(timings))
    good = [timing for timing in timings if timing.ok]
    for what, of_good in (
        ("were disturbed by other work on the machine", [timing.disturbed is True for timing in good]),
        (
            "still had an interval wider than 3% when their time was over",
            [timing.converged is False for timing in good],
        ),
        ("have no interval of their own and are taken as exact", [timing.low_ms is None for timing in good]),
    ):
        yield from _share(f"timings that {what}", sum(of_good), len(good))


def _images(skipped: int) -> Iterator[str]:
    if skipped:
        yield f"{counted(skipped, 'trial')} met images that could not be decoded and were replaced by others"


def _places(environments: Sequence[Environment]) -> Iterator[str]:
    if any(environment.git_dirty for environment in environments):
        yield "some records were made by code that differed from its commit"
    if len({environment.git_commit for environment in environments}) > 1:
        yield "the records were made by more than one version of the code"
    if len({environment.place for environment in environments}) > 1:
        yield "the records were made on more than one device; times of two devices are never compared"
