"""The real command line on a folder of images: planned, run, plotted."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests import commands
from tests.runner.data import stored

pytestmark = pytest.mark.slow

STUDY = """
study: photos
question: Is a folder of images planned with, trained on and drawn?
dataset: {{name: "image_folder:{root}", validation_fraction: 0.2}}
grid: [{{depth: 14, width: 0.0625}}]
across: {{resolution: 16, stem: small, epochs: 2, seed: 0}}
recipe: {{batch_size: 16, randaugment_layers: 2}}
latency: {{batch_size: 16, max_seconds: 0.5, phases: [training]}}
"""


def call(folder: Path, *arguments: str) -> str:
    """Standard output of the command, which must succeed."""
    done = commands.call(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_image_folder_is_trained_on_and_its_damaged_image_costs_nothing(tmp_path: Path) -> None:
    stored.image_folder(tmp_path / "photos", each=30)
    (tmp_path / "photos" / "cat" / "000.jpg").write_bytes(b"torn")
    os.mkfifo(tmp_path / "photos" / "cat" / "pipe.jpg")
    (tmp_path / "photos.yaml").write_text(STUDY.format(root=tmp_path / "photos"))
    assert len(json.loads(call(tmp_path, "plan", "photos.yaml", "--json"))["trials"]) == 1
    call(tmp_path, "run", "photos.yaml", "--workers", "1")
    (line,) = (tmp_path / "results" / "photos" / "records.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert "failure" not in record
    assert [Path(name).name for name in record["skipped"]] == ["pipe.jpg", "000.jpg"]
    assert 0 < record["test_raw"]["n"] <= 90
    (timing,) = (tmp_path / "results" / "photos" / "latency.jsonl").read_text().splitlines()
    assert json.loads(timing)["request"]["classes"] == 3
    assert "1 trials drawn" in call(tmp_path, "plot", "results/photos", "--format", "png")
    shutil.rmtree(tmp_path / "photos")
    assert "1 trials drawn" in call(tmp_path, "plot", "results/photos", "--format", "png")
