"""What a user can mend, and the nearest right spelling."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """A mistake in what was asked, or in the place it was asked for: shown as its message, without a traceback."""


LONGEST_LIST = 20
"""Lines of a list of problems that are shown; nobody reads on after so many."""


FORMERLY = {"tflite": "litert"}
"""Names that people still know, and what they have become."""


def listed(problems: Iterable[str]) -> list[str]:
    """The first problems of a list, and how many more there are."""
    lines = list(problems)
    hidden = len(lines) - LONGEST_LIST
    return lines if hidden <= 0 else [*lines[:LONGEST_LIST], f"and {hidden:,} more"]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a choice is near, then the choices."""
    known = sorted(choices)
    names = {name: name for name in known} | {old: new for old, new in FORMERLY.items() if new in known}
    near = difflib.get_close_matches(word, names, n=1)
    hint = f"; did you mean {names[near[0]]!r}?" if near else ""
    return f"{hint} (choices: {', '.join(known)})"
