"""A study and its plan: what it asks, what it can decide, and what that costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling.errors import UserError
from scaling.generator import budget, calibration
from scaling.generator import study as studies
from scaling.generator.budget import Basis
from scaling.generator.study import Study
from scaling.generator.time_limits import TimeLimits, without_left_out
from scaling.interface.shown import Shown
from scaling.reports import plan as plans
from scaling.reports import tables
from scaling.results.records import ResultsFolder
from scaling.schema import RESUMED

if TYPE_CHECKING:
    import os

    import pandas as pd


def load_study(name: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None) -> Study:
    """Reads and checks a study.

    Args:
        name: a name as `scaling studies` lists it, the path of a study file, or a results folder.
        overrides: values that replace the file's, by place: `{"recipe.epochs": 20}`.

    Raises:
        UserError: with every mistake found, each with its place.
    """
    return studies.load(str(name), [_assignment(place, value) for place, value in (overrides or {}).items()])


def _assignment(place: str, value: object) -> str:
    """As `--set` takes it."""
    try:
        return f"{place}={json.dumps(value)}"
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise UserError(
            f"overrides: {place}: a study file holds no {kind}; give texts, numbers, lists or mappings"
        ) from None


def study_of(study: Study | str | os.PathLike[str]) -> Study:
    """A study, or the one of a name or path."""
    return study if isinstance(study, Study) else load_study(study)


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Shown):
    """What a study will run.

    Attributes:
        study: without what its limits on times leave out; of a search, as far as it has suggested trials.
        trials: one mapping a trial: sizes, recipe, memory (1e9 bytes), hours, cost (dollars), whether it is done.
        basis: what hours and money are reckoned by.
        results: the folder of its results.
        seed_noise: standard deviation between seeds (points) in place of what was measured or is assumed; None: these.
    """

    study: Study
    trials: Sequence[dict[str, Any]]
    basis: Basis
    results: ResultsFolder
    seed_noise: float | None = None

    @cached_property
    def resolves(self) -> str:
        """The smallest difference that it would decide, in words, or why that is not foreseen."""
        if self.study.file.search is not None:
            return "What it can resolve is not foreseen: a search trains what it finds worth training."
        import pandas as pd

        from scaling.analysis.decide.resolvable import beside, resolvable, told
        from scaling.analysis.settings import of_settings, with_seed_noise
        from scaling.datasets import dataset_info
        from scaling.generator.candidates import with_candidates
        from scaling.results.frame import load_results

        dataset = self.study.file.dataset
        recorded = load_results(self.results.path) if self.results.exists() else pd.DataFrame()
        images = dataset_info(dataset.name).validated(dataset.validation_fraction)
        candidates = with_candidates(recorded, self.study, self.results, self.basis)
        candidates = with_seed_noise(
            of_settings(candidates, {trial.id for trial in self.study.trials}), self.seed_noise
        )
        resolved, reason = resolvable(candidates, self.study.question, images)
        more = beside(resolved, candidates, self.study.question)
        return f"{told(resolved, reason)} {more}".strip()

    @property
    def totals(self) -> dict[str, Any]:
        """Sums over the trials: `done`, `failed`, `hours`, `hours_left`, `cost`, `cost_left`, `max_memory_gb`."""
        return plans.totals(self.study, self.trials)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Its question, what it can decide, and what is left to do; first of all that it can hardly decide it."""
        sums = self.totals
        left = f"{tables.time(sums['hours_left'])} left on {self.basis.accelerator.name}, roughly"
        return (*plans.first_lines(self.study, self.resolves), f"{plans.numbers(sums)}; {left}.")

    def to_frame(self) -> pd.DataFrame:
        """One row a trial, its recipe left out."""
        import pandas as pd

        return pd.DataFrame([{key: row[key] for key in row if key != "recipe"} for row in self.trials])


def check_accelerator(study: Study, on: str | None) -> None:
    """Refuses the name of an accelerator that is not in the table, also where nothing is reckoned by it.

    Raises:
        StudyError: with the choices.
    """
    if on is not None:
        budget.basis(on, (), _folder_of(study))


def price_of(study: Study, folder: ResultsFolder, on: str | None, why: str) -> float:
    """Dollars that an hour of a study's training costs.

    Args:
        study: whose `accelerators.yaml` counts.
        folder: of its results: without `on`, the accelerator that its records were made on counts.
        on: the name of the accelerator.
        why: what needs the price, as `--max-cost 20`.

    Raises:
        UserError: if the accelerator has no price.
    """
    used = budget.basis(on or _limited_on(study), folder.training.read()[0], _folder_of(study)).accelerator
    if not used.dollars_per_hour:
        raise UserError(
            f"{why}: {used.name} has no price, so what its hours cost is not known; name an accelerator that has one "
            "(--on a100-40), or give it one in accelerators.yaml beside the study"
        )
    return used.dollars_per_hour


def _limited_on(study: Study) -> str | None:
    """The accelerator that the limits of a study are of."""
    return study.file.constraints.on if study.file.constraints else None


def _folder_of(study: Study) -> Path | None:
    return study.path.parent if study.path else None


def plan(
    study: Study | str | os.PathLike[str],
    results: str | os.PathLike[str] = "results",
    on: str | None = None,
    *,
    calibrate: bool = False,
    seed_noise: float | None = None,
) -> Plan:
    """Plans a study: its trials, what each needs, what is done, and what it can decide.

    Args:
        study: or its name, or the path of its file.
        results: the folder that holds a folder for each study.
        on: the accelerator that hours and money are of, as of `scaling plan --on`; None: the one that its records were
            made on, else this machine's processor.
        calibrate: first time a few training steps on this machine, which plans without records go by from then on.
        seed_noise: standard deviation between seeds (points of accuracy) that what it can decide is reckoned with, in
            place of what was measured or is assumed.

    Raises:
        UserError: for a study or an accelerator that there is none of, and what a run would refuse: results that would
            go into a file.
    """
    planned = study_of(study)
    if calibrate:
        _calibrate(planned)
    folder = ResultsFolder(Path(results) / planned.name)
    folder.check_place()
    records, _ = folder.training.read()
    done = {record.trial_id for record in records if record.ok}
    last = {record.trial_id: record.failure for record in records}
    failed = {name for name, end in last.items() if end and name not in done and end.kind not in RESUMED}
    if planned.file.search is not None:
        from scaling.generator import search

        planned = search.study_so_far(planned, folder)
    else:
        planned = without_left_out(planned, TimeLimits.read(planned, folder), done)
    by = budget.basis(on or _limited_on(planned), records, _folder_of(planned), calibration.of_training())
    return Plan(planned, tuple(plans.rows(planned, done, by, failed)), by, folder, seed_noise)


def _calibrate(study: Study) -> None:
    """Progress goes to standard error: standard output is the plan's."""
    from rich.console import Console

    from scaling import launch

    launch.calibrate(study, Console(stderr=True))
