"""A few of the simulated studies of `calibration`, of which `make calibration` runs many."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from scaling.analysis.uncertainty import Estimate
from tests.analysis import price
from tests.analysis.calibration import (
    CURVES,
    DOCUMENT,
    MISSED,
    PAIRING,
    PRICE,
    ROWS,
    Measured,
    Row,
    line,
    measured,
    missed,
    numbers,
    part_of,
    power_of,
    told,
    without_pairing,
)

STUDIES = int(os.environ.get("SCALING_TEST_STUDIES", "10"))

FALSE = [row for row in ROWS if "false" in row.what]


@pytest.mark.slow
@pytest.mark.parametrize("row", FALSE, ids=lambda row: row.what)
def test_verdicts_are_seldom_false(row: Row) -> None:
    mean, *_ = measured(row, STUDIES)
    _, most = row.range
    assert most == 0.1
    # The bound, and the chance in so few studies: 2.6 standard errors.
    assert mean <= most + 2.6 * np.sqrt(most * (1 - most) / STUDIES)


def test_the_document_has_every_row_and_says_which_missed_its_target() -> None:
    rows = told(DOCUMENT.read_text())
    for row in ROWS:
        found = numbers(rows[row.what])
        assert rows[row.what] == line(row, found)
        assert found.studies >= (20 if "chance of" in row.what else 100)  # of most studies no chance lies in a bin


def test_the_document_has_every_part_and_says_why_a_target_was_missed() -> None:
    document = DOCUMENT.read_text()
    assert all(part_of(document, heading) for heading in (PRICE, PAIRING, CURVES))
    rows = told(document)
    every = [(row, numbers(rows[row.what])) for row in ROWS]
    assert f"\n## {MISSED}\n\n{part_of(document, MISSED)}" == missed(every)


def test_what_pairing_gains_is_what_the_document_says() -> None:
    assert part_of(DOCUMENT.read_text(), PAIRING) == price.pairing()


@pytest.mark.slow
def test_what_honesty_costs_a_shipped_study_is_asked_of_all_that_it_says() -> None:
    """What it costs the claims of the paper is tested where they are replayed."""
    said = price.of_study("depth_vs_width")
    assert {"answer", "what longer training changes"} < set(said)
    assert {word.split(":")[0] for word in said} >= {"answer", "regime", "choice"}
    assert all(alike and honest for alike, honest in said.values())


def test_a_single_interval_tells_a_difference_as_often_as_its_power_says() -> None:
    random = np.random.default_rng(0)
    values = 0.5 + 0.6 * random.standard_normal(50_000)
    outside = [Estimate(value, value - 0.987, value + 0.987).side_of(0.0, "y", "y") == "y" for value in values[:20_000]]
    assert power_of(0.5, 0.6) == pytest.approx(np.mean(outside), abs=0.01)
    assert power_of(0.0, 1.0) == pytest.approx(0.1)


def test_the_bound_without_pairing_is_below_its_target() -> None:
    said = without_pairing()
    tells = [int(part) / 100 for part in re.findall(r"\bin (\d+)%", " ".join(said.split()))]
    assert len(tells) == 2
    assert tells[0] < tells[1] < 0.6


@pytest.mark.slow
def test_coverage_with_few_degrees_of_freedom_is_that_of_the_interval() -> None:
    (row,) = (row for row in ROWS if row.what.endswith("the interval holds their difference"))
    found = measured(row, 25)
    assert found.studies == 25 * row.times
    assert abs(found.mean - 0.9) <= 2.6 * np.sqrt(0.09 / found.studies)


@pytest.mark.parametrize(
    ("wanted", "value", "ends"),
    [
        ("at most 0.10", 0.1, "at most 0.10 |"),
        ("at most 0.10", 0.101, "at most 0.10: too wide: missed |"),
        ("0.85 to 0.95", 0.955, "0.85 to 0.95: too wide: missed |"),
        ("0.85 to 0.95", 0.84, "0.85 to 0.95: missed |"),
        ("at least 0.90", 0.89, "at least 0.90: missed |"),
        ("-0.05 to 0.05", -0.06, "-0.05 to 0.05: missed |"),
        ("0.98 to 1.02", 0.98, "0.98 to 1.02 |"),
        ("", 7.0, "reported |"),
    ],
)
def test_a_missed_target_is_said(wanted: str, value: float, ends: str) -> None:
    assert line(Row("x", wanted, lambda number: 0.0, "too wide"), Measured(value, 0.01, 200)).endswith(ends)
