"""What the keys of a study file mean, read off the docstrings of the models that check them."""

from __future__ import annotations

import inspect
import re

from pydantic import BaseModel

_FIELD = re.compile(r"^    (\w+): +(.+)$")
"""A line of an `Attributes:` block that begins a field."""


def summary(model: type[BaseModel]) -> str:
    """The docstring of a model before its `Attributes:`, one line for each paragraph."""
    paragraphs = _docstring(model).partition("Attributes:\n")[0].strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What each field of a model means, by name: what the field itself says, else the model's `Attributes:`."""
    told: dict[str, str] = {}
    name = ""
    for line in _docstring(model).partition("Attributes:\n")[2].splitlines():
        if not line.startswith(" "):
            name = ""
        elif begun := _FIELD.match(line):
            name, told[begun[1]] = begun[1], begun[2]
        elif name:
            told[name] += f" {line.strip()}"
    own = {field: info.description for field, info in model.model_fields.items() if info.description}
    return {field: sentence(text) for field, text in (told | own).items() if field in model.model_fields}


def sentence(text: str) -> str:
    """A text with a capital first letter, unless it begins with code, and a full stop."""
    return text[:1].upper() + text[1:].removesuffix(".") + "."


def _docstring(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__doc__ or "") + "\n"
