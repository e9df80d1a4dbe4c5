"""The Ray engine, on real clusters on this machine: a node and an actor are killed, the driver is asked to stop."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from rich.console import Console

from scaling import launch
from scaling.generator.study import check
from scaling.launch import pools
from scaling.launch.engines import EngineError
from scaling.launch.engines.actor import Outbox, on_this_node
from scaling.runner.jobs import Note, WorkerConfig
from scaling.runner.training import checkpoint
from tests.runner.data.mapped import copies_of

STUDY = """
study: tiny
question: Does a killed node lose anything?
dataset: {name: synthetic, train_examples: 512}
grid:
  - {depth: 1, width: [0.0625, 0.125], learning_rate: 0.05}
across: {family: vit, patch: 4, head: 8, resolution: 8, epochs: 6, seed: 0}
recipe: {batch_size: 32}
latency: {phases: [training], batch_size: 16, max_seconds: 0.2}
"""
NET = """
from keras import Input, Model, layers

def net(depth: int, width, resolution, channels, classes):
    images = Input((resolution, resolution, channels))
    return Model(images, layers.Dense(classes)(layers.GlobalAveragePooling2D()(images)))
"""
PATIENCE = 120
QUICK_TO_NOTICE = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "2",
}
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason='Ray is not here: pip install "scaling-study[cluster]"')


@dataclass
class Cluster:
    """Ray nodes on this machine, each in a session of processes of its own."""

    port: int
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp")))
    environment: dict[str, str] = field(
        default_factory=lambda: {
            **os.environ,
            **QUICK_TO_NOTICE,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(16),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
    )
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> None:
        """Adds a node of one processor."""
        log = self.folder / f"node-{len(self.nodes)}.log"
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus", "1"]
        with log.open("wb") as output:
            node = subprocess.Popen(
                [*command, "--object-store-memory", str(80 * 2**20), *arguments],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.nodes.append(node)
        wait_until(lambda: "Ray runtime started" in log.read_text(), node)

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """Ends a node as a power cut would."""
        for pid in processes(lambda entry: session_of(entry) == node.pid):
            os.kill(pid, signal.SIGKILL)
        node.wait()


def processes(wanted: Callable[[Path], bool]) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted(entry):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def session_of(entry: Path) -> int:
    return int((entry / "stat").read_text().rpartition(")")[2].split()[3])


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head and one more node."""
    one = Cluster(free_port())
    try:
        ports = ("--port", str(one.port), "--ray-client-server-port", str(free_port()))
        one.start("--head", *ports, "--include-dashboard", "false", "--temp-dir", str(one.folder))
        one.start("--address", f"127.0.0.1:{one.port}")
        yield one
    finally:
        for node in one.nodes:
            one.kill(node)
        shutil.rmtree(one.folder, ignore_errors=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(STUDY)
    return tmp_path


def scaling_run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scaling.cli", "run", "tiny.yaml", "--engine", "ray", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def records(folder: Path) -> list[dict[str, Any]]:
    path = folder / "results" / "tiny" / "records.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def kinds(folder: Path) -> Counter[str | None]:
    return Counter((record.get("failure") or {}).get("kind") for record in records(folder))


def histories(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The whole epochs in the checkpoint of each trial that has some; their seconds never come twice."""
    found = {}
    for path in (folder / "results" / "tiny" / "checkpoints").glob("*.npz"):
        if (saved := checkpoint.load(str(path))) and saved.history:
            found[path.stem] = [epoch.model_dump(mode="json") for epoch in saved.history]
    return found


@needs_ray
@pytest.mark.slow
def test_a_family_of_ones_own_is_found_on_a_node_in_the_same_folder_and_its_lack_is_a_sentence(
    cluster: Cluster, folder: Path
) -> None:
    """Beside the study, where nodes look too; then where only the driver's Python looks. Neither stops the others."""
    study = yaml.safe_load(STUDY)
    study["grid"] = [{"family": ["nets:net", "far:net"], "depth": 1}]
    study["across"] = {"resolution": 8, "epochs": 1}
    (folder / "tiny.yaml").write_text(yaml.safe_dump(study))
    (folder / "nets.py").write_text(NET)
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "far.py").write_text(NET)
    driver = scaling_run(
        folder,
        cluster.environment | {"PYTHONPATH": str(folder / "elsewhere"), "XDG_CACHE_HOME": str(folder)},
        *("--address", f"127.0.0.1:{cluster.port}", "--workers", "1", "--resources", "CPU=1"),
    )
    output, _ = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 1, output
    failures = {record["trial"]["variant"]["family"]: record.get("failure") for record in records(folder)}
    assert failures["nets:net"] is None
    assert "family 'far:net': there is no module far" in failures["far:net"]["message"]
    assert "there is no module far" in output


@needs_ray
@pytest.mark.slow
def test_a_killed_node_costs_no_more_than_the_time_since_the_checkpoint(cluster: Cluster, folder: Path) -> None:
    address = f"127.0.0.1:{cluster.port}"
    driver = scaling_run(
        folder,
        cluster.environment,
        *("--address", address, "--workers", "2", "--resources", "CPU=1", "--checkpoint-seconds", "0"),
    )
    wait_until(lambda: trial_on(cluster.nodes[1]) in histories(folder), driver)
    wait_until(lambda: len(shared := mapped(cluster)) == 2 and len({*shared}) == 1, driver)
    (copy,) = {*mapped(cluster)}
    before = histories(folder)
    cluster.kill(cluster.nodes[1])
    output, _ = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 0, output
    (failed,) = [record for record in records(folder) if "failure" in record]
    assert failed["failure"]["kind"] in ("preempted", "crash"), output
    good = {record["trial_id"]: record for record in records(folder) if "failure" not in record}
    assert len(good) == 2
    assert kinds(folder)[None] == 2
    retried = good[failed["trial_id"]]["history"]
    assert len(retried) == 6
    assert retried[: len(before[failed["trial_id"]])] == before[failed["trial_id"]]
    timings = (folder / "results" / "tiny" / "latency.jsonl").read_text().splitlines()
    assert len({json.loads(timing)["request"]["variant"]["width"] for timing in timings}) == 2
    assert not copy.exists()


@needs_ray
@pytest.mark.slow
def test_a_killed_actor_is_replaced_and_a_stopped_driver_leaves_a_checkpoint_and_no_process(folder: Path) -> None:
    """All in one run, on a Ray of its own."""
    driver = scaling_run(
        folder,
        {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)},
        *("--set", "across.epochs=1000", "--checkpoint-seconds", "0"),
    )
    wait_until(lambda: len(histories(folder)) == 1, driver)
    (actor,) = processes(lambda entry: session_of(entry) == driver.pid and is_actor(entry))
    os.kill(actor, signal.SIGKILL)
    (trial,) = histories(folder)
    epochs = len(histories(folder)[trial])
    wait_until(lambda: len(histories(folder).get(trial, ())) > epochs + 1, driver)
    driver.terminate()
    output, _ = driver.communicate(timeout=30)
    assert driver.returncode == 130, output
    assert kinds(folder) == {"crash": 1, "interrupted": 1}
    assert {record["trial_id"] for record in records(folder)} == set(histories(folder)) == {trial}
    deadline = time.monotonic() + 30
    while left := [pid for pid in processes(lambda entry: session_of(entry) == driver.pid) if not is_zombie(pid)]:
        assert time.monotonic() < deadline, [Path(f"/proc/{pid}/cmdline").read_text() for pid in left]
        time.sleep(0.1)


def is_actor(entry: Path) -> bool:
    return (entry / "cmdline").read_text().startswith("ray::Actor")


def mapped(cluster: Cluster) -> list[Path]:
    """The decoded images that the workers share, of each worker; both nodes are on this machine."""
    sessions = [node.pid for node in cluster.nodes]
    workers = processes(lambda entry: session_of(entry) in sessions and is_actor(entry))
    return [copy for worker in workers for copy in copies_of(worker)]


def trial_on(node: subprocess.Popen[bytes]) -> str | None:
    """The trial whose log the node's one worker writes to."""
    workers = processes(lambda entry: session_of(entry) == node.pid and is_actor(entry))
    return Path(f"/proc/{workers[0]}/fd/1").readlink().stem if workers else None


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@needs_ray
@pytest.mark.parametrize(
    ("address", "message"),
    [("here", "HOST:PORT"), ("127.0.0.1:1", "refused"), ("ray://127.0.0.1:1", "refused"), ("ray://", "HOST:PORT")],
)
def test_an_address_without_a_cluster_is_an_error_at_once(folder: Path, address: str, message: str) -> None:
    options = launch.RunOptions(engine="ray", address=address)
    with pytest.raises(EngineError, match=rf"--address {address}: .*{message}"):
        launch.run(check(yaml.safe_load(STUDY)), folder / "results", options, Console())


def test_without_ray_an_error_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r'pip install "scaling-study\[cluster\]"'):
        launch.run(check(yaml.safe_load(STUDY)), folder / "results", launch.RunOptions(engine="ray"), Console())


def test_options_of_ray_are_refused_without_it(folder: Path) -> None:
    with pytest.raises(EngineError, match="are for --engine ray"):
        launch.run(check(yaml.safe_load(STUDY)), folder / "results", launch.RunOptions(address="auto"), Console())


class CountingRay:
    """Places every actor at once, and counts for whom it was asked that."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._made = 0

    def remote(self, of: type) -> Any:
        return SimpleNamespace(options=lambda **needs: SimpleNamespace(remote=self._actor))

    def _actor(self, *arguments: object) -> Any:
        self._made += 1
        node, news = f"node of actor {self._made}", f"news of actor {self._made}"
        calls = {"node": lambda: node, "news": lambda heard: news}
        return SimpleNamespace(**{name: SimpleNamespace(remote=call) for name, call in calls.items()})

    def wait(self, questions: list[str], num_returns: int = 1, timeout: float = 0.0) -> tuple[list[str], list[str]]:
        self.asked.update(question for question in questions if question.startswith("node"))
        return [question for question in questions if question.startswith("node")], []


@needs_ray
def test_a_worker_that_has_a_node_is_not_asked_for_it_again_until_it_starts_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from scaling.launch.engines import ray as engine
    from scaling.launch.engines.shares import Shares

    counting = CountingRay()
    monkeypatch.setattr(engine, "ray", counting)
    monkeypatch.setattr(engine, "NOTED_SECONDS", -1.0)  # all have waited for long
    three = engine.RayEngine(Shares(3, {"CPU": 1}), WorkerConfig(logs="logs", checkpoints="checkpoints"))
    for _ in range(5):
        assert list(three.events(timeout=0)) == []
    assert counting.asked == {f"node of actor {number}": 1 for number in (1, 2, 3)}
    three.restart(0)
    assert list(three.events(timeout=0)) == []
    assert counting.asked["node of actor 4"] == 1


def test_an_event_is_told_until_it_was_heard() -> None:
    outbox = Outbox()
    first, second, third = (Note(0, text) for text in ("one", "two", "three"))
    outbox.send(first)
    outbox.send(second)
    assert outbox.after(0, timeout=0) == [first, second]
    assert outbox.after(0, timeout=0) == [first, second]  # the answer was lost
    outbox.send(third)
    assert outbox.after(2, timeout=0) == [third]
    assert outbox.after(3, timeout=0) == []


def test_a_node_without_the_results_folder_logs_to_a_folder_of_its_own(tmp_path: Path) -> None:
    results = tmp_path / "results" / "tiny"
    shared = WorkerConfig(logs=str(results / "logs"), checkpoints="gs://bucket/checkpoints")
    moved, note = on_this_node(shared)
    assert not moved.logs.startswith(str(tmp_path / "results"))
    assert note
    assert moved.logs in note
    assert "lost" not in note
    assert moved.checkpoints == shared.checkpoints
    _, note = on_this_node(WorkerConfig(logs=str(results / "logs"), checkpoints=str(results / "checkpoints")))
    assert note
    assert "give --checkpoints a folder that all nodes share" in note
    (results / "logs").mkdir(parents=True)
    assert on_this_node(shared) == (shared, None)
