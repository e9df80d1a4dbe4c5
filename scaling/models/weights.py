"""Weights from a file into a model of ours, by name: the authors', timm's, Keras', or those of an earlier trial.

Every tensor of the file finds its variable and every variable its tensor, or nothing is loaded and the error lists what
did not fit. Only a head for other classes may stay as it was made. Needs no Keras: a model's variables say their names
and shapes and take values by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling.models import family_of, trained
from scaling.models.checkpoints import Tensors, files_of, open_checkpoint
from scaling.models.family import Blocks, Family, dashed
from scaling.models.layouts import Target, as_ours
from scaling.schema import Variant

Layouts: TypeAlias = tuple[Callable[[str], Target | None], ...]
"""Each from a tensor's name to where it goes."""

LISTED = 5
"""So many names of each kind stand in an error; the rest is a number."""


class Variable(Protocol):
    """What is needed of a `keras.Variable`."""

    shape: tuple[int, ...]
    path: str

    def assign(self, value: NDArray[np.float32]) -> Any: ...


class _Source(NamedTuple):
    """A tensor of the file, and the order of axes that makes it ours."""

    tensor: str
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Weights:
    """What a file holds for a network.

    Attributes:
        values: by our names, laid out as ours.
        new: names of the head's weights, where it is not taken from the file.
    """

    values: Mapping[str, NDArray[np.float32]]
    new: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"; the head is new ({', '.join(self.new)})" if self.new else ""
        return f"{len(self.values)} weights loaded{head}"


@dataclass
class _Account:
    """Which tensor goes where, and what does not fit."""

    sources: dict[str, _Source] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    left_over: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)


def load_weights(model: Any, variant: Variant, path: str | PathLike[str]) -> None:
    """Loads a file into a model that `scaling.models.build` made.

    The model normalises images itself, by the `mean` and `std` it was built with; those that weights were trained with
    are mostly (0.485, 0.456, 0.406) and (0.229, 0.224, 0.225).

    Args:
        model: a `keras.Model` of that variant.
        variant: of a family that reads checkpoints, with the options that they were trained with.
        path: see `read`.

    Raises:
        ValueError: where file and model are not the same network; nothing has been loaded then.
        FileNotFoundError: where there is no file.
    """
    ours = variables(model)
    weights = read(Path(path), variant, {name: tuple(variable.shape) for name, variable in ours.items()})
    for name, variable in ours.items():
        variable.assign(weights.values[name])


def read(
    path: Path,
    variant: Variant,
    shapes: Mapping[str, tuple[int, ...]],
    head: Collection[str] = (),
    dataset: str | None = None,
    averaged: bool | None = None,
) -> Weights:
    """Reads what a file holds for a network.

    Args:
        path: of what `scaling.models.checkpoints.open_checkpoint` reads.
        variant: the network.
        shapes: of all its weights, by our names.
        head: those of them that may be new, where the file's are for other classes.
        dataset: what the head is for; a head of our own files is new where it was for another. None: any.
        averaged: of our own files, which of the two; None: those whose accuracy was the trial's.

    Raises:
        ValueError: where the file is not of this network, naming another depth where that is what is wrong.
        FileNotFoundError: where there is no file.
    """
    family = family_of(variant.family)
    with open_checkpoint(path) as tensors:
        about = trained.about(path, tensors.about)
        if about is not None:
            tensors = trained.chosen(tensors, about.averaged if averaged is None else averaged)
            new = set(head) if dataset is not None and about.trial.dataset.name != dataset else set()
            layouts: Layouts = (as_ours,)
        elif reason := family.unloadable(variant):
            raise ValueError(reason)
        else:
            new, layouts = set(), family.layouts(variant)
        sources, new = _matched(path, tensors, shapes, family, variant, layouts, head, new)
        values = {name: _laid_out(tensors.read(source), axes) for name, (source, axes) in sources.items()}
    return Weights(values, tuple(name for name in shapes if name in new))


def check(path: Path, variant: Variant) -> None:
    """Stops at a file that cannot be of this network, before anything is built: as far as that is known without Keras.

    Raises:
        ValueError, FileNotFoundError: as `read`.
    """
    if len(files_of(path)) > 1:
        return  # TensorFlow reads these, and would have to be loaded
    family = family_of(variant.family)
    with open_checkpoint(path) as tensors:
        about = trained.about(path, tensors.about)
        if about is None:
            if reason := family.unloadable(variant):
                raise ValueError(reason)
            layouts = family.layouts(variant)
            targets = {name: _target(name, layouts) for name in tensors.shapes}
            if strange := [name for name, target in targets.items() if not (target or family.ignored(name))]:
                raise ValueError(f"{path}: not a network of {variant.family}\n{_listed('left over', strange)}")
            if problem := _of_other_depth(family, variant, [target.name for target in targets.values() if target]):
                raise ValueError(f"{path}: {problem}")
        elif (held := unsized(about.trial.variant)) != (wanted := unsized(variant)):
            its, ours = (network.name.partition("@")[0] for network in (held, wanted))
            differs = f"not of {ours}" if its != ours else "with other options or other code"
            raise ValueError(f"{path}: weights of {its}, {differs}")


def variables(model: Any) -> dict[str, Variable]:
    """A model's weights by `layer/variable`, batch-norm statistics among them, random seeds not.

    Layers of a family from outside are called by their places, since Keras numbers names as they come: `12/kernel`.
    """
    if getattr(model, "anew", None) is not None:
        return {f"{place}/{variable.name}": variable for place, variable in enumerate(model.weights)}
    return {f"{layer.name}/{variable.name}": variable for layer in model.layers for variable in layer.weights}


def head_of(model: Any) -> frozenset[str]:
    """The names of the last layer's weights, whose number is that of classes."""
    names = list(variables(model))
    if getattr(model, "anew", None) is None:
        return frozenset(name for name in names if name.partition("/")[0] == names[-1].partition("/")[0])
    last = next(layer for layer in reversed(model.layers) if layer.weights)
    while getattr(last, "layers", None):
        last = next(layer for layer in reversed(last.layers) if layer.weights)
    return frozenset(names[-len(last.weights) :])


def unsized(variant: Variant) -> Variant:
    """A network at no resolution in particular."""
    return variant.model_copy(update={"resolution": 1})


def _matched(
    path: Path,
    tensors: Tensors,
    ours: Mapping[str, tuple[int, ...]],
    family: Family,
    variant: Variant,
    layouts: Layouts,
    head: Collection[str],
    new: set[str],
) -> tuple[dict[str, _Source], set[str]]:
    """By variable, the tensor it takes; and those that stay as they were made.

    Raises:
        ValueError: naming another depth where that is what is wrong, else listing what does not fit.
    """
    account = _account(tensors, ours, family, layouts, head, new)
    missing = [name for name in ours if name not in account.sources and name not in account.new]
    if not (missing or account.left_over or account.shapes):
        return account.sources, account.new
    if not tensors.numbered and (problem := _of_other_depth(family, variant, account.sources)):
        raise ValueError(f"{path}: {problem}")
    kinds = {"missing": missing, "left over": account.left_over, "of another shape": account.shapes}
    raise ValueError("\n".join([f"{path}: not this network"] + [_listed(kind, names) for kind, names in kinds.items()]))


def _of_other_depth(family: Family, variant: Variant, names: Iterable[str]) -> str | None:
    """What is wrong with the blocks that a file holds, by our names of its weights; None where nothing is."""
    if not family.blocks or not (held := _blocks(names)) or held == (wanted := family.blocks(variant)):
        return None
    whose = _whose(family, variant, held)
    return f"blocks {dashed(held)}{whose}; the model is depth {variant.depth:g} with {dashed(wanted)}"


def _target(name: str, layouts: Layouts) -> Target | None:
    return next(filter(None, (layout(name) for layout in layouts)), None)


def _account(
    tensors: Tensors,
    ours: Mapping[str, tuple[int, ...]],
    family: Family,
    layouts: Layouts,
    head: Collection[str],
    new: set[str],
) -> _Account:
    """Finds each tensor its place. A head of another shape is new whole: its kernel and its bias."""
    account = _Account(new=set(new))
    for source, shape in tensors.shapes.items():
        target = _target(source, layouts)
        if target is None:
            if not family.ignored(source):
                account.left_over.append(source)
            continue
        if target.name not in ours or target.name in account.sources:
            account.left_over.append(source)
        elif (laid := _laid(shape, target.axes)) != (wanted := ours[target.name]):
            if target.name in head:
                account.new = set(head)
            else:
                account.shapes.append(f"{source} gives {laid} for {target.name} {wanted}")
        account.sources.setdefault(target.name, _Source(source, target.axes))
    account.sources = {name: source for name, source in account.sources.items() if name not in account.new}
    return account


def _laid_out(tensor: NDArray[Any], axes: tuple[int, ...]) -> NDArray[np.float32]:
    """A tensor of a file as ours."""
    values = np.asarray(tensor, np.float32)
    return _padded(values, axes).transpose(axes) if axes else values


def _laid(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its axes in our order; as it is where it has more. Axes that it lacks at its end are of size 1."""
    if not axes:
        return shape
    whole = shape + (1,) * (len(axes) - len(shape))
    return tuple(whole[axis] for axis in axes) if len(whole) == len(axes) else shape


def _padded(values: NDArray[np.float32], axes: tuple[int, ...]) -> NDArray[np.float32]:
    """A dense layer's `(out, in)` as a convolution's `(out, in, 1, 1)`, where that is what we have."""
    return values.reshape(values.shape + (1,) * (len(axes) - values.ndim))


def _whose(family: Family, variant: Variant, blocks: Blocks) -> str:
    """Which named depth has these blocks."""
    for member in family.named.values():
        alike = variant.model_copy(update={"depth": member.depth, "blocks": None})
        if family.blocks and family.blocks(alike) == blocks:
            return f", which is depth {member.depth:g}"
    return ""


def _blocks(names: Iterable[str]) -> Blocks:
    """Blocks of each stage among our names of what a file holds."""
    matches = [match for name in names if (match := re.match(r"stage(\d)_block(\d+)_", name))]
    stages = sorted({int(m[1]) for m in matches})
    return tuple(max(int(m[2]) for m in matches if int(m[1]) == stage) for stage in stages)


def _listed(kind: str, names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"  {kind}: {', '.join(names[:LISTED]) or 'nothing'}{more}"
