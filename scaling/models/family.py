"""The seam between networks and everything else: what a family of networks knows of itself.

Names, ids, strategies, counts, checkpoints and colours ask a `Family`, and nobody asks which one it is. The built-in
ones are data, one file each in `scaling.models.families`; one's own come from outside, see `docs/families.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from scaling.errors import did_you_mean
from scaling.models.architecture import Layer
from scaling.models.complexity import Complexity
from scaling.models.layouts import Target, bookkeeping
from scaling.schema import RESNET_RS_OPTIONS, OptionValue, Variant

Blocks: TypeAlias = tuple[int, ...]
"""Blocks of each stage."""

LARGEST_RESOLUTION = 16_384
"""Pixels a side; no network comes near, and a slip of the pen would be written down for years."""


class Named(NamedTuple):
    """A member of a family that has a name: `b4` of EfficientNet."""

    depth: float
    width: float = 1.0
    resolution: int | None = None
    options: Mapping[str, OptionValue] = {}


class Head(NamedTuple):
    """What a network is built for besides its variant: images, answers, and the recipe's two rates."""

    channels: int
    classes: int
    dropout: float = 0.0
    stochastic_depth: float = 0.0


@dataclass(frozen=True)
class Option:
    """A choice that networks of a family leave open beside depth, width and resolution.

    Attributes:
        default: says its type as well.
        meaning: in a line.
        choices: what it may be; empty: any value of the default's type, numbers above 0.
    """

    default: OptionValue
    meaning: str = ""
    choices: tuple[OptionValue, ...] = ()

    def problem(self, value: object) -> str | None:
        """What is wrong with a value, else None."""
        wanted = (int, float) if type(self.default) is float else (type(self.default),)
        if self.choices and value not in self.choices:
            return f"{value!r} is not a choice{did_you_mean(str(value), [str(choice) for choice in self.choices])}"
        if type(value) not in wanted:
            return f"{value!r} is no {type(self.default).__name__}"
        if isinstance(value, int | float) and not isinstance(value, bool) and not (self.choices or value > 0):
            return f"{value!r} is not above 0"
        return None


def _coefficient(variant: Variant, factor: float) -> Mapping[str, object]:
    """Depth as a coefficient, which takes any value."""
    return {"depth": four_digits(variant.depth * factor)}


def _buildable(variant: Variant) -> None:
    """Nothing more to check."""


def _not_loadable(variant: Variant) -> str | None:
    return f"family {variant.family} reads no checkpoints"


@dataclass(frozen=True, eq=False)
class Family:
    """A family of networks.

    Attributes:
        name: as study files and records have it.
        title: what people call it.
        layers: the network as data, from images of `Head.channels` channels to logits; None: `model` builds it.
        model: a `keras.Model` from normalised images to logits, for families without layers as data.
        count: what such a family costs.
        takes: which of the recipe's rates, `dropout` and `stochastic_depth`, it has a use for.
        stride: pixels a side of the image for each of the last feature map.
        resolution_step: what strategies round resolutions by; None: an eighth of the stride.
        check: raises `ValueError`, beginning with the field at fault, for what cannot be built.
        options: by name.
        named: members with names of their own.
        blocks: blocks of each stage, for families whose further blocks of a stage cost alike; `with_blocks` is the
            variant with others.
        deepened: what changes in a variant when its depth is multiplied.
        largest_depth, largest_width: no network comes near.
        timm: from timm's name of a model, tag aside, to ours without resolution; None for others' networks.
        layouts: of the checkpoints that a variant reads, each from a tensor's name to where it goes, None if nowhere.
        ignored: whether a tensor is left out knowingly.
        unloadable: why a variant takes none of these checkpoints; None where it does.
        undecayed: names of variables that the weight penalty leaves alone.
        cpu_utilisation: part of a processor's peak that training reaches, until it is measured: an assumption.
        code: digest of the code, for a family from outside.
    """

    name: str
    title: str
    layers: Callable[[Variant, Head], tuple[Layer, ...]] | None
    stride: Callable[[Variant], int]
    model: Callable[[Variant, Head], Any] | None = None
    count: Callable[[Variant, Head], Complexity] | None = None
    takes: frozenset[str] = frozenset({"dropout", "stochastic_depth"})
    resolution_step: Callable[[Variant], int] | None = None
    check: Callable[[Variant], None] = _buildable
    options: Mapping[str, Option] = field(default_factory=dict)
    named: Mapping[str, Named] = field(default_factory=dict)
    blocks: Callable[[Variant], Blocks] | None = None
    with_blocks: Callable[[Variant, Blocks], Variant] | None = None
    deepened: Callable[[Variant, float], Mapping[str, object]] = _coefficient
    largest_depth: float = 2000
    largest_width: float = 64
    timm: Callable[[str], str | None] = lambda name: None
    layouts: Callable[[Variant], tuple[Callable[[str], Target | None], ...]] = lambda variant: ()
    ignored: Callable[[str], bool] = bookkeeping
    unloadable: Callable[[Variant], str | None] = _not_loadable
    undecayed: frozenset[str] = frozenset({"gamma", "beta"})
    cpu_utilisation: float = 0.1
    code: str | None = None

    def variant(self, values: Mapping[str, Any]) -> Variant:
        """The variant of these fields and options; an option at its default is left out, so that ids agree.

        Raises:
            ValueError: for an option that is not the family's, or a value it does not take; also pydantic's.
        """
        fields = {name: value for name, value in values.items() if name in _FIELDS or self.keeps_in_fields(name)}
        options = {name: value for name, value in values.items() if name not in fields}
        for name, value in options.items():
            if name not in self.options:
                known = [*_AXES, *self.options, *(RESNET_RS_OPTIONS if self.name == "resnet_rs" else ())]
                raise ValueError(f"{name}: no field or option of {self.name}{did_you_mean(name, known)}")
            if problem := self.options[name].problem(value):
                raise ValueError(f"{name}: {problem}")
        changed = {name: value for name, value in options.items() if value != self.options[name].default}
        own = {"family": self.name} | ({"options": changed} if changed else {})
        return Variant.model_validate(fields | own | ({"code": self.code} if self.code else {}))

    def keeps_in_fields(self, option: str) -> bool:
        """Whether an option is a field of the variant: those of ResNet-RS, the first family that there was."""
        return self.name == "resnet_rs" and option in RESNET_RS_OPTIONS

    def option(self, variant: Variant, name: str) -> Any:
        """The value of an option."""
        return dict(variant.options).get(name, self.options[name].default)

    def name_of(self, variant: Variant) -> str:
        """The name of the member that this variant is, at any resolution; empty where it has none."""
        alike = (name for name, member in self.named.items() if self._is(variant, member))
        return next(alike, "")

    def _is(self, variant: Variant, named: Named) -> bool:
        return (variant.depth, variant.width, dict(variant.options)) == (named.depth, named.width, dict(named.options))


_AXES = ("family", "depth", "width", "resolution")
_FIELDS = frozenset((*_AXES, "options", "code"))


def dashed(blocks: Blocks) -> str:
    """`3-4-6-3`, as the paper's tables have it."""
    return "-".join(map(str, blocks))


def four_digits(value: float) -> float:
    """Readable in ids, and finer than any layer can follow."""
    return float(f"{value:.4g}")


def check_sizes(family: Family, variant: Variant) -> None:
    """Stops at a variant that cannot be built, without writing its network down.

    Raises:
        ValueError: the message starts with the field of the variant at fault.
    """
    largest = {"depth": family.largest_depth, "width": family.largest_width, "resolution": LARGEST_RESOLUTION}
    for axis, most in largest.items():
        if (value := getattr(variant, axis)) > most:
            raise ValueError(f"{axis} {value:g} is more than {most:g}, the largest that is planned for")
    family.check(variant)
