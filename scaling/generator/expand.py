"""From a checked study file to its trials: cells to variants, recipes filled in, constraints applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args

from pydantic import ValidationError

from scaling import models
from scaling.datasets import DataError, check_batch, dataset_info
from scaling.errors import LONGEST_LIST
from scaling.generator import grid, scale
from scaling.generator.constraints import Constraints, Need, Removed, sift
from scaling.generator.errors import StudyError, explain, placed
from scaling.generator.grid import Cell
from scaling.generator.provenance import Origin, of_rule, origins
from scaling.generator.rules import RULES
from scaling.generator.strategies import Scaled
from scaling.generator.study_file import StudyFile, axes_of
from scaling.models import stages
from scaling.schema import Dataset, Precision, Recipe, Trial, Variant

if TYPE_CHECKING:
    from scaling.generator.budget import Basis

MAX_MISTAKES = LONGEST_LIST - 1
"""Said at once, with a line that there may be more; the rest of a large grid is usually more of the same."""

NOT_HERE = "0" * 16
"""Stands for the digest of weights that nobody looked for."""

_OF_RECIPE = frozenset(Recipe.model_fields)

Made = TypeVar("Made")
Planned: TypeAlias = tuple[Trial, Mapping[str, Origin]]


@dataclass(frozen=True)
class Expanded:
    """What a study file asks for.

    Attributes:
        trials: each once, in the order of the file, with the origin of every recipe value.
        removed: trials left out by constraints and slices.
        scaled: what the scaling strategies made.
    """

    trials: Mapping[Trial, Mapping[str, Origin]]
    removed: tuple[Removed, ...] = ()
    scaled: tuple[Scaled, ...] = ()


def expand(file: StudyFile, overridden: Sequence[str] = (), weights_are_here: bool = True) -> Expanded:
    """Expands a study file.

    Args:
        file: free of `study_file.problems`.
        overridden: places that `--set` wrote.
        weights_are_here: whether the files that `init` names are looked for; without them ids are not those of a run.

    Raises:
        StudyError: with the mistakes found, `MAX_MISTAKES` of them at most.
    """
    if file.search is not None:  # its trials are suggested one after another, see `search`
        return Expanded({})
    cells, scaled = _cells(file)
    trials: dict[Trial, Mapping[str, Origin]] = {}
    mistakes: dict[str, None] = {}
    for made in _planned(file, cells, overridden, weights_are_here):
        if isinstance(made, StudyError):
            mistakes |= dict.fromkeys(made.problems)
        else:
            trials.setdefault(*made)
        if len(mistakes) >= MAX_MISTAKES:
            raise StudyError([*list(mistakes)[:MAX_MISTAKES], "there may be more mistakes like these"])
    mistakes |= dict.fromkeys(_twice_by_auto(trials))
    if mistakes:
        raise StudyError(mistakes)
    if file.constraints is None and file.slices is None:
        return Expanded(trials, scaled=scaled)
    by = _reckoned_by(file.constraints)
    kept, removed = sift({trial: _need(trial, by) for trial in trials}, file.constraints, file.slices)
    return Expanded({trial: trials[trial] for trial in kept}, tuple(removed), scaled)


def _twice_by_auto(trials: Collection[Trial]) -> Iterator[str]:
    """Trials whose precision is the device's choice, which may be that of another: a seed would count twice."""
    for trial in trials:
        if trial.recipe.precision == "auto":
            for precision in get_args(Precision):
                chosen = trial.model_copy(update={"recipe": trial.recipe.model_copy(update={"precision": precision})})
                if chosen in trials:
                    yield (
                        f"precision: auto and {precision} for one network: where the device chooses {precision}, the "
                        "same training would count twice; write precision: [float32, mixed_bfloat16] to compare them"
                    )


def expand_cell(file: StudyFile, cell: Cell, overridden: Sequence[str] = ()) -> Planned:
    """The trial of one cell, and the origins of its recipe; cells of a `search` come one by one.

    Raises:
        StudyError: where it cannot be built or trained, or a constraint leaves it out.
    """
    (made,) = _planned(file, [cell], overridden)
    if isinstance(made, StudyError):
        raise made
    if file.constraints is not None:
        sift({made[0]: _need(made[0], _reckoned_by(file.constraints))}, file.constraints, None)
    return made


def _cells(file: StudyFile) -> tuple[Iterable[Cell], tuple[Scaled, ...]]:
    if file.scale is not None:
        info = dataset_info(file.dataset.name)
        return scale.cells(file.scale, file.across, file.family, file.recipe.get("epochs"), info)
    return grid.cells(file.grid or (), file.across, axes_of(file)), ()


def _planned(
    file: StudyFile, cells: Iterable[Cell], overridden: Sequence[str], weights_are_here: bool = True
) -> Iterator[Planned | StudyError]:
    """A trial or its mistakes for each cell. What cells have in common is made once: cells differ in a field or two.

    A recipe depends on the variant through rules alone.
    """
    variants: dict[str, Variant | StudyError] = {}
    recipes: dict[str, tuple[Recipe, Mapping[str, Origin]] | StudyError] = {}
    of_variant = {*axes_of(file), "options", "code"} - _OF_RECIPE - {"seed", "init"}
    for cell in cells:
        network = _part(cell, of_variant)
        built = repr((cell.block, network))
        variant = _once(variants, built, lambda cell=cell, network=network: _variant(file, cell, network))  # type: ignore[misc]
        if isinstance(variant, StudyError):
            yield variant
            continue
        trained = repr((built if file.rules else cell.block, _part(cell, _OF_RECIPE)))
        recipe = _once(recipes, trained, lambda c=cell, v=variant: _recipe(file, c, v, overridden))  # type: ignore[misc]
        if isinstance(recipe, StudyError):
            yield recipe
        else:
            yield _trial(file, cell, variant, *recipe, weights_are_here)


def _part(cell: Cell, fields: Collection[str]) -> list[tuple[str, str, object]]:
    """Axis, place and value of those of a cell's axes that are among a noun's fields."""
    return [(axis, cell.places[axis], value) for axis, value in cell.values.items() if axis in fields]


def _once(made: dict[str, Made | StudyError], key: str, make: Callable[[], Made]) -> Made | StudyError:
    if key not in made:
        try:
            made[key] = make()
        except StudyError as error:
            made[key] = error
    return made[key]


def _variant(file: StudyFile, cell: Cell, network: Iterable[tuple[str, str, object]]) -> Variant:
    try:
        values = {axis: value for axis, _, value in network}
        variant = models.family_of(str(values.get("family", file.family))).variant(values)
        models.check(variant)
    except ValidationError as error:
        raise StudyError(explain(error, Variant, cell.places, f"{cell.block}.")) from None
    except ValueError as error:
        raise StudyError([placed(error, cell.places, cell.block)]) from None
    return variant


def _recipe(
    file: StudyFile, cell: Cell, variant: Variant, overridden: Sequence[str]
) -> tuple[Recipe, Mapping[str, Origin]]:
    """Defaults, then rules, then the study's recipe, then the cell: each wins over those before it."""
    axes = {axis: value for axis, _, value in _part(cell, _OF_RECIPE)}
    own = file.recipe | axes
    filled, sources = _filled(file.rules, variant, own.get("epochs"))
    try:
        recipe = Recipe.model_validate(filled | own)
    except ValidationError as error:
        raise StudyError(explain(error, Recipe, cell.places, "recipe.")) from None
    try:
        check_batch(_trained_on(file.dataset), recipe.batch_size)
    except DataError as error:
        raise StudyError([f"{_recipe_places(cell)['batch_size']}: {error}"]) from None
    places = {axis: cell.places[axis] for axis in axes}
    return recipe, origins(Recipe.model_fields, places, file.recipe, sources, overridden)


def _trained_on(dataset: Dataset) -> int:
    """The number of training images."""
    return dataset.train_examples or dataset_info(dataset.name).trainable(dataset.validation_fraction)


def _filled(rules: Sequence[str], variant: Variant, epochs: Any) -> tuple[dict[str, object], dict[str, Origin]]:
    """Values by the rules for this family and their origins, by field; none while there are no epochs to go by."""
    values: dict[str, object] = {}
    sources: dict[str, Origin] = {}
    for index, name in enumerate(rules if isinstance(epochs, int) else ()):
        rule = RULES[name]
        if rule.family in (None, variant.family):
            try:
                filling = rule.fill(variant, epochs)
            except ValueError as error:
                raise StudyError([f"rules[{index}]: {name}: {error}"]) from None
            values |= {field: filled.value for field, filled in filling.items()}
            sources |= {field: of_rule(name, filled) for field, filled in filling.items()}
    return values, sources


def _trial(
    file: StudyFile,
    cell: Cell,
    variant: Variant,
    recipe: Recipe,
    sources: Mapping[str, Origin],
    weights_are_here: bool,
) -> Planned | StudyError:
    takes = models.family_of(variant.family).takes
    if unused := [rate for rate in ("dropout", "stochastic_depth") if getattr(recipe, rate) and rate not in takes]:
        places = {rate: cell.places.get(rate, f"recipe.{rate}") for rate in unused}
        return StudyError(f"{places[rate]}: family {variant.family} takes no {rate}" for rate in unused)
    try:
        init = _init(cell.values.get("init", file.init), variant, weights_are_here)
        stages.check(variant, recipe, init is not None)
    except ValueError as error:
        return StudyError([placed(error, _recipe_places(cell), "init")])
    try:
        trial = Trial(dataset=file.dataset, variant=variant, recipe=recipe, seed=cell.values.get("seed", 0), init=init)
    except ValidationError as error:
        return StudyError(explain(error, Trial, cell.places))
    return trial, sources


def _init(text: object, variant: Variant, is_here: bool) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError(f"init: a file, RESULTS/TRIAL or a results folder, not {text!r}")
    if not is_here:
        return NOT_HERE
    from scaling.generator import initial_weights  # few studies have some

    return initial_weights.digest_for(text, variant)


def _recipe_places(cell: Cell) -> Mapping[str, str]:
    """Where the fields of a recipe stand: in the cell, else in the study's own."""
    return {field: f"recipe.{field}" for field in _OF_RECIPE} | dict(cell.places)


def _reckoned_by(constraints: Constraints | None) -> Basis | None:
    """What hours and dollars are limited by; None where they are not."""
    if constraints is None or not constraints.is_reckoned:
        return None
    from scaling.generator.budget import Basis

    return Basis(constraints.accelerator)


def _need(trial: Trial, by: Basis | None) -> Need:
    """What constraints look at; few studies have some, and the others need not wait for what reckons it."""
    from scaling.generator.sizes import size
    from scaling.models.memory import training_memory_gb

    counted, recipe = size(trial.variant, dataset_info(trial.dataset.name)), trial.recipe
    need = {
        "macs": counted.macs,
        "params": counted.params,
        "activations": counted.activations,
        "memory_gb": training_memory_gb(counted, recipe.batch_size, recipe.precision),
    }
    if by is None:
        return need
    estimate = by.estimate(trial, counted)
    return need | {"train_hours": estimate.hours, "cost": estimate.cost}
