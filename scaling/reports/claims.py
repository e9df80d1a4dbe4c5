"""What became of the paper's claims: on a terminal, as JSON, and as a table in Markdown."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from rich.console import Console
from rich.text import Text

from scaling.analysis.claims.replay import Replayed
from scaling.analysis.uncertainty import LEVEL

_COLOURS = {"holds": "green", "fails": "red", "undecided": "yellow", "not addressed": "dim"}
HANGING = " " * 10
"""Before the further lines of a claim: as wide as the longest verdict with its gap."""

_PIPE = r"\|"
"""A bar that ends no cell."""


Answers: TypeAlias = Sequence[tuple[str, Sequence[Replayed]]]
"""Claims replayed on each part of the results, with the words that tell it from the others; none where there is one."""


def as_json(answers: Answers) -> list[dict[str, Any]]:
    """One mapping a claim and part: `part`, `claim`, `says`, `source`, `on`, `verdict`, `rests_on`, `level`, ..."""
    return [
        {
            "part": words,
            "claim": outcome.claim.claim,
            "says": outcome.claim.says,
            "source": outcome.claim.source,
            "on": outcome.on,
            "verdict": outcome.verdict,
            "found": outcome.found,
            "estimate": None if outcome.estimate is None else asdict(outcome.estimate),
            "instead": outcome.instead,
            "rests_on": outcome.rests_on,
            "level": outcome.level,
            "expected": outcome.claim.expected,
        }
        for words, replayed in answers
        for outcome in replayed
    ]


def as_markdown(replayed: Sequence[Replayed]) -> str:
    """A table, as notebooks and pages show it: one row a claim, with what was found and what it takes.

    Below it stands at which confidence verdicts are, and that they are so one by one.
    """
    rows = [
        ("Claim", "tested on", "verdict", "found", "expected"),
        ("---",) * 5,
        *(
            (outcome.claim.says, outcome.on, _verdict(outcome), outcome.found, outcome.claim.expected)
            for outcome in replayed
        ),
    ]
    table = "\n".join(f"| {' | '.join(cell.replace('|', _PIPE) for cell in row)} |" for row in rows)
    return "\n\n".join(filter(None, (table, together(replayed))))


def together(replayed: Sequence[Replayed]) -> str:
    """At which confidence the verdicts are, and what that means of all of them; empty where none is by chance."""
    by_chance = [outcome for outcome in replayed if outcome.level is not None]
    if not by_chance:
        return ""
    false = (1 - LEVEL) * len(by_chance)
    return (
        f"Each verdict is at {LEVEL:.0%} by itself, not jointly with the others: of {len(by_chance)} that are read "
        f"together, up to {false:.1f} may be false on average."
    )


def _verdict(outcome: Replayed) -> str:
    """In bold, with what belongs beside it: `**holds** (at 2 epochs, not 10)`."""
    beside = "; ".join(part for part in (outcome.instead, outcome.rests_on) if part)
    return f"**{outcome.verdict}**" + (f" ({beside})" if beside else "")


def _confidence(outcome: Replayed) -> str:
    """At which a verdict is."""
    return "as printed, without an interval" if outcome.level is None else f"at {outcome.level:.0%} by itself"


def _hanging(text: str, console: Console) -> str:
    """The text in lines of the console, the further ones indented; words are not cut."""
    lines = textwrap.wrap(
        text, console.width, subsequent_indent=HANGING, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def show(answers: Answers, console: Console, reasons: bool = False) -> None:
    """The claims of each part of the results; `reasons`: and of each that is not addressed, why."""
    for words, replayed in answers:
        if words:
            console.print(words, style="bold underline", highlight=False, soft_wrap=True)
        _show_part(replayed, console, reasons)


def _show_part(replayed: Sequence[Replayed], console: Console, reasons: bool) -> None:
    """Each claim with its verdict, what was found and what it takes; what cannot be addressed last, together."""
    unaddressed = [outcome for outcome in replayed if outcome.verdict == "not addressed"]
    for outcome in replayed:
        if outcome.verdict == "not addressed":
            continue
        colour = _COLOURS[outcome.verdict]
        after = f" {outcome.instead}:" if outcome.instead else " " * (9 - len(outcome.verdict))
        told = Text(_hanging(f"{outcome.verdict}{after} {outcome.claim.says}", console))
        told.stylize(colour, 0, len(outcome.verdict))
        console.print(told, highlight=False, soft_wrap=True)
        lines = (
            f"found: {outcome.found}",
            *([f"rests on an assumed noise between seeds: {outcome.rests_on}"] if outcome.rests_on else []),
            f"expected: {outcome.claim.expected}",
            f"({outcome.claim.source}; tested on {outcome.on}; {_confidence(outcome)})",
        )
        for line in lines:
            said = _hanging(f"{HANGING}{line}", console)
            console.print(said, highlight=False, markup=False, soft_wrap=True)
    counts = Counter(outcome.verdict for outcome in replayed)
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), highlight=False)
    if said := together(replayed):
        console.print(said, highlight=False)
    if reasons:
        for outcome in unaddressed:
            console.print(f"{outcome.claim.claim}: {outcome.found}", style="dim", highlight=False, markup=False)
    elif unaddressed:
        names = ", ".join(outcome.claim.claim for outcome in unaddressed)
        text = f"not addressed by {unaddressed[0].on} (--reasons says why): {names}"
        console.print(text, style="dim", highlight=False, markup=False)
