"""Replayed claims as a table in Markdown."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from scaling.analysis.claims.replay import Replayed
from scaling.published.claims import claims
from scaling.reports.claims import as_markdown, show


def test_one_row_a_claim_with_its_verdict_and_what_was_found() -> None:
    stated = claims("power_law_breaks", "diminishing_resolution")
    replayed = [
        Replayed(
            stated[0],
            "published/fig2",
            "holds",
            "break at 6e9",
            None,
            "at 2 epochs, not 10",
            "holds without noise",
            0.9,
        ),
        Replayed(
            replace(stated[1], expected="a | b"),
            "these results",
            "not addressed",
            "no such network",
            None,
            "",
            "",
            None,
        ),
    ]
    table, confidence = as_markdown(replayed).split("\n\n")
    head, rule, *rows = table.splitlines()
    assert confidence == (
        "Each verdict is at 90% by itself, not jointly with the others: of 1 that are read together, up to 0.1 may be "
        "false on average."
    )
    assert as_markdown(replayed[1:]).splitlines()[-1].startswith("| ")
    assert head.count("|") == rule.count("|") == 6
    assert rows[0] == (
        f"| {stated[0].says} | published/fig2 | **holds** (at 2 epochs, not 10; holds without noise) | break at 6e9 "
        f"| {stated[0].expected} |"
    )
    assert rows[1].endswith(r"| **not addressed** | no such network | a \| b |")


def test_further_lines_of_a_claim_are_indented() -> None:
    (stated,) = claims("power_law_breaks")
    found = Replayed(stated, "published/fig2", "holds", "a break " * 20, None, "", "", 0.9)
    text = io.StringIO()
    show([("", [found])], Console(file=text, width=60))
    first, *more = text.getvalue().partition("1 holds")[0].splitlines()
    assert first.startswith("holds     ")
    assert len(more) > 5
    assert all(line.startswith(" " * 10) and len(line) <= 60 for line in more)
    assert not any(line.endswith(" ") for line in (first, *more))
