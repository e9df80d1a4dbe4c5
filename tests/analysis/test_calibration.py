"""A few of the simulated studies of `calibration`, of which `make calibration` runs many."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.analysis.calibration import DOCUMENT, ROWS, Row, measured

STUDIES = int(os.environ.get("SCALING_TEST_STUDIES", "10"))


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ROWS if np.isfinite(row.bound)], ids=lambda row: row.what)
def test_verdicts_are_seldom_false(row: Row) -> None:
    mean, _ = measured(row, STUDIES)
    # The bound, and the chance in so few studies: 2.6 standard errors.
    assert mean <= row.bound + 2.6 * np.sqrt(row.bound * (1 - row.bound) / STUDIES)


def test_the_document_has_every_row_with_its_measurement() -> None:
    told = {line.split(" | ")[0].removeprefix("| "): line for line in DOCUMENT.read_text().splitlines()}
    for row in ROWS:
        value, error = (float(part) for part in told[row.what].split(" | ")[1:3])
        assert np.isfinite(value)
        if np.isfinite(row.bound):
            assert value <= row.bound + 2.6 * error + 1e-9
