"""The JSON schema of study files, by which editors complete and check them.

It is made from the models that check a study file, and from the tables of families, rules and data sets, so that it
says what they say. What depends on several keys at once is left to `scaling plan`: whether a depth can be built, for
instance.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from scaling.datasets import DATASETS, PATTERNS
from scaling.generator import search_space
from scaling.generator.constraints import Constraints, Slices
from scaling.generator.grid import AXES
from scaling.generator.meanings import meanings, sentence, summary
from scaling.generator.rules import RULES
from scaling.generator.scale import Scale, Targets
from scaling.generator.search_space import Range, Search
from scaling.generator.strategies import EXPONENTS, STRATEGIES
from scaling.generator.study_file import WAYS, StudyFile
from scaling.models.families import BUILT_IN
from scaling.models.family import Option
from scaling.schema import RESNET_RS_OPTIONS, AnswerPlan, Dataset, LatencyPlan, Recipe, Trial, Variant
from scaling.schema.noun import canonical

FILE = "study.schema.json"
"""Its name among the studies that ship."""

MODELINE = "# yaml-language-server: $schema="
"""How the first line of a study file begins that names the schema, for editors."""

Schema: TypeAlias = dict[str, Any]
"""A JSON schema, or a part of one."""

_MODELS: tuple[type[BaseModel], ...] = (
    *(StudyFile, Dataset, AnswerPlan, Recipe, Scale, Targets, Search, Range, Constraints, Slices, LatencyPlan),
    *(Variant, Trial),
)
_REQUIRED = [name for name, field in Variant.model_fields.items() if field.is_required()]
_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_PLAIN: Schema = {"type": ["string", "number", "boolean", "null"]}
"""What an option of a family from outside may be."""


def text() -> str:
    """The schema as the text of a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """The JSON schema of a study file."""
    models = _of_models()
    file, recipe = models.pop("StudyFile"), models.pop("Recipe")
    del models["Variant"], models["Trial"]
    _put_in_blocks(file, models)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Study file",
        **file,
        **_exactly_one(WAYS),
        **_only_known_axes(),
        "$defs": models
        | {
            "axes": _block("Values of axes: one value, or a list of values, for each.", axes(), _or_list),
            "base": _block("A network.", network(), _same) | {"required": _REQUIRED},
            "space": _block("Axes to search: a range, or a list of choices, for each.", _searchable(), _searched)
            | {"minProperties": 1},
            "recipe": _without(recipe, "required"),
        },
    }


def axes() -> dict[str, Schema]:
    """What single values an axis takes: those of networks and recipes, the seed, and the weights to begin with."""
    models = _of_models()
    recipe: dict[str, Schema] = models["Recipe"]["properties"]
    seed, init = models["Trial"]["properties"]["seed"], models["StudyFile"]["properties"]["init"]
    return network() | recipe | {"seed": seed, "init": init}


def network() -> dict[str, Schema]:
    """What values the keys of a network take: its fields, and the options of all built-in families."""
    fields = _of_models()["Variant"]["properties"]
    by_option: dict[str, dict[str, Schema]] = {}
    for family, options in family_options().items():
        for name, node in options.items():
            by_option.setdefault(name, {})[family] = node
    own = {name: node for name, node in fields.items() if name in AXES and name not in RESNET_RS_OPTIONS}
    return own | {name: _either(nodes) for name, nodes in by_option.items()}


def family_options() -> dict[str, dict[str, Schema]]:
    """What values the options of each built-in family take, by family and option."""
    fields = _of_models()["Variant"]["properties"]
    return {
        name: {option: fields[option] for option in fields if family.keeps_in_fields(option)}
        | {option: _of_option(about) for option, about in family.options.items()}
        for name, family in BUILT_IN.items()
    }


def _of_models() -> dict[str, Schema]:
    """What pydantic makes of each model, by its name, with what its docstring says and the choices known elsewhere."""
    _, made = models_json_schema([(model, "validation") for model in _MODELS])
    models: dict[str, Schema] = {}
    for model in _MODELS:
        node, told = made["$defs"][model.__name__], meanings(model)
        del node["title"]
        fields = {
            name: {"description": told.get(name, "")} | _without(field, "title", "description")
            for name, field in node["properties"].items()
        }
        models[model.__name__] = node | {"description": summary(model), "properties": fields}
    _name_choices(models)
    whole: dict[str, Schema] = canonical(models)  # releases of pydantic differ in how they write the ends of ranges
    return whole


def _name_choices(models: Mapping[str, Schema]) -> None:
    """Writes into the schema what the models leave to tables, and what they check with functions of their own."""
    for model in ("StudyFile", "Variant"):
        fields = models[model]["properties"]
        fields["family"] = _choices(fields["family"], BUILT_IN, fields["family"]["pattern"])
    kinds = "|".join(pattern.partition(":")[0] for pattern in PATTERNS)
    fields = models["Dataset"]["properties"]
    fields["name"] = _choices(fields["name"], DATASETS, f"^({kinds}):.")
    models["StudyFile"]["properties"]["rules"]["items"] = {"enum": [*RULES]}
    models["Search"]["properties"]["objectives"]["uniqueItems"] = True
    models["Targets"].update(_exactly_one(Targets.model_fields))
    fields = models["Scale"]["properties"]
    named = [name for name in STRATEGIES if not EXPONENTS.fullmatch(name)]
    strategy = _choices({}, named, f"^{EXPONENTS.pattern}$")
    fields["strategy"]["anyOf"] = [strategy, {"type": "array", "items": strategy, "minItems": 1}]


def _exactly_one(names: Iterable[str]) -> Schema:
    """Asks for one of these keys, and for no other of them that is not null."""
    return {"oneOf": [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]}


def _choices(field: Schema, names: Iterable[str], pattern: str) -> Schema:
    """A field that takes these names, and texts of a pattern."""
    kept = _without(field, "type", "pattern", "maxLength")
    return kept | {"anyOf": [{"enum": [*names]}, {"type": "string", "pattern": pattern}]}


def _put_in_blocks(file: Schema, models: Mapping[str, Schema]) -> None:
    """Says of every mapping that the models leave open what stands in it."""
    blocks = {
        "across": (file, "axes"),
        "recipe": (file, "recipe"),
        "base": (models["Scale"], "base"),
        "space": (models["Search"], "space"),
    }
    for field, (node, definition) in blocks.items():
        kept = {key: value for key, value in node["properties"][field].items() if key in ("description", "default")}
        node["properties"][field] = kept | _definition(definition)
    file["properties"]["grid"]["anyOf"][0]["items"] = _definition("axes")


def _definition(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _block(description: str, fields: Mapping[str, Schema], made: Callable[[str, Schema], Schema]) -> Schema:
    """A mapping with these fields; others are options of families from outside, see `_only_known_axes`."""
    return {
        "description": description,
        "type": "object",
        "properties": {name: made(name, field) for name, field in fields.items()},
        "additionalProperties": made("", _PLAIN),
    }


def _same(name: str, field: Schema) -> Schema:
    return field


def _or_list(name: str, field: Schema) -> Schema:
    """One value, or a list of them."""
    value = _without(field, "description", "default")
    kept = {key: field[key] for key in ("description", "default") if key in field}
    return kept | {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}


def _searchable() -> dict[str, Schema]:
    return _without(axes(), "blocks")


def _searched(name: str, field: Schema) -> Schema:
    """A list of choices; also a range, of axes that have numbers between two others."""
    value = _without(field, "description", "default")
    choices = {"type": "array", "items": value, "minItems": 1, "uniqueItems": True}
    if not name or not search_space.has_ranges(name):
        return {"description": field.get("description", "")} | choices
    step = {"step": {"type": ["integer", "null"]}} if search_space.is_whole(name) else {}
    limited = _definition("Range") | {"properties": {"low": value, "high": value} | step}
    return {"description": field["description"], "anyOf": [limited, choices]}


def _of_option(option: Option) -> Schema:
    """What values an option takes; see `Option.problem`."""
    kind = _TYPES[type(option.default)]
    node: Schema = {"enum": [*option.choices]} if option.choices else {"type": kind}
    if not option.choices and kind in ("integer", "number"):
        node["exclusiveMinimum"] = 0
    return {"description": sentence(option.meaning), "default": option.default} | node


def _either(nodes: Mapping[str, Schema]) -> Schema:
    """What an option takes that several families have, each its own."""
    meaning = " ".join(f"With `{family}`: {node['description']}" for family, node in nodes.items())
    values = [_without(node, "description", "default") for node in nodes.values()]
    different = [value for place, value in enumerate(values) if value not in values[:place]]
    return {"description": meaning} | (different[0] if len(different) == 1 else {"anyOf": different})


def _only_known_axes() -> Schema:
    """Refuses unknown axes, unless a family is named that is not built in and may have options of its own."""
    built_in = {"enum": [*BUILT_IN]}
    named = {"properties": {"family": {"anyOf": [built_in, {"type": "array", "items": built_in}]}}}
    return {
        "if": {"properties": {"family": built_in} | _at_blocks(named, named, named)},
        "then": {"properties": _at_blocks(*(_keys(fields) for fields in (axes(), network(), _searchable())))},
    }


def _keys(fields: Iterable[str]) -> Schema:
    return {"propertyNames": {"enum": [*fields]}}


def _at_blocks(axes: Schema, base: Schema, space: Schema) -> dict[str, Schema]:
    """Schemas at each place of a study file where fields of networks stand."""
    return {
        "grid": {"items": axes},
        "across": axes,
        "scale": {"properties": {"base": base}},
        "search": {"properties": {"space": space}},
    }


def _without(node: Mapping[str, Any], *keys: str) -> Schema:
    return {key: value for key, value in node.items() if key not in keys}
