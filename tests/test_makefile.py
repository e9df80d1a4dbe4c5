"""`make study` does all that README says it does, in that order."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_study_ends_with_the_report() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "--silent", "study", "STUDY=depth_vs_width"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    steps = ("scaling plan depth_vs_width", "scaling run depth_vs_width", "plot results/depth_vs_width",
             "report results/depth_vs_width")  # fmt: skip
    places = [done.stdout.index(step) for step in steps]
    assert places == sorted(places)
    assert "&& exit $status" in done.stdout[places[-1] :]
