"""A study file, checked, and the trials it asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scaling.datasets import dataset_info
from scaling.errors import did_you_mean, listed
from scaling.generator import answer_problems, authors_config, search_space, yaml_file
from scaling.generator.constraints import LeftOut, Removed
from scaling.generator.errors import StudyError, explain
from scaling.generator.expand import expand
from scaling.generator.provenance import Origin, assigned
from scaling.generator.search_space import Axis
from scaling.generator.strategies import Scaled
from scaling.generator.study_file import StudyFile, axes_of, problems, with_chosen_split
from scaling.generator.yaml_file import refuse_extremes
from scaling.results.records import ResultsFolder
from scaling.results.shipped import shipped
from scaling.schema import LatencyRequest, Question, Runtime, Trial, Variant

STUDIES = Path("studies")

SUFFIXES = (".yaml", ".yml")
"""Of study files."""

KERAS: tuple[Runtime, ...] = ("keras",)


@dataclass(frozen=True, repr=False)
class Study:
    """A checked study.

    Attributes:
        file: what was written.
        trials: each once, in the order of the file.
        removed: trials that constraints and slices left out before anything was run.
        left_out: networks whose recorded times are beyond a limit; see `time_limits.without_left_out`.
        scaled: what the scaling strategies made, with how close they came.
        origins: where each recipe value of a trial came from, by field; see `provenance`.
        overridden: places that `--set` wrote.
        suggested: of a search, the trials that are not trained yet; see `search.study_so_far`.
        axes: that a search searches, by name.
        path: the file that it was read from; None where it was made.
        split_is_chosen: whether the validation fraction was chosen by the number of images, as the file does not say.
    """

    file: StudyFile
    trials: tuple[Trial, ...]
    removed: tuple[Removed, ...] = ()
    scaled: tuple[Scaled, ...] = ()
    origins: Mapping[Trial, Mapping[str, Origin]] = field(default_factory=dict, repr=False)
    overridden: tuple[str, ...] = ()
    suggested: tuple[Trial, ...] = ()
    axes: Mapping[str, Axis] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    path: Path | None = None
    split_is_chosen: bool = False

    def __repr__(self) -> str:
        """Its name, its question and how many trials it has."""
        return f"{self.name}: {self.file.question} ({len(self.trials)} trials)"

    @property
    def name(self) -> str:
        return self.file.study

    @property
    def question(self) -> Question:
        """What it is run to answer, with what its scaling strategies made."""
        made: dict[str, tuple[Variant, ...]] = {}
        for scaled in self.scaled:
            if scaled.variant not in (known := made.get(scaled.strategy, ())):
                made[scaled.strategy] = (*known, scaled.variant)
        return Question(self.file.question, self.file.answer, made, self.file.search is not None)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Each variant once, in order of first use."""
        return tuple(dict.fromkeys(trial.variant for trial in self.trials))

    @property
    def timings(self) -> tuple[LatencyRequest, ...]:
        """What is to be timed: each variant once for each phase, and its inference with each runtime."""
        return tuple(request for variant in self.variants for request in self.timings_of(variant))

    def timings_of(self, variant: Variant) -> tuple[LatencyRequest, ...]:
        """What is to be timed of a variant."""
        info, plan = dataset_info(self.file.dataset.name), self.file.latency
        return tuple(
            LatencyRequest(
                variant=variant,
                classes=info.classes,
                channels=info.channels,
                phase=phase,
                batch_size=plan.batch_size,
                precision=plan.precision,
                runtime=runtime,
            )
            for phase in self.file.phases
            for runtime in (plan.runtimes if phase == "inference" else KERAS)
        )

    def to_yaml(self) -> str:
        """The study as a study file, overrides written in; without a storage's URL, which may hold a password."""
        content = self.file.model_dump(mode="json", exclude_defaults=True, exclude={"search": {"storage"}})
        return yaml.safe_dump(content, sort_keys=False, width=120)


def load(name: str, overrides: Iterable[str] = (), weights_are_here: bool = True) -> Study:
    """Finds, reads and checks a study.

    Args:
        name: a name under `studies/`, the path of a study file or of one of the authors' configuration files, or a
            results folder, which holds its study as it was run.
        overrides: `path=value` assignments, see `yaml_file.override`.
        weights_are_here: as of `check`.

    Raises:
        StudyError: with every mistake found, each with its place.
    """
    path = find(name)
    overrides = tuple(overrides)
    content = yaml_file.load(path)
    with _at(path):
        if authors_config.is_one(content):
            content = authors_config.study_of(content, path.stem)
    content = yaml_file.override(content, overrides)
    with _at(path):
        return replace(check(content, overrides, weights_are_here), path=path)


@contextlib.contextmanager
def _at(path: Path) -> Iterator[None]:
    """Puts the file's name before each mistake."""
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{path}: {problem}" for problem in error.problems) from None


def find(name: str) -> Path:
    """The study file that a name, a path or a results folder means.

    Raises:
        StudyError: if there is none.
    """
    as_path = Path(name)
    if as_path.suffix in SUFFIXES:
        if as_path.is_file():
            return as_path
        raise StudyError([f"{name}: no such file"])
    known = available()
    if name in known:
        return known[name]
    if as_path.is_dir():
        return _inside(as_path)
    here = [f"{name}{suffix}" for suffix in SUFFIXES if Path(f"{name}{suffix}").is_file()]
    if here:
        raise StudyError(
            [f"no study named {name!r} ships with the toolkit; to use the file {here[0]}, write {here[0]}"]
        )
    raise StudyError([f"study {name!r} is not known{did_you_mean(name, known)}"])


def _inside(folder: Path) -> Path:
    """The study file of a results folder.

    Raises:
        StudyError: if it is another folder.
    """
    file = ResultsFolder(folder).study_file
    if file.is_file():
        return file
    there = sorted(str(path) for path in folder.iterdir() if path.suffix in SUFFIXES)
    files = f"; its files are {', '.join(listed(there))}" if there else ""
    raise StudyError(
        [f"{folder} is a folder without {file.name}; give the path of a study file, a results folder or a name{files}"]
    )


def available() -> dict[str, Path]:
    """Study files by name: those of `./studies`, then those that ship."""
    from scaling.generator import accelerators  # whoever names a file need not wait for it

    roots = (STUDIES, shipped(str(STUDIES)))
    return {
        path.relative_to(root).with_suffix("").as_posix(): path
        for root in reversed(roots)
        for path in sorted(root.rglob("*.yaml"))
        if path.name != accelerators.USER_FILE
    }


def check(content: dict[str, Any], overrides: Iterable[str] = (), weights_are_here: bool = True) -> Study:
    """Checks a study file's content and expands it.

    Args:
        content: with the overrides made.
        overrides: that were made, for the origins of values.
        weights_are_here: whether the files that `init` names are looked for, as they must be before a study is run; a
            list of studies does not need them.

    Raises:
        StudyError: with every mistake found.
    """
    refuse_extremes(content)
    try:
        written = StudyFile.model_validate(content)
    except ValidationError as error:
        raise StudyError(explain(error, StudyFile, {})) from None
    file = with_chosen_split(written)
    if mistakes := list(problems(file)):
        raise StudyError(mistakes)
    overridden = assigned(overrides)
    expanded = expand(file, overridden, weights_are_here)
    axes = search_space.check(file.search, file.across, file.recipe, axes_of(file)) if file.search else {}
    checked = Study(
        file,
        tuple(expanded.trials),
        expanded.removed,
        expanded.scaled,
        expanded.trials,
        overridden,
        axes=axes,
        split_is_chosen=file is not written,
    )
    if mistakes := list(answer_problems.problems(checked.question)):
        raise StudyError(mistakes)
    return checked


def find_trial(study: Study, trial_id: str) -> Trial:
    """The trial with an id, or with the only one that begins so.

    Raises:
        StudyError: if no trial or several begin so.
    """
    matching = [trial for trial in study.trials if trial.id.startswith(trial_id)]
    if len(matching) != 1:
        several = f"{len(matching)} trials begin so" if matching else "there is no such trial"
        shown = ", ".join(trial.id for trial in (matching or study.trials)[:3])
        raise StudyError([f"trial {trial_id!r} of {study.name}: {several}; for instance {shown}"])
    return matching[0]


def provenance(study: Study, trial_id: str) -> list[tuple[str, Any, Origin]]:
    """Each value of a trial's recipe by field, and where it came from; `trial_id` as for `find_trial`."""
    trial = find_trial(study, trial_id)
    return [(field, getattr(trial.recipe, field), origin) for field, origin in study.origins[trial].items()]
