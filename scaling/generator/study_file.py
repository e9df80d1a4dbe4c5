"""What a study file may say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from scaling.datasets import DataError, dataset_info, default_fraction
from scaling.errors import did_you_mean
from scaling.generator import constraints
from scaling.generator.constraints import Constraints, Slices
from scaling.generator.grid import AXES
from scaling.generator.rules import RULES
from scaling.generator.scale import Scale
from scaling.generator.search_space import Search
from scaling.models import family_of
from scaling.models.family import Option
from scaling.results.records import REFERENCE
from scaling.schema import AnswerPlan, Dataset, FamilyName, LatencyPlan, Noun, Phase, Recipe

WAYS = ("grid", "scale", "search")
"""How a study names its trials; it has exactly one of them."""


class StudyFile(Noun):
    """A study file: a question, the trials that answer it, and what is timed.

    A study names its trials in exactly one of three ways: `grid`, `scale` or `search`.

    Attributes:
        study: name of the study, in lower-case letters, digits and underscores; slashes make folders. Its results are
            written to the folder of this name under `results/`.
        question: the question that the study is run to answer.
        answer: what is compared to answer the question, and at equal what. By default, what the trials show.
        paper: the figure or table of arXiv 2103.07579 that asks the same question.
        cost: what running the study took, on which machine and when; a note for readers.
        dataset: the images of all trials.
        family: family of all networks, unless a block of axes names another; docs/families.md says how to add one of
            your own, as `module:function`.
        grid: blocks of axes. Each block stands for every combination of its values; the study is all blocks together.
        scale: a base network that scaling strategies grow to several sizes.
        search: ranges and choices from which a sampler of Optuna suggests one trial after another.
        across: axes that are combined with every block of `grid` or every network of `scale`; with `search`, one value
            for each axis.
        constraints: upper limits. Trials beyond one of them are left out.
        slices: sizes to compare at. Trials that are near none of them are left out; not with `search`.
        rules: names of rules that fill in the recipe of each network; a later rule wins over an earlier one.
        recipe: values of the recipe for all trials. They win over rules; an axis of the same name is a mistake.
        latency: what is timed of each network.
        init: weights that trainings begin with: a file, a results folder or a trial in it; see docs/weights.md. By
            default, random ones from the seed.
    """

    study: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*$")]
    question: str
    answer: AnswerPlan | None = None
    paper: str | None = None
    cost: str | None = None
    dataset: Dataset
    family: FamilyName = "resnet_rs"
    grid: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)] | None = None
    scale: Scale | None = None
    search: Search | None = None
    across: dict[str, Any] = {}
    constraints: Constraints | None = None
    slices: Slices | None = None
    rules: tuple[str, ...] = ()
    recipe: dict[str, Any] = {}
    latency: LatencyPlan = LatencyPlan()
    init: str | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What is timed of each variant; a search times what its objectives and limits need, and what the file asks."""
        if self.search is None:
            return self.latency.phases
        asked = self.latency.phases if "phases" in self.latency.model_fields_set else ()
        limited = self.constraints.phases if self.constraints else ()
        return tuple(dict.fromkeys((*self.search.phases, *limited, *asked)))


def axes_of(file: StudyFile) -> tuple[str, ...]:
    """What a block may vary: fields of variant and recipe, the seed, and the options of the families it names."""
    return tuple(dict.fromkeys([*AXES, *options_of(file)]))


def options_of(file: StudyFile) -> dict[str, Option]:
    """The options of the families that a study file names."""
    return {name: option for _, family in _families(file) for name, option in family_of(family).options.items()}


def _families(file: StudyFile) -> Iterator[tuple[str, str]]:
    """Each family that a file names, with its place."""
    blocks = [(f"grid[{index}]", block) for index, block in enumerate(file.grid or ())]
    blocks += [("scale.base", file.scale.base)] if file.scale else []
    blocks += [("search.space", file.search.space)] if file.search else []
    yield "family", file.family
    for place, block in (*blocks, ("across", file.across)):
        names = block.get("family", [])
        for name in names if isinstance(names, list) else [names]:
            yield f"{place}.family", str(name)


def _family_problems(file: StudyFile) -> Iterator[str]:
    for place, name in _families(file):
        try:
            family_of(name)
        except ValueError as error:
            yield f"{place}: {error}"


def with_chosen_split(file: StudyFile) -> StudyFile:
    """The file with the validation fraction of its data set written in, where it does not say and the set has its own.

    It is written into the trials, and so into their ids: a default that changed with the images would go unnoticed.
    """
    dataset = file.dataset
    if "validation_fraction" in dataset.model_fields_set:
        return file
    try:
        fraction = default_fraction(dataset.name)
    except DataError:  # `problems` says it, with its place
        return file
    if fraction is None:
        return file
    return file.model_copy(update={"dataset": dataset.model_copy(update={"validation_fraction": fraction})})


def problems(file: StudyFile) -> Iterator[str]:
    """What can be said against a study file before it is expanded."""
    if file.study.split("/")[0] == REFERENCE:
        yield f"study: results/{REFERENCE}/ is for the runs that come with the project; choose another name"
    given = [way for way in WAYS if getattr(file, way) is not None]
    if len(given) != 1:
        yield f"{' and '.join(given) or ' or '.join(WAYS)}: a study has exactly one of {', '.join(WAYS)}"
    yield from _family_problems(file)
    yield from _dataset_problems(file.dataset)
    if file.latency.precision != "float32" and file.latency.runtimes != ("keras",):
        yield f"latency.runtimes: others than keras compute in float32; latency.precision is {file.latency.precision}"
    for index, rule in enumerate(file.rules):
        if rule not in RULES:
            yield f"rules[{index}]: {rule!r} is not a rule{did_you_mean(rule, RULES)}"
    if file.constraints is not None:
        yield from constraints.problems(file.constraints, file.latency, file.slices, is_search=file.search is not None)
    if file.search is not None and file.slices is not None:
        yield "slices: for a grid or scale; a search finds its sizes itself"
    searched = [file.search.space] if file.search else []
    blocks = [file.across, *(file.grid or ()), *searched]
    if file.init is not None and any("init" in block for block in blocks):
        yield "init: also an axis of the grid; keep one"
    yield from _recipe_problems(file.recipe, blocks)


def _dataset_problems(dataset: Dataset) -> Iterator[str]:
    name = dataset.name
    try:
        info = dataset_info(name)
    except DataError as error:
        yield f"dataset.name: {error}"
        return
    if dataset.resize != "bicubic" and info.in_memory:
        yield f"dataset.resize: {dataset.resize!r} is for images in files; {name} is kept in memory"
    splits = info.splits(dataset.validation_fraction)
    if problem := splits.problem():
        yield f"dataset.validation_fraction: {dataset.validation_fraction:g} leaves {problem}"
    elif problem := splits.shortage(dataset.train_examples):
        yield f"dataset.train_examples: {problem}"


def _recipe_problems(recipe: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for field in recipe:
        if field not in Recipe.model_fields:
            yield f"recipe.{field}: unknown field{did_you_mean(field, Recipe.model_fields)}"
        elif any(field in block for block in blocks):
            yield f"recipe.{field}: also an axis of the grid; keep one"
