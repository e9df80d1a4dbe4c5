"""Real workers that crash, run out of memory, hang and are taken away; a disk that fills up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import commands
from tests.commands import PATIENCE, wait_until

pytestmark = pytest.mark.slow

SABOTAGE = Path(__file__).with_name("sabotage")
STUDY = """
study: frail
question: What does it take to lose a trial?
dataset: {name: synthetic, train_examples: 512}
grid: [{depth: 1, width: 0.0625}]
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: 2, seed: [0, 1, 2, 3, 4]}
recipe: {batch_size: 32}
latency: {phases: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "frail.yaml").write_text(STUDY)
    (tmp_path / "orders").mkdir()
    return tmp_path


def sabotaged(folder: Path) -> dict[str, str]:
    """The environment in which the workers of a folder's runs do what its `orders` say."""
    path = os.pathsep.join(filter(None, (str(SABOTAGE), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "SABOTAGE": str(folder / "orders")}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return commands.start(folder, *arguments, **sabotaged(folder))


def call(folder: Path, *arguments: str) -> tuple[int, str]:
    process = start(folder, *arguments)
    output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def records(folder: Path, results: str = "results") -> list[dict[str, Any]]:
    return commands.records(folder, "frail", results)


def seeds_of(records: list[dict[str, Any]]) -> list[int]:
    return [record["trial"]["seed"] for record in records]


def outcomes(folder: Path, seed: int) -> list[str]:
    """How the tries of a seed's trial ended, in order."""
    return [
        record.get("failure", {}).get("kind", "ok") for record in records(folder) if record["trial"]["seed"] == seed
    ]


@contextlib.contextmanager
def memory_group(megabytes: int) -> Iterator[Path | None]:
    """A control group whose processes the kernel kills beyond so much memory; None where none can be made."""
    for base, limit in (
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        ("/sys/fs/cgroup", "memory.max"),
    ):
        group = Path(base) / f"scaling-test-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text(str(megabytes << 20))
        except OSError:
            with contextlib.suppress(OSError):
                group.rmdir()
            continue
        yield group
        group.rmdir()
        return
    yield None


def test_workers_that_crash_and_hang_cost_no_trial(folder: Path) -> None:
    """Each of five trials meets its own accident in its fourth step, and goes on from its checkpoint.

    While one worker hangs the other one goes on.
    """
    (folder / "orders" / "0").write_text("segfault")
    (folder / "orders" / "1").write_text("hang")
    (folder / "orders" / "2").write_text("terminate")
    (folder / "orders" / "3").write_text("segfault!")
    (folder / "orders" / "4").write_text("exhaust")
    options = ("--checkpoint-seconds", "0", "--timeout", "45")
    code, output = call(folder, "run", "frail.yaml", *options, "--workers", "2", "--retries", "1")
    assert code == 1, output
    assert [outcomes(folder, seed) for seed in range(5)] == [
        ["crash", "ok"],
        ["timeout", "ok"],
        ["preempted", "ok"],
        ["crash", "crash"],
        ["ok"],
    ], output
    by_kind = {record.get("failure", {}).get("kind"): record for record in records(folder)}
    assert "was ended by SIGSEGV" in by_kind["crash"]["failure"]["message"]
    assert "no progress for 45 s" in by_kind["timeout"]["failure"]["message"]
    done = [record for record in records(folder) if "failure" not in record]
    *before, sixteen = [record["micro_batch_size"] for record in done][: seeds_of(done).index(4) + 1]
    assert set(before) == {32}  # what the same worker trains afterwards it splits at once
    assert sixteen == 16
    assert "out of memory; batches of 32 go on in parts of 16" in output
    logs = folder / "results" / "frail" / "logs"
    assert all((logs / record["log"]).exists() for record in records(folder))
    left = [file.name for file in (folder / "results" / "frail" / "checkpoints").iterdir()]
    assert [name.rpartition("-s")[2][0] for name in left] == ["3"]  # the one that may be tried again
    assert "1 failed in all (1 crash)" in output
    assert "scaling run frail.yaml --workers 2" in output
    assert "1 crash, retried by the next run" in call(folder, "status")[1]
    code, output = call(folder, "run", "frail.yaml", *options, "--workers", "1", "--retries", "0")
    assert code == 1, output
    (folder / "orders" / "3").unlink()
    code, output = call(folder, "run", "frail.yaml")
    assert code == 0, output
    assert outcomes(folder, 3) == ["crash", "crash", "crash", "ok"]


def test_a_worker_that_the_kernel_kills_for_its_memory_is_replaced(folder: Path) -> None:
    with memory_group(megabytes=1500) as group:
        if group is None:
            pytest.skip("no control group for memory can be made on this machine")
        (folder / "orders" / "0").write_text(f"allocate {group}")
        code, output = call(folder, "run", "frail.yaml", "--limit", "1", "--checkpoint-seconds", "0")
        assert code == 0, output
        assert outcomes(folder, 0) == ["crash", "ok"]
        assert "SIGKILL (the kernel does this when memory runs out)" in output


def test_sigterm_writes_a_checkpoint_records_and_exits_130(folder: Path) -> None:
    study = STUDY.replace("epochs: 2, seed: [0, 1, 2, 3, 4]", "epochs: 200, seed: 0")
    (folder / "frail.yaml").write_text(study)
    process = start(folder, "run", "frail.yaml")
    results = folder / "results" / "frail"
    wait_until(lambda: any(job["epochs_done"] for job in running(results)), process)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, output
    assert time.monotonic() - began < 30  # what is promised, not how fast this machine is
    assert outcomes(folder, 0) == ["interrupted"]
    assert "1 interrupted" in output
    assert "go on from their checkpoints with: scaling run frail.yaml" in output
    assert len(list((results / "checkpoints").iterdir())) == 1
    assert "1 unfinished" in call(folder, "status")[1]


def running(results: Path) -> list[dict[str, Any]]:
    try:
        jobs: list[dict[str, Any]] = json.loads((results / "driver.json").read_text())["running"]
    except (OSError, ValueError):
        return []
    return jobs


@contextlib.contextmanager
def small_disk(path: Path, kilobytes: int) -> Iterator[bool]:
    """A file system of so many kilobytes at `path`; False where none can be mounted."""
    path.mkdir()
    size = f"size={kilobytes}k"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(path)], capture_output=True, check=False)
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk_stops_the_study_and_loses_nothing(folder: Path) -> None:
    with small_disk(folder / "disk", kilobytes=400) as mounted:
        if not mounted:
            pytest.skip("no small file system can be mounted on this machine")
        run = ("run", "frail.yaml", "--workers", "1", "--keep", "none", "--results", "disk")
        process = start(folder, *run)
        wait_until(lambda: bool(records(folder, "disk")), process)
        with contextlib.suppress(OSError), (folder / "disk" / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(512))
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 2, output
        assert "disk full" in output or "No space left" in output, output
        assert "disk/frail/" in output, output
        assert "Traceback" not in output
        before = records(folder, "disk")
        assert before
        assert all("failure" not in record for record in before), [record.get("failure") for record in before]
        (folder / "disk" / "filler").unlink()
        code, output = call(folder, *run)
        assert code == 0, output
        after = records(folder, "disk")
        assert after[: len(before)] == before
        assert sorted(seeds_of(after)) == [0, 1, 2, 3, 4]
