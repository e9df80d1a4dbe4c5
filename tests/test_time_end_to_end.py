"""`scaling recommend --time` in real processes: it times what was not timed, and trains nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scaling.generator.study import load
from tests import commands
from tests.builders import results_folder, train_record
from tests.commands import call

pytestmark = pytest.mark.slow

STUDY = """
study: pair
question: Which is best?
dataset: {name: synthetic, train_examples: 256}
grid:
  - {depth: [14, 26], width: 0.0625}
across: {resolution: 8, stem: small, epochs: 1, seed: 0}
recipe: {batch_size: 32}
latency: {phases: [inference], batch_size: 16, max_seconds: 0.2}
"""
ASKED = ("recommend", "results/pair", "--at-most", "inference_ms=100000")


def test_what_was_not_timed_is_timed_and_then_chosen_by(tmp_path: Path) -> None:
    (tmp_path / "pair.yaml").write_text(STUDY)
    study = load(str(tmp_path / "pair.yaml"))
    records = [train_record(of, top1=0.5 + 0.01 * of.variant.depth) for of in study.trials]
    results_folder(tmp_path / "results" / "pair", records, (), study.to_yaml())
    before = call(tmp_path, *ASKED)
    assert "is known (`--time` times networks without training them)" in before.stdout
    timed = call(tmp_path, *ASKED, "--time", "--json")
    assert timed.returncode == 0, timed.stdout + timed.stderr
    (part,) = json.loads(timed.stdout)["parts"]
    assert len(part["choices"]) == 2
    assert all(choice["costs"]["inference_ms"]["value"] > 0 for choice in part["choices"])
    assert not any("predicted" in note for note in part["notes"])
    assert len(commands.records(tmp_path, "pair", "results")) == len(records)
