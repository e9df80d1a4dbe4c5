"""What is wrong with a study, told with the place, the value, the choices and the nearest right spelling."""

from __future__ import annotations

import reprlib
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from scaling.errors import LONGEST_LIST, UserError, did_you_mean, listed
from scaling.schema import Dataset, LatencyPlan, Recipe

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


class StudyError(UserError):
    """A study that cannot be run; one line a mistake."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(listed(self.problems)))


def explain(error: ValidationError, model: type[BaseModel], places: Mapping[str, str], prefix: str = "") -> list[str]:
    """Tells a validation error in the words of the study file.

    Args:
        error: what pydantic found.
        model: what was being made, for the choices of its fields.
        places: where in the file a field's value stands, by field; `prefix` and the field's own name where absent.
        prefix: of all other places, ending in a dot or empty.
    """
    details = [detail for detail in error.errors() if not _follows(detail, error)]
    lines = [_explain_one(detail, model, places, prefix) for detail in details[:LONGEST_LIST]]
    hidden = len(details) - len(lines)
    return [*lines, f"and {hidden:,} more"] if hidden else lines


def _follows(detail: Any, error: ValidationError) -> bool:
    """Whether a list is called too short only because its entries were refused, which is said."""
    place = detail["loc"]
    is_short = detail["type"] == "too_short" and bool(detail["input"])
    return is_short and any(other["loc"][: len(place)] == place != other["loc"] for other in error.errors())


def placed(error: ValueError, places: Mapping[str, str], otherwise: str) -> str:
    """A mistake whose message begins with a field, after the place of that field; after another where it has none."""
    message = str(error)
    field = message.split()[0].rstrip(":")
    return f"{places.get(field, otherwise)}: {message.removeprefix(f'{field}: ')}"


def _explain_one(detail: Any, model: type[BaseModel], places: Mapping[str, str], prefix: str) -> str:
    location = [str(part) for part in detail["loc"]]
    field = location[0] if location else ""
    place = places.get(field) or (prefix + _path(detail["loc"]) if location else prefix.rstrip("."))
    value = _SHORT.repr(detail["input"])
    match detail["type"]:
        case "extra_forbidden":
            known = _fields(model, location[:-1])
            return f"{place}: unknown field{_deeper(location[-1], known) or did_you_mean(location[-1], known)}"
        case "missing":
            return f"{place}: required, and not given"
        case "literal_error":
            choices = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"{place}: {value} is not a choice{did_you_mean(str(detail['input']), choices)}"
        case "string_pattern_mismatch" if place == "study":
            return f"{place}: {value} is no name of a study; use a-z, 0-9 and _, and / between folders, as my_study"
        case "value_error":
            reason = str(detail["ctx"]["error"])
            return f"{place}: {reason}" if place else reason
        case "int_type" | "float_type" if isinstance(detail["input"], str):
            return f"{place}: {value} is text; write a number without quotes"
        case "tuple_type" | "list_type":
            return f"{place}: must be a list, not {value}"
        case _:
            message = detail["msg"]
            return f"{place}: {message[0].lower() + message[1:]}, not {value}"


def _fields(model: type[BaseModel], path: list[str]) -> list[str]:
    """The fields of the model that `path` leads to from `model`."""
    for part in path:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        inner = [kind for kind in (annotation, *typing.get_args(annotation)) if isinstance(kind, type)]
        models = [kind for kind in inner if issubclass(kind, BaseModel)]
        if not models:
            break
        model = models[0]
    return list(model.model_fields)


def _deeper(name: str, known: Iterable[str]) -> str:
    """A hint where `epochs` is written for `recipe.epochs`."""
    places: dict[str, type[BaseModel]] = {"recipe": Recipe, "dataset": Dataset, "latency": LatencyPlan}
    inside = [place for place, model in places.items() if place in known and name in model.model_fields]
    return f"; did you mean {f'{inside[0]}.{name}'!r}?" if inside else ""


def _path(location: Iterable[int | str]) -> str:
    """`grid[1].depth` from `("grid", 1, "depth")`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path
