"""Weights from outside: a file of timm's or Keras' into a model of ours, by name.

Both hold what authors released, converted, and more. Every tensor of the file finds its variable and every variable
its tensor, or nothing is loaded and the error lists what did not fit. Needs no Keras: a model's variables say their
names and shapes and take values by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scaling.models import family_of
from scaling.models.checkpoints import Tensors, open_checkpoint
from scaling.models.family import Blocks, Family, dashed
from scaling.schema import Variant

LISTED = 5
"""So many names of each kind stand in an error; the rest is a number."""


class Variable(Protocol):
    """What is needed of a `keras.Variable`."""

    shape: tuple[int, ...]

    def assign(self, value: NDArray[np.float32]) -> Any: ...


class _Source(NamedTuple):
    """A tensor of the file, and the order of axes that makes it ours."""

    tensor: str
    axes: tuple[int, ...]


@dataclass
class _Account:
    """Which tensor goes where, and what does not fit."""

    sources: dict[str, _Source] = field(default_factory=dict)
    left_over: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)


def load_weights(model: Any, variant: Variant, path: str | PathLike[str]) -> None:
    """Loads a file into a model that `scaling.models.build` made.

    The model normalises images itself, by the `mean` and `std` it was built with; those that weights were trained with
    are mostly (0.485, 0.456, 0.406) and (0.229, 0.224, 0.225).

    Args:
        model: a `keras.Model` of that variant.
        variant: of a family that reads checkpoints, with the options that they were trained with.
        path: timm's as `.safetensors`, or Keras' as `.h5`.

    Raises:
        ValueError: where file and model are not the same network; nothing has been loaded then.
        FileNotFoundError: where there is no file.
    """
    path = Path(path)
    family = family_of(variant.family)
    if reason := family.unloadable(variant):
        raise ValueError(reason)
    with open_checkpoint(path) as tensors:
        sources = _matched(path, tensors, variables(model), family, variant)
        values = {name: np.asarray(tensors.read(source), np.float32) for name, (source, _) in sources.items()}
    for name, variable in variables(model).items():
        variable.assign(_padded(values[name], sources[name].axes).transpose(sources[name].axes))


def variables(model: Any) -> dict[str, Variable]:
    """A model's weights by `layer/variable`, batch-norm statistics among them, random seeds not."""
    return {f"{layer.name}/{variable.name}": variable for layer in model.layers for variable in layer.weights}


def _matched(
    path: Path, tensors: Tensors, ours: Mapping[str, Variable], family: Family, variant: Variant
) -> dict[str, _Source]:
    """By variable, the tensor it takes.

    Raises:
        ValueError: naming another depth where that is what is wrong, else listing what does not fit.
    """
    account = _account(tensors, ours, family, variant)
    missing = [name for name in ours if name not in account.sources]
    if not (missing or account.left_over or account.shapes):
        return account.sources
    if family.blocks and (held := _blocks(account.sources)) and held != (wanted := family.blocks(variant)):
        whose = _whose(family, variant, held)
        raise ValueError(
            f"{path}: blocks {dashed(held)}{whose}; the model is depth {variant.depth:g} with {dashed(wanted)}"
        )
    kinds = {"missing": missing, "left over": account.left_over, "of another shape": account.shapes}
    raise ValueError("\n".join([f"{path}: not this network"] + [_listed(kind, names) for kind, names in kinds.items()]))


def _account(tensors: Tensors, ours: Mapping[str, Variable], family: Family, variant: Variant) -> _Account:
    account, known = _Account(), family.layouts(variant)
    for source, shape in tensors.shapes.items():
        target = next(filter(None, (layout(source) for layout in known)), None)
        if target is None:
            if not family.ignored(source):
                account.left_over.append(source)
            continue
        if target.name not in ours or target.name in account.sources:
            account.left_over.append(source)
        elif (laid := _laid(shape, target.axes)) != (wanted := tuple(ours[target.name].shape)):
            account.shapes.append(f"{source} gives {laid} for {target.name} {wanted}")
        account.sources.setdefault(target.name, _Source(source, target.axes))
    return account


def _laid(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its axes in our order; as it is where it has more. Axes that it lacks at its end are of size 1."""
    whole = shape + (1,) * (len(axes) - len(shape))
    return tuple(whole[axis] for axis in axes) if len(whole) == len(axes) else shape


def _padded(values: NDArray[np.float32], axes: tuple[int, ...]) -> NDArray[np.float32]:
    """A dense layer's `(out, in)` as a convolution's `(out, in, 1, 1)`, where that is what we have."""
    return values.reshape(values.shape + (1,) * (len(axes) - values.ndim))


def _whose(family: Family, variant: Variant, blocks: Blocks) -> str:
    """Which named depth has these blocks."""
    for its in family.named.values():
        alike = variant.model_copy(update={"depth": its.depth, "blocks": None})
        if family.blocks and family.blocks(alike) == blocks:
            return f", which is depth {its.depth:g}"
    return ""


def _blocks(names: Iterable[str]) -> Blocks:
    """Blocks of each stage among our names of what a file holds."""
    found = [match for name in names if (match := re.match(r"stage(\d)_block(\d+)_", name))]
    stages = sorted({int(m[1]) for m in found})
    return tuple(max(int(m[2]) for m in found if int(m[1]) == stage) for stage in stages)


def _listed(kind: str, names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"  {kind}: {', '.join(names[:LISTED]) or 'nothing'}{more}"
