"""Thirty times `kill -9` at random moments: in the end every trial has one successful record, and none was lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = 15
LONGEST = 10.0
PATIENCE = 240
STUDY = """
study: mortal
question: Does it matter when one is killed?
dataset: {name: synthetic, train_examples: 256}
grid: [{depth: 14, width: [0.0625, 0.09375]}]
across: {resolution: 8, stem: small, epochs: 2, seed: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}
recipe: {batch_size: 32}
latency: {phases: [training], batch_size: 16, max_seconds: 0.2}
"""
RUN = [sys.executable, "-m", "scaling.cli", "run", "mortal.yaml", "--checkpoint-seconds", "0.1", "--workers", "2"]


def successes(folder: Path) -> Counter[str]:
    """How often each trial was trained to success, by what stands in the file."""
    file = folder / "results" / "mortal" / "records.jsonl"
    whole = [line for line in (file.read_text().splitlines() if file.exists() else []) if line.endswith("}")]
    return Counter(record["trial_id"] for record in map(json.loads, whole) if "failure" not in record)


@pytest.mark.parametrize("victims", ["driver", "driver and workers"])
def test_killed_at_random_moments_every_trial_is_trained_to_success_once(tmp_path: Path, victims: str) -> None:
    (tmp_path / "mortal.yaml").write_text(STUDY)
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)  # noqa: S311
    before: Counter[str] = Counter()
    for _ in range(KILLS):
        process = subprocess.Popen(
            RUN, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(chance.uniform(0.1, LONGEST))
        except subprocess.TimeoutExpired:
            if victims == "driver":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        after = successes(tmp_path)
        assert before <= after, f"a record was lost; seed {seed}"
        before = after
    last = subprocess.run(RUN, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert last.returncode == 0, last.stdout + last.stderr
    done = successes(tmp_path)
    assert len(done) == 24, f"seed {seed}"
    assert set(done.values()) == {1}, f"seed {seed}"
    assert "nothing left to do" in subprocess.run(RUN, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
