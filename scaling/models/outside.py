"""Families from outside: a function that returns a Keras model, in a module of one's own.

A study names it, `family: my_nets:convmixer`, or a distribution that is installed offers it as an entry point of the
group "scaling.families". Nothing of the module runs while a study is read: what is needed of the function (its options,
the digest of its code) is read off its text. It runs where it is built: in workers, and in a process that counts it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scaling.models.complexity import Complexity
from scaling.models.counting import Counter, counted
from scaling.models.family import Family, Head, Option
from scaling.schema import OptionValue, Variant

GROUP = "scaling.families"
"""Of entry points; the name of one is the family's, its value `module:function`."""

ASKED = ("depth", "width", "resolution", "channels", "classes")
"""What the function is called with, by name, beside its options."""

RATES = ("dropout", "stochastic_depth")
"""Of the recipe; passed on where the function takes them."""

COUNTS = "_cost"
"""Ends the name of a function beside it that counts: called alike, it returns `params`, `macs` and `activations`."""

PATH = "SCALING_FAMILY_PATH"
"""Environment variable: the folder that modules are looked for in before `sys.path`; the working folder by default."""


@dataclass(frozen=True)
class Source:
    """A function as its text has it.

    Attributes:
        name: as studies name it.
        module, function: of Python.
        code: digest of the module's file, or of all Python files of the package that it stands in.
        options: parameters with a default, beside those it is called with.
        takes: which of `RATES`.
        whole_depth: whether `depth` is annotated `int`.
        counts: whether the module defines the function that counts, see `COUNTS`.
    """

    name: str
    module: str
    function: str
    code: str
    options: Mapping[str, Option]
    takes: frozenset[str]
    whole_depth: bool
    counts: bool


def names() -> dict[str, str]:
    """The families that installed distributions offer: by name, `module:function`."""
    return {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}


def is_one(name: str) -> bool:
    """Whether a name can only mean a family from outside."""
    return ":" in name or name in names()


@functools.lru_cache(maxsize=64)
def family(name: str) -> Family:
    """The family of this name.

    Raises:
        ValueError: where there is no such function, or it cannot be called as families are; the message starts with
            `family`.
    """
    source = read(name)

    def check(variant: Variant) -> None:
        if source.whole_depth and not variant.depth.is_integer():
            raise ValueError(f"depth {variant.depth:g} is no whole number, and {name} takes only these")

    def deepened(variant: Variant, factor: float) -> Mapping[str, object]:
        deeper = variant.depth * factor
        return {"depth": float(max(1, round(deeper))) if source.whole_depth else float(f"{deeper:.4g}")}

    return Family(
        name=name,
        title=source.function,
        layers=None,
        model=functools.partial(_model, source),
        count=Counter().count,
        stride=lambda variant: 8,
        check=check,
        options=source.options,
        deepened=deepened,
        code=source.code,
        takes=source.takes,
    )


def read(name: str) -> Source:
    """What is needed of a function, from its text alone.

    Raises:
        ValueError: as `family`.
    """
    where = names().get(name, name)
    module, _, function = where.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), function)):
        raise ValueError(f"family {name!r}: one's own is written module:function, by names of Python")
    file, package = _file(name, module)
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError) as error:
        raise ValueError(f"family {name!r}: {file} cannot be read: {error}") from None
    definitions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if function not in definitions:
        others = ", ".join(defined for defined in definitions if not defined.startswith("_")) or "none"
        raise ValueError(f"family {name!r}: {file} defines no function {function}; those it defines: {others}")
    defaults = dict(_parameters(name, definitions[function].args))
    if missing := [asked for asked in ASKED if asked not in defaults]:
        raise ValueError(
            f"family {name!r}: {function} takes no {', '.join(missing)}; it is called with {', '.join(ASKED)}, by name"
        )
    options = {}
    for parameter, default in defaults.items():
        if parameter in (*ASKED, *RATES):
            continue
        if default is None:
            raise ValueError(
                f"family {name!r}: {parameter} of {function} needs a default that is a number, a text, True or False; "
                "then it is an option"
            )
        options[parameter] = Option(default)
    arguments = definitions[function].args
    depth = next(
        argument.annotation for argument in (*arguments.args, *arguments.kwonlyargs) if argument.arg == "depth"
    )
    return Source(
        name=name,
        module=module,
        function=function,
        code=_digest(file, package),
        options=options,
        takes=frozenset(rate for rate in RATES if rate in defaults),
        whole_depth=isinstance(depth, ast.Name) and depth.id == "int",
        counts=f"{function}{COUNTS}" in definitions,
    )


def _parameters(name: str, arguments: ast.arguments) -> Iterator[tuple[str, OptionValue | None]]:
    """Each parameter with its default, None where it has none or one that is no plain value."""
    if arguments.posonlyargs:
        raise ValueError(f"family {name!r}: parameter {arguments.posonlyargs[0].arg} cannot be given by name")
    without: list[ast.expr | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    pairs = [
        *zip(arguments.args, [*without, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for parameter, default in pairs:
        try:
            value = None if default is None else ast.literal_eval(default)
        except ValueError:
            value = None
        yield parameter.arg, value if isinstance(value, bool | int | float | str) else None


def _file(name: str, module: str) -> tuple[Path, Path | None]:
    """A module's file, and the folder of the package that it stands in, if any; nothing is imported to find them."""
    top, *below = module.split(".")
    spec = importlib.machinery.PathFinder.find_spec(top, search_path())
    if spec is None or not (spec.origin or spec.submodule_search_locations):
        raise ValueError(f"family {name!r}: there is no module {top} in {search_path()[0]} or where Python looks")
    folders = list(spec.submodule_search_locations or ())
    if not below and spec.origin and spec.origin.endswith(".py"):
        return Path(spec.origin), Path(folders[0]) if folders else None
    for folder in folders:
        for file in (Path(folder, *below).with_suffix(".py"), Path(folder, *below, "__init__.py")):
            if file.is_file():
                return file, Path(folder)
    raise ValueError(f"family {name!r}: there is no Python file of module {module}")


def search_path() -> list[str]:
    """Where modules are looked for."""
    return [os.environ.get(PATH) or str(Path.cwd()), *sys.path]


def _digest(file: Path, package: Path | None) -> str:
    files = sorted(package.rglob("*.py")) if package else [file]
    root = package or file.parent
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _model(source: Source, variant: Variant, head: Head) -> Any:
    """Calls the function; its code must be what the variant says.

    Raises:
        ValueError: where it cannot be imported, has changed, or gives no such model; the message starts with `family`.
    """
    import keras

    rates = {"dropout": head.dropout, "stochastic_depth": head.stochastic_depth}
    function = _imported(source, variant, source.function)
    model = function(**_asked(source, variant, head), **{rate: rates[rate] for rate in source.takes})
    if not isinstance(model, keras.Model):
        raise ValueError(f"family {source.name!r}: the function returned a {type(model).__name__}, not a keras.Model")
    images, logits = (None, variant.resolution, variant.resolution, head.channels), (None, head.classes)
    for what, wanted, shape in (("input", images, model.input_shape), ("output", logits, model.output_shape)):
        if shape != wanted:
            raise ValueError(f"family {source.name!r}: the model's {what} has shape {shape}, and should have {wanted}")
    return model


def count_here(variant: Variant, head: Head) -> Complexity:
    """The cost of a variant by its family's own count, else by its model; runs the family's code.

    Raises:
        ValueError: as `family`; and where the count is not three whole numbers.
    """
    source = read(variant.family)
    if not source.counts:
        import keras

        keras.backend.clear_session()
        return counted(_model(source, variant, head))
    name = f"{source.function}{COUNTS}"
    answer = _imported(source, variant, name)(**_asked(source, variant, head))
    wanted = {field.name for field in fields(Complexity)}
    if not (
        isinstance(answer, Mapping) and set(answer) == wanted and all(type(count) is int for count in answer.values())
    ):
        raise ValueError(
            f"family {source.name!r}: {name} returned {answer!r}, and should return a dictionary of whole numbers: "
            f"{', '.join(sorted(wanted))}"
        )
    return Complexity(**answer)


def _asked(source: Source, variant: Variant, head: Head) -> dict[str, Any]:
    """What a variant's functions are called with, except the recipe's rates."""
    return {
        "depth": int(variant.depth) if source.whole_depth else variant.depth,
        "width": variant.width,
        "resolution": variant.resolution,
        "channels": head.channels,
        "classes": head.classes,
        **dict(variant.options),
    }


def _imported(source: Source, variant: Variant, function: str) -> Any:
    if read(source.name).code != variant.code:
        raise ValueError(f"family {source.name!r}: its code has changed since the study was read; run the study again")
    if (folder := search_path()[0]) not in sys.path:
        sys.path.insert(0, folder)
    os.environ.setdefault(PATH, folder)
    try:
        return getattr(importlib.import_module(source.module), function)
    except Exception as error:
        raise ValueError(f"family {source.name!r} cannot be imported here: {type(error).__name__}: {error}") from error
