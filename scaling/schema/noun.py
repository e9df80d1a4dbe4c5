"""What all nouns are: frozen, strict values with a canonical JSON, and the numbers they are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

LARGEST_WHOLE = 2**63 - 1
"""What a column of a frame holds; no count of anything here comes near it."""

Whole: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST_WHOLE)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=LARGEST_WHOLE)]
Number: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Rate: TypeAlias = Annotated[Number, Field(ge=0, lt=1)]

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Noun(BaseModel):
    """A frozen value that refuses unknown fields and wrong types."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values; what was cached of the old ones is forgotten."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    def changed(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as JSON values; what an id is made of."""
        return self.model_dump(mode="json", exclude_defaults=True)


def digest(value: Any) -> str:
    """Eight hex digits of SHA-256 over canonical JSON; `1` and `1.0` are one number."""
    return hashlib.sha256(_JSON.encode(canonical(value)).encode()).hexdigest()[:8]


def canonical(value: Any) -> Any:
    """A JSON value whose whole numbers are integers, however they were written."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [canonical(item) for item in value]
        case _:
            return value
