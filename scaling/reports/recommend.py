"""What to choose, on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from rich.console import Console

from scaling.analysis.decide.recommend import NEAR, Choice, Recommendation
from scaling.analysis.uncertainty import LEVEL, Estimate
from scaling.reports import tables
from scaling.wording import quantity

Recommendations: TypeAlias = Sequence[tuple[str, Recommendation]]
"""Each with the words that tell it from the others; no words where there is one."""

SHOWN = 10

HELD = "+"
"""Marks the settings that hold the best with 90%."""

MEETS, BEST, NEARLY, LOST = "meets\nlimits", "is the\nbest", f"within\n{100 * NEAR:g}", "points\nlost"
"""Headings of what is known of a choice besides its accuracy and costs."""


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
    return {
        **{str(name): value for name, value in sizes.to_dict("records")[0].items()},
        **asdict(choice),
        "trained": choice.trained,
    }


def show(recommendations: Recommendations, console: Console, wide: bool = False) -> None:
    """The sentence of each, and its choices as a table; `wide`: with all columns."""
    for words, recommended in recommendations:
        if words:
            console.print(f"[bold]{words}[/bold]", highlight=False)
        console.print(recommended.sentence, highlight=False, markup=False, soft_wrap=True)
        if recommended.choices:
            _show_choices(recommended, console, wide)
        left = len(recommended.choices) - SHOWN
        if left > 0:
            console.print(f"and {left} more that meet the limits; --json has all", highlight=False)
        for note in recommended.notes:
            console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def _show_choices(recommended: Recommendation, console: Console, wide: bool) -> None:
    table = _table(recommended)
    if wide:
        tables.print_whole(table, console)
    else:
        intervals = [_interval_heading(limit.cost.name) for limit in recommended.limits]
        tables.print_narrow(table, console, spare=(LOST, NEARLY, *intervals, MEETS), short=("setting",))
    if not all(choice.trained for choice in recommended.choices[:SHOWN]):
        console.print("* predicted, not trained", highlight=False)
    console.print(legend(recommended, SHOWN), highlight=False, soft_wrap=True)


def marked(choice: Choice, recommended: Recommendation) -> str:
    """Its name; with a sign where it is one of those that hold the best."""
    return f"{choice.name} {HELD}" if choice.name in recommended.set else choice.name


def legend(recommended: Recommendation, shown: int) -> str:
    """What the sign means, and how many of those that have it are not among so many rows."""
    names = {choice.name for choice in recommended.choices[:shown]}
    hidden = len({*recommended.set} - names)
    several = f"one of {len(recommended.set)} that hold the best with {LEVEL:.0%}, together"
    also = f"; {hidden} of them are not in these rows" if hidden else ""
    return (
        f"{HELD} {several if len(recommended.set) > 1 else f'is the best with a chance of {LEVEL:.0%} or more'}{also}"
    )


def _table(recommended: Recommendation) -> tables.Table:
    costs = [limit.cost.name for limit in recommended.limits]
    of_costs = [heading(name) for name in costs for heading in (_cost_heading, _interval_heading)]
    numbers = ("top-1\n%", "90%", *of_costs, *([MEETS] if costs else []), BEST, NEARLY, LOST)
    table = tables.table(("setting", *numbers), right=numbers)
    for choice in recommended.choices[:SHOWN]:
        table.add_row(
            marked(choice, recommended) if choice.trained else f"{marked(choice, recommended)} *",
            f"{100 * choice.accuracy.value:.1f}",
            f"{100 * choice.accuracy.low:.1f} to {100 * choice.accuracy.high:.1f}",
            *(cell for name in costs for cell in _cost(choice.costs[name])),
            *([f"{choice.meets:.0%}"] if costs else []),
            f"{choice.best:.0%}",
            f"{choice.near:.0%}",
            f"{100 * choice.loss:.2f}",
        )
    return table


def _cost_heading(cost: str) -> str:
    return cost.replace("_", "\n")


def _interval_heading(cost: str) -> str:
    return f"{_cost_heading(cost)}\n(90%)"


def _cost(cost: Estimate) -> tuple[str, str]:
    """With its interval where that is wider than 2% of it."""
    exact = not cost.high - cost.low > 0.02 * cost.value
    return quantity(cost.value), "" if exact else f"{quantity(cost.low)} to {quantity(cost.high)}"
