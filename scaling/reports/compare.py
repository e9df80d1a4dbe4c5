"""Two groups at equal accuracy, on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from rich.console import Console

from scaling.analysis.equal_accuracy.bands import Band
from scaling.analysis.equal_accuracy.compare import Comparison, Comparisons
from scaling.analysis.equal_accuracy.wording import verdict_word
from scaling.models.names import title
from scaling.reports import tables
from scaling.wording import ratio

Answers: TypeAlias = Sequence[tuple[str, Comparisons]]
"""What is compared with like, each with the words that tell it from the others; no words where there is one."""

_FLIPS = "changes at\nseed noise"
"""Heading of the standard deviation between seeds at which a verdict would change."""


def as_json(answers: Answers) -> dict[str, Any]:
    """`cost`, `by`; `parts`, one for each condition: `part`, `conditions`, `notes`, `pairs`, `bands`, `crossovers`."""
    _, first = answers[0]
    return {
        "cost": first.cost.name,
        "by": first.by,
        "parts": [_part(words, comparisons) for words, comparisons in answers],
    }


def _part(words: str, comparisons: Comparisons) -> dict[str, Any]:
    return {
        "part": words,
        "conditions": comparisons.conditions,
        "notes": list(comparisons.notes),
        "pairs": [_pair(pair) for pair in comparisons.pairs],
        "bands": [{**_names(pair), **asdict(band)} for pair in comparisons.pairs for band in pair.bands],
        "crossovers": [
            {**_names(pair), **asdict(crossover)} for pair in comparisons.pairs for crossover in pair.crossovers
        ],
    }


def _names(pair: Comparison) -> dict[str, str]:
    return {"of": pair.of.name, "over": pair.over.name}


def _pair(pair: Comparison) -> dict[str, Any]:
    overall = None if pair.overall is None else asdict(pair.overall)
    typical = None if pair.typical is None else asdict(pair.typical)
    return {
        **_names(pair),
        "covered": pair.covered,
        "overall": overall,
        "typical": typical,
        "sentence": pair.sentence,
    }


def show(answers: Answers, console: Console) -> None:
    """For each part a table of bands for each pair, what they amount to, and the notes."""
    for words, comparisons in answers:
        if words:
            console.print(words, style="bold underline", highlight=False, soft_wrap=True)
        _show_part(comparisons, console)


def _show_part(comparisons: Comparisons, console: Console) -> None:
    shared = ", ".join(f"{name} {value}" for name, value in comparisons.conditions.items() if value != "unknown")
    for pair in comparisons.pairs:
        console.print(f"[bold]{title(pair.of.name)} over {title(pair.over.name)}[/bold]  {shared}", highlight=False)
        if pair.overall is not None:
            tables.print_whole(_table(pair, comparisons), console)
        console.print(pair.sentence, highlight=False)
    for note in comparisons.notes:
        console.print(f"note: {note}", highlight=False)


def _table(pair: Comparison, comparisons: Comparisons) -> tables.Table:
    """A line a band; where the noise between seeds is doubtful, also the one at which its verdict would change."""
    flips = any(band.flips_at is not None for band in pair.bands)
    numbers = ("accuracy", "speed-up", "90%")
    table = tables.table((*numbers, "verdict", *((_FLIPS,) if flips else ())), right=(*numbers, _FLIPS))
    for band in pair.bands:
        at = "" if band.flips_at is None else f"{100 * band.flips_at:.2f} points"
        table.add_row(*_cells(band, comparisons), *((at,) if flips else ()))
    return table


def _cells(band: Band, comparisons: Comparisons) -> tuple[str, ...]:
    return (
        f"{band.accuracy_low:.1%} to {band.accuracy_high:.1%}",
        ratio(band.speedup),
        f"{ratio(band.low)} to {ratio(band.high)}",
        verdict_word(band.verdict, comparisons.cost),
    )
