"""Commands that the program suggests: each can be pasted as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import Any

import typer


def same_command(context: typer.Context, *more: str, without: Collection[str] = (), name: str | None = None) -> str:
    """The command that is running, with its arguments and options as they were given.

    Args:
        context: of the command.
        more: words to add at the end.
        without: names of options to leave out.
        name: of another command that takes the rest; None: the same.
    """
    words = ["scaling", name or str(context.info_name)]
    for parameter in context.command.params:
        option = str(parameter.name)
        source = context.get_parameter_source(option)
        if source is None or source.name != "COMMANDLINE" or option in without:
            continue
        for value in _listed(context.params[option]):
            words += _spelled(parameter, value)
    return shlex.join([*words, *more])


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _spelled(parameter: Any, value: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [str(value)]
    if isinstance(value, bool):
        return [parameter.opts[-1] if value else parameter.secondary_opts[-1]]
    return [parameter.opts[-1], str(value)]
