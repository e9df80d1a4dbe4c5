"""Running a study from Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scaling.generator.study import Study
from scaling.interface.asking import price_of, study_of
from scaling.interface.deciding import Answered, answer_of
from scaling.interface.shown import Shown
from scaling.launch import RunSummary, Until
from scaling.results.records import ResultsFolder

if TYPE_CHECKING:
    import os

    import pandas as pd

    from scaling.analysis.decide.limits import Limit
    from scaling.interface.choosing import AtMost
    from scaling.launch.options import Engine


@dataclass(frozen=True, eq=False, repr=False)
class Run(Shown):
    """What a run did, and what its study says since.

    Attributes:
        folder: with the records.
        summary: how the jobs of this run ended.
        answered: the study's question; None where nothing was trained yet.
    """

    folder: Path
    summary: RunSummary
    answered: Answered | None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, and what was done for it."""
        summary = self.summary
        done = f"{summary.finished}, {summary.failed} failed; records in {self.folder}"
        stopped = ("Interrupted: run it again to go on.",) if summary.stopped else ()
        reason = (f"Stopped, since {summary.reason}.",) if summary.reason else ()
        return (*(self.answered.sentences if self.answered else ()), *reason, *stopped, done)

    def to_frame(self) -> pd.DataFrame:
        """One row a trial that is recorded, as `scaling.load_results` gives them."""
        from scaling.interface.results import frame_of

        return frame_of(self.folder)


def until_of(
    study: Study,
    folder: Path,
    limits: tuple[Limit, ...],
    max_hours: float | None,
    max_dollars: float | None,
    on: str | None,
    seed_noise: float | None,
) -> Until:
    """When a run until decided ends; with the price of an hour where money is limited.

    Raises:
        UserError: if the accelerator has no price.
    """
    reasons = [f"--max-cost {max_dollars:g}"] if max_dollars is not None else []
    reasons += [f"--at-most {limit}" for limit in limits if limit.cost.name == "dollars"]
    price = price_of(study, ResultsFolder(folder), on, " and ".join(reasons)) if reasons else 0.0
    return Until(limits, max_hours, max_dollars, price, seed_noise)


def run(
    study: Study | str | os.PathLike[str],
    results: str | os.PathLike[str] = "results",
    *,
    workers: int | None = None,
    devices: str | None = None,
    engine: Engine = "local",
    address: str | None = None,
    limit: int | None = None,
    retry: str | None = None,
    keep: Literal["best", "all", "none"] = "best",
    until: Literal["decided"] | None = None,
    at_most: AtMost = (),
    max_hours: float | None = None,
    max_dollars: float | None = None,
    on: str | None = None,
    seed_noise: float | None = None,
) -> Run:
    """Trains and times what a study is still missing; the same as `scaling run`, which has more options.

    Interrupt it at will: what is finished is recorded, and the next run goes on from there.

    Args:
        study: or its name, or the path of its file.
        results: the folder that holds a folder for each study.
        workers, devices, engine, address, limit, retry, keep: see `scaling run --help`.
        until: `decided`: train only what decides the study's question, or with `at_most` the choice under these limits.
        at_most: limits by cost, as `{"inference_ms": 5}`, with `until`.
        max_hours: of training that may be spent, with `until`.
        max_dollars: the same in money, at the price of an hour of the accelerator `on`.
        on: the accelerator that money is of; None: the one that the records were made on.
        seed_noise: standard deviation between seeds (points of accuracy) that the answer rests on, in place of what was
            measured or is assumed.

    Raises:
        UserError: for what cannot be run; nothing was begun then.
    """
    from rich.console import Console

    from scaling import launch
    from scaling.errors import UserError
    from scaling.interface.choosing import limits_in

    asked = study_of(study)
    if until not in (None, "decided"):
        raise UserError(f"until: 'decided' or None, not {until!r}")
    if until is None and (at_most or max_hours is not None or max_dollars is not None):
        raise UserError("at_most, max_hours and max_dollars go with until='decided'")
    folder = Path(results) / asked.name
    summary = launch.run(
        asked,
        folder,
        launch.RunOptions(
            workers=workers,
            devices=devices,
            engine=engine,
            address=address,
            limit=limit,
            keep=keep,
            policy=launch.RetryPolicy(recorded=launch.retried_kinds(retry)),
            until=None
            if until is None
            else until_of(asked, folder, limits_in(at_most), max_hours, max_dollars, on, seed_noise),
        ),
        Console(),
    )
    trained = ResultsFolder(folder).training.path.exists()
    return Run(folder, summary, answer_of(folder, seed_noise) if trained else None)
