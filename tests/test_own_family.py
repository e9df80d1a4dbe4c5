"""docs/families.md, walked: its function and its study, in an empty folder, from plan to figures; then an edit."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests import commands

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[1] / "docs" / "families.md"
SMALLER = {
    "fashion_mnist": "synthetic",
    "train_examples: 2000": "train_examples: 500",
    "resolution: 14": "resolution: 16",
    "max_seconds: 1": "max_seconds: 0.2",
}
"""What is not as it is written: data that is everywhere, and less of it."""


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.call(folder, *arguments, XDG_CACHE_HOME=str(folder / "cache"))


def test_the_guide_works_as_it_is_written_and_an_edit_is_another_network(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```(\w+)\n(.*?)```", GUIDE.read_text(), re.DOTALL)[:3])
    assert blocks["python"].count("\n") + blocks["yaml"].count("\n") <= 60
    (tmp_path / "my_nets.py").write_text(blocks["python"])
    study = blocks["yaml"]
    for written, here in SMALLER.items():
        assert written in study
        study = study.replace(written, here)
    (tmp_path / "mixers.yaml").write_text(study)
    for command in blocks["sh"].strip().splitlines():
        done = call(tmp_path, *command.split()[1:])
        assert done.returncode == 0, done.stdout + done.stderr
    records = [
        json.loads(line) for line in (tmp_path / "results" / "mixers" / "records.jsonl").read_text().splitlines()
    ]
    assert len(records) == 4
    assert all("failure" not in record for record in records)
    assert {record["trial"]["variant"].get("options", {}).get("kernel", 5) for record in records} == {3, 5}
    assert (tmp_path / "results" / "mixers" / "figures" / "accuracy_vs_macs.png").exists()
    (tmp_path / "my_nets.py").write_text(blocks["python"].replace("64 * width", "48 * width"))
    planned = json.loads(call(tmp_path, "plan", "mixers.yaml", "--json").stdout)
    assert not {trial["id"] for trial in planned["trials"]} & {record["trial_id"] for record in records}
