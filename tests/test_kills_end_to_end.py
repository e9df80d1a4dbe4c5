"""Kills at random moments: in the end every trial has one successful record, none was lost, none abandoned.

Victims are the driver, a worker, or all of them together; moments include start-up, idle workers and retries. Each blow
comes once after a short wait and once after a long one before any comes so again, in random order.
`SCALING_TEST_KILLS=60` takes some minutes, 600 a night.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import pytest

from scaling.models import trained
from tests.commands import command
from tests.test_failures_end_to_end import sabotaged

pytestmark = pytest.mark.slow

BLOWS = ("driver", "all", "stop", "worker killed", "worker terminated")
LONGEST = (1.0, 8.0)
"""Seconds that a run is left alone at the most."""
KILLS = int(os.environ.get("SCALING_TEST_KILLS", len(BLOWS) * len(LONGEST)))
PATIENCE = 400
STUDY = """
study: mortal
question: Does it matter when one is killed?
dataset: {name: synthetic, train_examples: 256}
grid: [{depth: 1, width: [0.0625, 0.125]}]
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: 12, seed: [0, 1, 2, 3, 4]}
recipe: {batch_size: 32}
latency: {phases: [training], batch_size: 16, max_seconds: 0.2}
"""
RUN = command("run", "mortal.yaml", "--checkpoint-seconds", "0.1", "--workers", "2")
PYTHON_STARTS = 1.5
"""Seconds in which the interpreter may not have reached the first line of the command yet."""


class Victims:
    """A run of the study, restarted whenever it has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | sabotaged(folder)
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.began = time.monotonic()
        with (self.folder / "output.txt").open("ab") as log:
            return subprocess.Popen(
                RUN, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def workers(self) -> list[int]:
        """Worker processes, from their first moment on."""
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [pid for pid in map(int, children.stdout.split()) if b"spawn_main" in _command(pid)]

    def strike(self, blow: str, chance: random.Random) -> None:
        """Kills somebody, and checks the exit code where one is promised."""
        if blow.startswith("worker") and (workers := self.workers()):
            _kill(chance.choice(workers), signal.SIGKILL if blow == "worker killed" else signal.SIGTERM)
            return
        if blow == "stop":
            time.sleep(max(0.0, self.began + PYTHON_STARTS - time.monotonic()))
            if self.process.poll() is None:
                self.process.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM]))
                assert self.process.wait(60) in (0, 130)
        elif blow == "all":
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()


def blows(chance: random.Random) -> Iterator[tuple[str, float]]:
    """What happens, and how long before it a run is left alone at the most."""
    while True:
        every = [*product(BLOWS, LONGEST)]
        chance.shuffle(every)
        yield from every


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def successes(folder: Path) -> Counter[str]:
    """How often each trial was trained to success, by what stands in the file."""
    file = folder / "results" / "mortal" / "records.jsonl"
    whole = [line for line in (file.read_text().splitlines() if file.exists() else []) if line.endswith("}")]
    return Counter(record["trial_id"] for record in map(json.loads, whole) if "failure" not in record)


def test_killed_at_random_moments_every_trial_is_trained_to_success_once(tmp_path: Path) -> None:
    (tmp_path / "mortal.yaml").write_text(STUDY)
    (tmp_path / "orders").mkdir()
    for seed in range(0, 5, 3):
        (tmp_path / "orders" / str(seed)).write_text("segfault")  # once each: they are retried
    chance_seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(chance_seed)  # noqa: S311
    victims, before = Victims(tmp_path), Counter[str]()
    for blow, longest in islice(blows(chance), KILLS):
        moment = time.monotonic() + chance.uniform(0.0, longest)
        while victims.process.poll() is None and time.monotonic() < moment:
            time.sleep(0.02)
        if victims.process.poll() is None:
            victims.strike(blow, chance)
        else:
            never_started = "failed to start 3 times" in said(tmp_path)  # so often in a row was it killed
            expected = (0, 130, 2) if never_started else (0, 130)
            assert victims.process.returncode in expected, f"seed {chance_seed}: {said(tmp_path)}"
        if victims.process.poll() is not None:
            victims.process = victims.start()
        after = successes(tmp_path)
        assert before <= after, f"a record was lost; seed {chance_seed}"
        before = after
    victims.process.wait(PATIENCE)
    last = subprocess.run(RUN, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert last.returncode == 0, f"seed {chance_seed}: {last.stdout + last.stderr}"
    done = successes(tmp_path)
    assert len(done) == 10, f"seed {chance_seed}"
    assert set(done.values()) == {1}, f"seed {chance_seed}"
    assert "Traceback" not in said(tmp_path), f"seed {chance_seed}: {said(tmp_path)}"
    kept = list((tmp_path / "results" / "mortal" / "weights").glob("*.safetensors"))
    assert kept, f"seed {chance_seed}"
    for file in kept:  # each whole, and of a trial that was recorded
        about = trained.read_about(file)
        assert about is not None, f"seed {chance_seed}"
        assert about.trial.id == file.stem, f"seed {chance_seed}"
        assert file.stem in done, f"seed {chance_seed}"
    again = subprocess.run(RUN, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "nothing left to do" in again


def said(folder: Path) -> str:
    return (folder / "output.txt").read_text()
