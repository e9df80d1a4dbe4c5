"""The paper's claims, as `claims.yaml` states them."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from scaling.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Claim:
    """Something the paper says, and how it is tested.

    Attributes:
        claim: a name for it.
        says: the claim in words.
        source: where the paper says it.
        tables: published tables that speak to it, put together.
        test: name of the test.
        limits: what the test is given.
        expected: what it has to find, in words.
        device: part of the name of the device that the claim is about; None: any.
        tables_device: where it is about none, the same of the device whose times count in the tables.
    """

    claim: str
    says: str
    source: str
    tables: tuple[str, ...]
    test: str
    expected: str
    limits: MappingProxyType[str, Any] = field(hash=False)
    device: str | None = None
    tables_device: str | None = None


def claims(*names: str) -> tuple[Claim, ...]:
    """The claims of these names, in the order named; all, in the order of the file, where none is.

    Raises:
        UserError: if there is no claim of a name.
    """
    text = files("scaling.published").joinpath("claims.yaml").read_text(encoding="utf-8")
    stated = {
        claim["claim"]: Claim(
            **{**claim, "tables": tuple(claim["tables"]), "limits": MappingProxyType(claim["limits"])}
        )
        for claim in yaml.safe_load(text)
    }
    if unknown := [name for name in names if name not in stated]:
        raise UserError(f"no claim named {unknown[0]!r}{did_you_mean(unknown[0], stated)}")
    return tuple(stated[name] for name in names or stated)
