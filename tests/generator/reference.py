"""Writes docs/study-file.md and studies/study.schema.json from the schema of study files: `make reference`.

Keys, types, defaults and meanings are those of the JSON schema, which is made from the models; examples are those of
`reference_examples`. `test_reference.py` holds both files equal to what is made here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scaling.datasets import PATTERNS
from scaling.generator import file_schema, study, yaml_file
from scaling.generator.file_schema import Schema
from scaling.generator.meanings import sentence, summary
from scaling.generator.rules import RULES
from scaling.generator.search_space import Range
from scaling.generator.study_file import StudyFile
from scaling.schema import AnswerPlan, Dataset, LatencyPlan, Recipe, Variant
from scaling.schema.noun import LARGEST_WHOLE
from tests.generator.reference_examples import COMPLETE, EXAMPLES

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "study-file.md"
SCHEMA = ROOT / "studies" / file_schema.FILE

BEGINNING = """\
# The study file

A study file says in YAML what a study asks, which networks it trains to answer that, and how it trains them. This page
lists every key. It is made from the models that check study files (`make reference`), so it says what the program does.

```yaml
{complete}```

This study has {trials} trials. `scaling plan my_study.yaml` lists them, and names every mistake in the file with its
place. `scaling studies` lists the studies that come with the toolkit, and `scaling studies --copy NAME` copies one to
start from. Commands that take a study also take the results folder of one that was run, as
`scaling next results/my_study`, or its name alone.

**Completion in editors.** The first line names the JSON schema of study files. Editors with a YAML language server,
such as VS Code with its YAML extension, then complete keys, show their meanings and underline mistakes. `--copy` puts
the schema beside the copy, and `scaling studies --schema > {schema}` writes it into any folder. What depends
on several keys at once, such as a depth that a family cannot build, is checked by `scaling plan` alone.

**What wins.** A value of a recipe comes from the last of these that gives it: its default, `rules`, `recipe`, an axis.
`--set PATH=VALUE` changes the file for one command, for instance `--set recipe.epochs=10`. `scaling plan STUDY
--explain TRIAL` says where each value of a trial came from.

**How values are written.** Numbers may have an exponent: `1.0e-4`. Unknown keys, keys that appear twice and aliases
(`*name`) are mistakes. A key whose default is "none" may be left out.
"""

AXES = """\
A block of axes names the values that trials take. Each axis takes one value, or a list of values that are all tried:
`{depth: [14, 26], width: 0.25}` stands for two networks. `grid` is a list of such blocks; `across` is one block, which
is combined with each of them. An axis stands in one of the two, and then not in `recipe`. A trial that several blocks
ask for is trained once.

Every key of [`recipe`](#recipe) is an axis, too. The other axes are:
"""

OPTIONS = """\
The options of families are axes as well. A family from outside has those that its function takes, see docs/families.md.
"""


@dataclass(frozen=True)
class Section:
    """A part of the page: a heading, a text, and a table of keys.

    Attributes:
        title: of the heading, which begins with as many `#` as its level.
        text: in Markdown, before the table.
        place: in `EXAMPLES`, whose keys are those of the table; None: there is no table.
        fields: schemas of the keys.
        required: keys that have to be given.
    """

    title: str
    text: str = ""
    place: str | None = None
    fields: Mapping[str, Schema] | None = None
    required: Collection[str] = ()


def page() -> str:
    """The text of docs/study-file.md."""
    trials = len(study.check(yaml_file.parse(COMPLETE, "the example")).trials)
    beginning = BEGINNING.format(complete=COMPLETE, trials=trials, schema=file_schema.FILE)
    return "\n".join([beginning, *(_section(section) for section in sections()), _rules()])


def sections() -> Iterator[Section]:
    """All sections with a table of keys, in the order of the page."""
    schema = file_schema.schema()
    models = schema["$defs"]

    def of_model(title: str, place: str, name: str, text: str = "") -> Section:
        node = models[name]
        return Section(title, f"{node['description']}{text}", place, node["properties"], node.get("required", ()))

    yield Section("## The keys of the file", summary(StudyFile), "", schema["properties"], schema["required"])
    yield of_model("## `dataset`", "dataset", Dataset.__name__, _families_of_data())
    yield of_model("## `answer`", "answer", AnswerPlan.__name__)
    axes = {name: field for name, field in file_schema.axes().items() if name in EXAMPLES["grid"]}
    yield Section("## Axes: `grid` and `across`", AXES, "grid", axes, _required(Variant))
    yield Section("### Options of families", OPTIONS)
    for family, options in file_schema.family_options().items():
        if options:
            yield Section(f"#### `{family}`", "", f"grid of {family}", options)
    recipe = models["recipe"]
    text = f"{recipe['description']} Rules may give other values than these defaults."
    yield Section("## `recipe`", text, "recipe", recipe["properties"], _required(Recipe))
    yield of_model("## `scale`", "scale", "Scale")
    yield of_model("### `scale.targets`", "scale.targets", "Targets")
    yield of_model("## `search`", "search", "Search")
    yield of_model("### Ranges in `search.space`", "search.space.width", Range.__name__)
    yield of_model("## `constraints`", "constraints", "Constraints")
    yield of_model("## `slices`", "slices", "Slices")
    yield of_model("## `latency`", "latency", LatencyPlan.__name__)


def _required(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _families_of_data() -> str:
    titles = "\n".join(f"- `{pattern}`: {sentence(title)}" for pattern, title in PATTERNS.items())
    return f"\n\nThese forms of names stand for many data sets each; write them in quotes:\n\n{titles}"


def _section(section: Section) -> str:
    text = f"{section.title}\n\n" + (f"{_linked(section.text.strip())}\n" if section.text else "")
    if section.place is None or section.fields is None:
        return text
    gap = "\n" if section.text else ""
    rows = [_row(section, name, field) for name, field in section.fields.items()]
    return text + gap + _table(["Key", "Type and choices", "Default", "Meaning", "Example"], rows)


def _row(section: Section, name: str, field: Schema) -> list[str]:
    default = "required" if name in section.required else default_of(field)
    example = EXAMPLES[section.place or ""][name]
    return [f"`{name}`", kind(field), default, _linked(field["description"]), f"`{example}`"]


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _rules() -> str:
    rows = [
        [f"`{rule.name}`", sentence(rule.meaning), f"`{rule.family}`" if rule.family else "all"]
        for rule in RULES.values()
    ]
    text = (
        "## `rules`\n\nA rule fills in recipes by family, width, depth, resolution and epochs. "
        "A rule for one family leaves others alone. `scaling plan STUDY --explain TRIAL` names the source of each "
        "value.\n\n"
    )
    return text + _table(["Rule", "Fills in", "Families"], rows)


def _linked(text: str) -> str:
    """With a link where the text names another page."""
    return re.sub(r"(?<![\[(/])docs/(\w+)\.md", r"[docs/\1.md](\1.md)", text)


def default_of(field: Schema) -> str:
    """What a key is when it is not given."""
    default = field.get("default")
    if isinstance(default, dict) and default:
        return "all defaults"
    return "none" if default in (None, {}, [], "") else f"`{_yaml(default)}`"


def _yaml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_yaml, value))}]"
        case float() if "e" in repr(value):
            mantissa, _, exponent = repr(value).partition("e")
            return f"{float(mantissa)}e{int(exponent)}"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


PLACES = {
    "axes": "block of [axes](#axes-grid-and-across)",
    "base": "mapping of a network's keys, see [axes](#axes-grid-and-across)",
    "space": "mapping of axes to [ranges](#ranges-in-searchspace) or lists of choices",
    "recipe": "mapping, see [`recipe`](#recipe)",
    "Dataset": "mapping, see [`dataset`](#dataset)",
    "AnswerPlan": "mapping, see [`answer`](#answer)",
    "Scale": "mapping, see [`scale`](#scale)",
    "Targets": "mapping, see [`scale.targets`](#scaletargets)",
    "Search": "mapping, see [`search`](#search)",
    "Constraints": "mapping, see [`constraints`](#constraints)",
    "Slices": "mapping, see [`slices`](#slices)",
    "LatencyPlan": "mapping, see [`latency`](#latency)",
}
"""How the page calls the definitions of the schema."""

TYPES = {"string": "text", "integer": "whole number", "number": "number"}


def kind(node: Schema) -> str:
    """What a schema takes, in words; `null` is told by the default."""
    if "$ref" in node:
        return PLACES[node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        return _one_of([one for one in node["anyOf"] if one.get("type") != "null"])
    if "enum" in node:
        return ", ".join(f"`{choice}`" for choice in node["enum"])
    if node["type"] == "array":
        return _list(node)
    if node["type"] == "boolean":
        return "`true`, `false`"
    return f"{TYPES[node['type']]}{_bounds(node)}"


def _one_of(nodes: list[Schema]) -> str:
    first, *others = nodes
    if others and others[0].get("items") == first:
        return f"{kind(first)}; or a list of these"
    return " or ".join([kind(first), *("another name" if "pattern" in other else kind(other) for other in others)])


def _list(node: Schema) -> str:
    items = kind((node.get("prefixItems") or [node["items"]])[0])
    most = node.get("maxItems")
    length = "" if most is None else f"{most} " if node["minItems"] == most else f"{node['minItems']} or {most} of "
    return f"list of {length}{re.sub('^(whole number|number|block)', lambda word: f'{word[0]}s', items)}"


def _bounds(node: Schema) -> str:
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    told = [f"{word} {node[end]:,}" for end, word in words.items() if end in node and node[end] != LARGEST_WHOLE]
    if "minimum" in node and "maximum" in node and len(told) > 1:
        return f" from {node['minimum']:,} to {node['maximum']:,}"
    return f", {' and '.join(told)}" if told else ""


def main() -> None:
    """Writes both files."""
    DOCUMENT.write_text(page(), encoding="utf-8")
    SCHEMA.write_text(file_schema.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
