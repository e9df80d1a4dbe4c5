"""What to choose, on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from rich.console import Console

from scaling.analysis.decide.recommend import NEAR, Choice, Recommendation
from scaling.analysis.uncertainty import Estimate
from scaling.reports import tables

Recommendations: TypeAlias = Sequence[tuple[str, Recommendation]]
"""Each with the words that tell it from the others; no words where there is one."""

SHOWN = 10


def as_json(recommendations: Recommendations) -> dict[str, Any]:
    """`parts`, one for each study and device: `part`, `sentence`, `limits`, `choices`, `set`, `notes`."""
    return {"parts": [_part(words, recommended) for words, recommended in recommendations]}


def _part(words: str, recommended: Recommendation) -> dict[str, Any]:
    return {
        "part": words,
        "sentence": recommended.sentence,
        "limits": {limit.cost.name: limit.most for limit in recommended.limits},
        "choices": [_choice(choice, recommended) for choice in recommended.choices],
        "set": list(recommended.set),
        "notes": list(recommended.notes),
    }


def _choice(choice: Choice, recommended: Recommendation) -> dict[str, Any]:
    sizes = recommended.settings.loc[[choice.row], ["family", "depth", "width", "resolution", "epochs"]]
    return {**{str(name): value for name, value in sizes.to_dict("records")[0].items()}, **asdict(choice)}


def show(recommendations: Recommendations, console: Console) -> None:
    """The sentence of each, and its choices as a table."""
    for words, recommended in recommendations:
        if words:
            console.print(f"[bold]{words}[/bold]", highlight=False)
        console.print(recommended.sentence, highlight=False, markup=False, soft_wrap=True)
        if recommended.choices:
            tables.print_whole(_table(recommended), console)
        left = len(recommended.choices) - SHOWN
        if left > 0:
            console.print(f"and {left} more that meet the limits; --json has all", highlight=False)
        for note in recommended.notes:
            console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def _table(recommended: Recommendation) -> tables.Table:
    costs = [limit.cost.name for limit in recommended.limits]
    near = f"within\n{100 * NEAR:g}"
    numbers = ("accuracy\n%", "90%", *costs, "meets\nlimits", "is the\nbest", near, "points\nlost")
    numbers = tuple(name for name in numbers if costs or name != "meets\nlimits")
    table = tables.table(("setting", "", *numbers), right=numbers)
    for choice in recommended.choices[:SHOWN]:
        meets = (f"{choice.meets:.0%}",) if costs else ()
        table.add_row(
            choice.name,
            "trained" if choice.trained else "predicted",
            f"{100 * choice.accuracy.value:.1f}",
            f"{100 * choice.accuracy.low:.1f} to {100 * choice.accuracy.high:.1f}",
            *(_cost(choice.costs[name]) for name in costs),
            *meets,
            f"{choice.best:.0%}",
            f"{choice.near:.0%}",
            f"{100 * choice.loss:.2f}",
        )
    return table


def _cost(cost: Estimate) -> str:
    """With its interval where that is wider than 2% of it."""
    exact = not cost.high - cost.low > 0.02 * cost.value
    value = tables.engineering(cost.value) if cost.value >= 1e4 else f"{cost.value:.3g}"
    return value if exact else f"{value} ({cost.low:.3g} to {cost.high:.3g})"
