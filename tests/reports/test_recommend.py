"""What is recommended, as a table: the first choices, intervals where they matter, and what is left out."""

from __future__ import annotations

import io
import json

from rich.console import Console

from scaling.analysis.decide.limits import limits_of
from scaling.analysis.decide.recommend import Recommendation, recommend
from scaling.analysis.uncertainty import Estimate
from scaling.reports.page.leads import _table
from scaling.reports.recommend import SHOWN, _cost, as_json, show
from tests.analysis.decide.surfaces import surface

STUDY = surface(0, depths=(14, 26, 50), widths=(0.5, 1.0, 2.0), resolutions=(64,), epochs=(10, 30), seeds=2)


def recommended(*limits: str) -> list[tuple[str, Recommendation]]:
    return recommend(STUDY.frame, limits_of(limits), draws=200)


def shown(answers: list[tuple[str, Recommendation]], wide: bool = False) -> list[str]:
    screen = io.StringIO()
    show(answers, Console(file=screen, width=60), wide)
    return screen.getvalue().splitlines()


def test_a_narrow_terminal_loses_nothing() -> None:
    ((_, found),) = answers = recommended("training_ms=1000", "params=1e9")
    lines = shown(answers)
    assert lines[0] == found.sentence
    rows = [line for line in lines if line.startswith("ResNet-RS ")]
    assert [line.split("  ")[0].strip(" *+") for line in rows] == [choice.name for choice in found.choices[:SHOWN]]
    assert f"and {len(found.choices) - SHOWN} more that meet the limits; --json has all" in lines
    assert "left out for lack of space: points lost" in "".join(lines)
    assert "left out" not in "".join(shown(answers, wide=True))


def test_what_was_predicted_is_marked() -> None:
    ((_, found),) = answers = recommended("training_ms=1000", "params=1e9")
    marked = [" *" in line for line in shown(answers) if line.startswith("ResNet-RS ")]
    assert marked == [not choice.trained for choice in found.choices[:SHOWN]]


def test_the_settings_that_hold_the_best_are_marked_and_the_sign_is_explained() -> None:
    ((_, found),) = answers = recommended("training_ms=1000", "params=1e9")
    lines = shown(answers)
    marked = [" +" in line for line in lines if line.startswith("ResNet-RS ")]
    assert marked == [choice.name in found.set for choice in found.choices[:SHOWN]]
    hidden = len(found.set) - sum(marked)
    also = f"; {hidden} of them are not in these rows" if hidden else ""
    assert f"+ one of {len(found.set)} that hold the best with 90%, together{also}" in lines


def test_one_that_holds_the_best_alone_is_marked_as_such() -> None:
    certain = surface(
        1, depths=(14, 50), widths=(0.5, 2.0), resolutions=(64,), epochs=(10,), images=10**9, seed_noise=1e-6
    )
    lines = shown(recommend(certain.frame, draws=200))
    assert sum(" +" in line for line in lines if line.startswith("ResNet-RS ")) == 1
    assert "+ is the best with a chance of 90% or more" in lines


def test_a_page_marks_them_too() -> None:
    ((_, found),) = recommended()
    table = _table(found)
    assert table is not None
    assert "+ one of " in table.caption
    names = [row[0].text for row in table.rows]
    assert [name.endswith(" +") for name in names] == [name.removesuffix(" +") in found.set for name in names]


def test_a_cost_has_its_interval_where_it_is_not_exact() -> None:
    """Times have an interval of 3%, counts have none."""
    (row, *_) = [
        line
        for line in shown(recommended("training_ms=1000", "params=1e9"), wide=True)
        if line.startswith("ResNet-RS ")
    ]
    assert row.count(" to ") == 2


def test_costs_have_no_powers_of_ten() -> None:
    assert _cost(Estimate(2e6, 1.9e6, 3.5e6)) == ("2M", "1.9M to 3.5M")
    assert _cost(Estimate(1234.5, 1100.0, 2000.0)) == ("1,234", "1,100 to 2,000")
    assert _cost(Estimate(0.0781, 0.05, 0.1)) == ("0.0781", "0.05 to 0.1")


def test_without_limits_there_is_no_column_that_says_how_surely_they_are_met() -> None:
    assert "limits" in "".join(shown(recommended("params=1e9")))
    assert "limits" not in "".join(shown(recommended())[1:-1])


def test_parts_are_told_apart_by_their_words() -> None:
    ((_, found),) = recommended("params=1")
    assert shown([("here", found), ("there", found)]) == ["here", found.sentence, "there", found.sentence]
    assert [part["part"] for part in as_json([("here", found), ("there", found)])["parts"]] == ["here", "there"]


def test_what_is_told_to_programs_is_json_with_every_choice() -> None:
    ((_, found),) = answers = recommended("training_ms=1000")
    (part,) = json.loads(json.dumps(as_json(answers)))["parts"]
    assert len(part["choices"]) == len(found.choices) > SHOWN
    assert part["choices"][0]["depth"] == found.settings.loc[found.choices[0].row, "depth"]
    assert part["notes"] == list(found.notes)
