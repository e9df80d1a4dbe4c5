"""What became of the paper's claims: on a terminal, as JSON, and as a table in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from rich.console import Console
from rich.padding import Padding

from scaling.analysis.claims.replay import Replayed

_COLOURS = {"holds": "green", "fails": "red", "undecided": "yellow", "not addressed": "dim"}
_PIPE = r"\|"
"""A bar that ends no cell."""


Answers: TypeAlias = Sequence[tuple[str, Sequence[Replayed]]]
"""Claims replayed on each part of the results, with the words that tell it from the others; none where there is one."""


def as_json(answers: Answers) -> list[dict[str, Any]]:
    """One mapping a claim and part: `part`, `claim`, `says`, `source`, `on`, `verdict`, `found`, `estimate`, ..."""
    return [
        {
            "part": words,
            "claim": one.claim.claim,
            "says": one.claim.says,
            "source": one.claim.source,
            "on": one.on,
            "verdict": one.verdict,
            "found": one.found,
            "estimate": None if one.estimate is None else asdict(one.estimate),
            "expected": one.claim.expected,
        }
        for words, replayed in answers
        for one in replayed
    ]


def as_markdown(replayed: Sequence[Replayed]) -> str:
    """A table, as notebooks and pages show it: one row a claim, with what was found and what it takes."""
    rows = [
        ("Claim", "tested on", "verdict", "found", "expected"),
        ("---",) * 5,
        *((one.claim.says, one.on, f"**{one.verdict}**", one.found, one.claim.expected) for one in replayed),
    ]
    return "\n".join(f"| {' | '.join(cell.replace('|', _PIPE) for cell in row)} |" for row in rows)


def show(answers: Answers, console: Console) -> None:
    """The claims of each part of the results."""
    for words, replayed in answers:
        if words:
            console.print(words, style="bold underline", highlight=False, soft_wrap=True)
        _show_part(replayed, console)


def _show_part(replayed: Sequence[Replayed], console: Console) -> None:
    """Each claim with its verdict, what was found and what it takes; what cannot be addressed last, a line each."""
    addressed = [one for one in replayed if one.verdict != "not addressed"]
    for one in addressed:
        colour = _COLOURS[one.verdict]
        console.print(f"[{colour}]{one.verdict:<9}[/{colour}] {one.claim.says}", highlight=False)
        lines = (f"found: {one.found}", f"expected: {one.claim.expected}", f"({one.claim.source}; tested on {one.on})")
        for line in lines:
            console.print(Padding(line, (0, 0, 0, 10)), highlight=False, markup=False)
    for one in replayed:
        if one.verdict == "not addressed":
            console.print(f"not addressed by {one.on}: {one.claim.says} ({one.found})", style="dim", highlight=False)
    counts = Counter(one.verdict for one in replayed)
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), highlight=False)
