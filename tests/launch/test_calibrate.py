"""`scaling plan --calibrate`: real steps are timed, and later plans without records go by them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

STUDY = """
study: tiny
question: How fast is it here?
dataset: {name: synthetic, train_examples: 256}
grid: [{width: [0.0625, 0.125]}]
across: {depth: 14, resolution: 8, stem: small, epochs: 1, seed: [0, 1]}
recipe: {batch_size: 32, precision: auto}
latency: {phases: [inference], runtimes: [keras]}
"""


def planned(folder: Path, *arguments: str) -> dict[str, Any]:
    """The plan as JSON, which is all that stands on standard output."""
    ran = subprocess.run(
        [sys.executable, "-m", "scaling.cli", "plan", "tiny.yaml", "--json", *arguments],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


def test_plans_go_by_what_was_timed_here(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(STUDY)
    assert planned(tmp_path)["reckoned_by"]["measured"] is None
    calibrated = planned(tmp_path, "--calibrate")
    assert calibrated["reckoned_by"]["measured"]["by"] == "training steps of 2 networks"
    assert planned(tmp_path) == calibrated
    assert not (tmp_path / "results").exists()
