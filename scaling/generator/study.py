"""A study file, checked, and the trials it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from scaling.datasets import DATASETS, DatasetFacts
from scaling.generator import yaml_file
from scaling.generator.errors import StudyError, did_you_mean, explain
from scaling.generator.grid import Cell, cells
from scaling.generator.rules import RULES
from scaling.models import describe
from scaling.schema import (
    Dataset,
    Family,
    LatencyPlan,
    LatencyRequest,
    Noun,
    Recipe,
    Trial,
    Variant,
)

STUDIES = Path("studies")


class StudyFile(Noun):
    """What a study file may say.

    Attributes:
        study: its name and its folder's under `results/`.
        question: what its figure answers.
        paper: the figure or table of arXiv 2103.07579 that asks the same.
        cost: what running it took, where and when.
        dataset, family: of every trial; a grid block may name another family.
        grid: blocks of axes; the union of their cross products.
        across: axes crossed with every block.
        rules: names of `rules.RULES`; a later one wins.
        recipe: values for all trials; they win over rules, axes win over them.
        latency: what to time.
    """

    study: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*$")]
    question: str
    paper: str | None = None
    cost: str | None = None
    dataset: Dataset
    family: Family = "resnet_rs"
    grid: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]
    across: dict[str, Any] = {}
    rules: tuple[str, ...] = ()
    recipe: dict[str, Any] = {}
    latency: LatencyPlan = LatencyPlan()


@dataclass(frozen=True)
class Study:
    """A checked study: every trial once, in the order of the file."""

    file: StudyFile
    trials: tuple[Trial, ...]

    @property
    def name(self) -> str:
        return self.file.study

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Each variant once, in order of first use."""
        return tuple(dict.fromkeys(trial.variant for trial in self.trials))

    @property
    def timings(self) -> tuple[LatencyRequest, ...]:
        """What is to be timed: each variant once for each phase."""
        facts, plan = DATASETS[self.file.dataset.name], self.file.latency
        return tuple(
            LatencyRequest(
                variant=variant,
                classes=facts.classes,
                channels=facts.channels,
                phase=phase,
                batch_size=plan.batch_size,
                precision=plan.precision,
            )
            for variant in self.variants
            for phase in plan.phases
        )

    def to_yaml(self) -> str:
        """The study as a study file, overrides written in."""
        return yaml.safe_dump(self.file.model_dump(mode="json", exclude_defaults=True), sort_keys=False, width=120)


def load(name: str, overrides: Iterable[str] = ()) -> Study:
    """Finds, reads and checks a study.

    Args:
        name: a name under `studies/`, or a path.
        overrides: `path=value` assignments, see `yaml_file.override`.

    Raises:
        StudyError: with every mistake found, each with its place.
    """
    path = find(name)
    content = yaml_file.override(yaml_file.load(path), overrides)
    try:
        return check(content)
    except StudyError as error:
        raise StudyError(f"{path}: {problem}" for problem in error.problems) from None


def find(name: str) -> Path:
    """The study file that a name or path means.

    Raises:
        StudyError: if there is none.
    """
    as_path = Path(name)
    if as_path.suffix in (".yaml", ".yml"):
        if as_path.is_file():
            return as_path
        raise StudyError([f"{name}: no such file"])
    known = available()
    if name in known:
        return known[name]
    raise StudyError([f"study {name!r} is not known{did_you_mean(name, known)}"])


def available() -> dict[str, Path]:
    """Study files by name: those of `./studies`, then those of the checkout that this package stands in."""
    roots = (STUDIES, Path(__file__).resolve().parents[2] / STUDIES)
    return {
        path.relative_to(root).with_suffix("").as_posix(): path
        for root in reversed(roots)
        for path in sorted(root.rglob("*.yaml"))
    }


def check(content: dict[str, Any]) -> Study:
    """Checks a study file's content and expands it.

    Raises:
        StudyError: with every mistake found.
    """
    try:
        file = StudyFile.model_validate(content)
    except ValidationError as error:
        raise StudyError(explain(error, StudyFile, {})) from None
    problems = list(_problems(file))
    if problems:
        raise StudyError(problems)
    trials, mistakes = _expand(file)
    if mistakes:
        raise StudyError(mistakes)
    return Study(file, tuple(dict.fromkeys(trials)))


def _problems(file: StudyFile) -> Iterator[str]:
    name, wanted = file.dataset.name, file.dataset.train_examples
    if name not in DATASETS:
        yield f"dataset.name: {name!r} is not a data set{did_you_mean(name, DATASETS)}"
    elif wanted and wanted > (most := _train_pictures(DATASETS[name], file.dataset)):
        yield f"dataset.train_examples: {wanted} of {most} training pictures (validation taken out)"
    for index, rule in enumerate(file.rules):
        if rule not in RULES:
            yield f"rules[{index}]: {rule!r} is not a rule{did_you_mean(rule, RULES)}"
    for field in file.recipe:
        if field not in Recipe.model_fields:
            yield f"recipe.{field}: unknown field{did_you_mean(field, Recipe.model_fields)}"
        elif field in file.across or any(field in block for block in file.grid):
            yield f"recipe.{field}: also an axis of the grid; keep one"


def _train_pictures(facts: DatasetFacts, dataset: Dataset) -> int:
    return facts.train - round(facts.train * dataset.validation_fraction)


def _expand(file: StudyFile) -> tuple[list[Trial], list[str]]:
    trials: list[Trial] = []
    mistakes: list[str] = []
    for cell in cells(file.grid, file.across):
        try:
            trials.append(_trial(file, cell))
        except StudyError as error:
            mistakes += error.problems
    return trials, mistakes


def _trial(file: StudyFile, cell: Cell) -> Trial:
    variant = _variant(file, cell)
    recipe = _recipe(file, cell, variant)
    try:
        return Trial(dataset=file.dataset, variant=variant, recipe=recipe, seed=cell.values.get("seed", 0))
    except ValidationError as error:
        raise StudyError(explain(error, Trial, cell.places)) from None


def _variant(file: StudyFile, cell: Cell) -> Variant:
    values = {"family": file.family} | {k: v for k, v in cell.values.items() if k in Variant.model_fields}
    facts = DATASETS[file.dataset.name]
    try:
        variant = Variant.model_validate(values)
        describe(variant, channels=facts.channels, classes=facts.classes)
    except ValidationError as error:
        raise StudyError(explain(error, Variant, cell.places, f"{cell.block}.")) from None
    except ValueError as error:
        axis = str(error).split()[0]
        raise StudyError([f"{cell.places.get(axis, cell.block)}: {error}"]) from None
    return variant


def _recipe(file: StudyFile, cell: Cell, variant: Variant) -> Recipe:
    """Defaults, then rules, then the study's recipe, then the cell: each wins over those before it."""
    own = file.recipe | {k: v for k, v in cell.values.items() if k in Recipe.model_fields}
    epochs = own.get("epochs")
    filled: dict[str, Any] = {}
    if isinstance(epochs, int):
        for index, name in enumerate(file.rules):
            try:
                filled |= RULES[name].fill(variant, epochs)
            except ValueError as error:
                raise StudyError([f"rules[{index}]: {name}: {error}"]) from None
    try:
        return Recipe.model_validate(filled | own)
    except ValidationError as error:
        raise StudyError(explain(error, Recipe, cell.places, "recipe.")) from None
