"""A few of the simulated studies of `calibration`, of which `make calibration` runs many."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.analysis.calibration import DOCUMENT, ROWS, Row, line, measured, told

STUDIES = int(os.environ.get("SCALING_TEST_STUDIES", "10"))

FALSE = [row for row in ROWS if "false" in row.what]


@pytest.mark.slow
@pytest.mark.parametrize("row", FALSE, ids=lambda row: row.what)
def test_verdicts_are_seldom_false(row: Row) -> None:
    mean, _ = measured(row, STUDIES)
    _, most = row.range
    assert most == 0.1
    # The bound, and the chance in so few studies: 2.6 standard errors.
    assert mean <= most + 2.6 * np.sqrt(most * (1 - most) / STUDIES)


def test_the_document_has_every_row_and_says_which_missed_its_target() -> None:
    rows = told(DOCUMENT.read_text())
    for row in ROWS:
        value, error, studies = (float(part) for part in rows[row.what].split(" | ")[1:4])
        assert rows[row.what] == line(row, int(studies), (value, error))
        assert studies >= 100


@pytest.mark.parametrize(
    ("wanted", "value", "ends"),
    [
        ("at most 0.10", 0.1, "at most 0.10 |"),
        ("at most 0.10", 0.101, "at most 0.10: missed |"),
        ("at least 0.90", 0.89, "at least 0.90: missed |"),
        ("-0.05 to 0.05", -0.06, "-0.05 to 0.05: missed |"),
        ("0.98 to 1.02", 0.98, "0.98 to 1.02 |"),
        ("", 7.0, "reported |"),
    ],
)
def test_a_missed_target_is_said(wanted: str, value: float, ends: str) -> None:
    assert line(Row("x", wanted, lambda number: 0.0), 200, (value, 0.01)).endswith(ends)
