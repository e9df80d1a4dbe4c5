"""`python -m benchmarks.gpu_check [CHECK...]`: what docs/devices.md says of GPUs, tried on the first one there is.

Each check runs the command line, or the sides of `gpu_steps`, in processes of their own, and writes what it saw to
`gpu_check.json` in the folder `--out` as soon as it is done, so that a machine that is lent for minutes leaves what it
had time for. Where there is no GPU the same checks run on the processor, small, to try the script.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks import gpu_steps
from benchmarks.processes import Side, environment, in_turn, lacks, scaling
from scaling.models import names
from scaling.runner.compute import devices
from scaling.runner.training import checkpoint

GPU = next((one for one in devices.detect() if devices.kind_of(one) == "gpu"), None)
DEVICE = GPU or devices.CPU
BACKEND = gpu_steps.BACKEND

DETERMINISM = {
    "deterministic": "--xla_gpu_deterministic_ops=true",
    "free": "",
}
"""XLA's flags: the same bits each time, without timing kernels; whatever is fast."""

LARGE = {"name": "synthetic", "train_examples": 1024}
SMALL = {"name": "fashion_mnist", "train_examples": 8000 if GPU else 1024, "validation_fraction": 0.05}

PEERS = ("default", "reduce-overhead")
"""Modes of `torch.compile`: as people use it, and by CUDA graphs, which take launching out of the time."""

Seen = dict[str, Any]

_turn = threading.Condition()
_at_work = 0
"""Checks of a group that compute something; those that are ready to time wait until there are none."""


@contextmanager
def _alone() -> Iterator[None]:
    """Waits until no other check of the group computes, then keeps the others waiting."""
    global _at_work
    with _turn:
        _at_work -= 1
        _turn.notify_all()
        _turn.wait_for(lambda: _at_work == 0)
        try:
            yield
        finally:
            _at_work += 1


def doctor() -> Seen:
    """What `scaling doctor` says."""
    told = _scaling(Path.cwd(), "doctor", "--json")
    return {"findings": json.loads(told.stdout), "gpus": _told("nvidia-smi", "-L")}


def steps(
    networks: Sequence[gpu_steps.Network], copies: int, sides: Sequence[str] = tuple(DETERMINISM)
) -> Iterator[Seen]:
    """Training steps and forward passes beside timm's.

    Args:
        networks: which.
        copies: processes of each side of ours, which show whether bits repeat from one to the next.
        sides: of `DETERMINISM`.
    """
    for network in networks:
        yield _network(network, copies, sides)


def _network(network: gpu_steps.Network, copies: int, sides: Sequence[str]) -> Seen:
    variant = names.parse(network.ours)
    batch, timed, losses = (network.batch, gpu_steps.TIMED, gpu_steps.LOSS_STEPS) if GPU else (4, 1, 2)
    shape = (variant.depth, variant.width, variant.resolution, variant.stem, "imagenet", batch, losses)
    mine = (*shape, variant.family, "mixed_bfloat16", timed)
    place = devices.visible((DEVICE,))
    flags = {(mode, copy): DETERMINISM[mode] for mode in sides for copy in range(copies)}
    theirs = (network.theirs, variant.resolution, batch, losses, "channels_last", "cuda", timed)
    began = time.monotonic()
    with ExitStack() as stack, ThreadPoolExecutor() as pool:

        def started(script: str, *arguments: object, **more: str) -> Side:
            return stack.enter_context(Side(script, *arguments, **{"KERAS_BACKEND": BACKEND} | place | more))

        futures = {key: pool.submit(started, "ours", *mine, XLA_FLAGS=flag) for key, flag in flags.items()}
        if GPU and not lacks("timm", "torch"):
            for mode in PEERS:
                futures[f"timm {mode}", 0] = pool.submit(started, "timm_step", *theirs, mode)
        seen: Seen = {"network": network.ours, "batch": batch, "failed": {}}
        ready: dict[tuple[str, int], Side] = {}
        for key, future in futures.items():
            try:
                ready[key] = future.result()
            except Exception as error:
                seen["failed"]["/".join(map(str, key))] = str(error)[-1500:]
        seen["ready_seconds"] = time.monotonic() - began
        first = {mode: side for (mode, copy), side in ready.items() if copy == 0}
        with _alone():
            for phase in gpu_steps.PHASES:
                times = in_turn(list(first.values()), phase, 3)
                seen[f"{phase}_ms"] = {
                    mode: [1e3 * one for one in took] for mode, took in zip(first, times, strict=True)
                }
        for (mode, copy), side in ready.items():
            seen.setdefault("about", {})[f"{mode}/{copy}"] = side.about
        seen["repeats_bits"] = {
            mode: all(ready[mode, 0].about["losses"] == ready[mode, copy].about["losses"] for copy in range(1, copies))
            for mode in sides
            if all((mode, copy) in ready for copy in range(copies))
        }
    return seen


def many(workers: int, cache: str) -> Seen:
    """A study of 24 small trials by so many workers that share the GPU, and the bits of their results.

    Args:
        workers: of one device.
        cache: a name for the folder of compiled programs: one that was not named before is empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results")
        programs = str(Path(tempfile.gettempdir(), f"programs-{cache}"))
        began = time.monotonic()
        done = _scaling(Path(folder), "run", str(Path(__file__).with_name("study.yaml")), "--workers", str(workers),
                        "--devices", DEVICE, "--results", str(results), JAX_COMPILATION_CACHE_DIR=programs)  # fmt: skip
        took = time.monotonic() - began
        records = _records(results)
        _keep(results, f"many-{workers}-{cache}")
        bits = hashlib.sha256(json.dumps(_bits(records)).encode()).hexdigest()
        return {"workers": workers, "seconds": took, "exit": done.returncode, "records": len(records), "bits": bits,
                "first": _short(records[0]) if records else done.stdout[-1500:] + done.stderr[-1500:]}  # fmt: skip


def study() -> Seen:
    """`depth_vs_width` as it ships, by four workers on one GPU, and its figures."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        arguments = ("--workers", "4") if GPU else ("--limit", "1")
        done = _scaling(Path(folder), "run", "depth_vs_width", *arguments, "--devices", DEVICE, "--results", folder)
        took = time.monotonic() - began
        plotted = _scaling(Path(folder), "plot", f"{folder}/depth_vs_width", "--format", "png")
        _keep(Path(folder), "depth_vs_width")
        return {"seconds": took, "exit": done.returncode, "plot": plotted.stdout[-3000:] + plotted.stderr[-1500:],
                "last": done.stdout[-1500:] + done.stderr[-1500:]}  # fmt: skip


def resume() -> Seen:
    """A training that is killed with its driver, twice, against one that is left alone."""
    file = _study(
        "resume",
        SMALL,
        {"depth": 14, "width": 0.25 if GPU else 0.0625},
        epochs=40 if GPU else 3,
        rules=["paper_regularization"],
    )
    with tempfile.TemporaryDirectory() as folder:
        whole = _run(Path(folder), file, "whole")
        kills, results = 0, Path(folder, "killed")
        for wait in (0.5, 1.0):
            kills += _kill(Path(folder), file, results, wait)
        resumed = _run(Path(folder), file, "killed")
        return {"same_bits": _bits(whole) == _bits(resumed), "kills": kills, "records": [len(whole), len(resumed)],
                "record": _short(resumed[-1]) if resumed else None}  # fmt: skip


def _kill(folder: Path, file: dict[str, Any], results: Path, wait: float) -> int:
    """Starts a run, waits for its checkpoint to be written (anew), and kills the driver; workers end with it."""
    path = folder / "resume.yaml"
    path.write_text(yaml.safe_dump(file))
    command = _command("run", str(path), "--devices", DEVICE, "--results", str(results), "--checkpoint-seconds", "0")
    driver = subprocess.Popen(command, cwd=folder, env=_environment(), start_new_session=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    began = time.time()
    while driver.poll() is None:
        if any(one.stat().st_mtime > began for one in results.rglob(f"*{checkpoint.SUFFIX}")):
            time.sleep(wait)
            os.killpg(driver.pid, signal.SIGKILL)
            driver.wait()
            return 1
        time.sleep(0.02)
    return 0


def memory() -> Seen:
    """A batch that does not fit in the part of the memory that JAX may fill goes on in halves."""
    network = {"depth": 50, "width": 1.0, "resolution": 160, "stem": "resnet_rs"}
    file = _study("memory", LARGE, network if GPU else {"depth": 14, "width": 0.0625}, epochs=1, batch_size=256)
    with tempfile.TemporaryDirectory() as folder:
        records = _run(Path(folder), file, "small", XLA_CLIENT_MEM_FRACTION="0.05")
        return {"records": [_short(one) for one in records]}


def precisions() -> Seen:
    """float16 with loss scaling, bfloat16 and float32, and the stem with max pooling, a timing of each."""
    cells = [
        {"depth": 14, "width": 0.25 if GPU else 0.0625, "resolution": 32, "stem": stem}
        for stem in ("small", "resnet_d")
    ]
    seen: Seen = {}
    with tempfile.TemporaryDirectory() as folder:
        for precision in ("mixed_float16", "mixed_bfloat16", "float32"):
            file = _study(precision, SMALL, cells, epochs=2, precision=precision)
            file["latency"] = {"phases": ["training", "inference"], "batch_size": 128, "precision": precision,
                               "max_seconds": 2}  # fmt: skip
            records = _run(Path(folder), file, precision)
            timings = _records(Path(folder, precision), "latency.jsonl")
            seen[precision] = {
                "trainings": [_short(one) for one in records],
                "timings": [_short(one) for one in timings],
            }
    return seen


def _study(
    name: str, dataset: dict[str, Any], grid: Any, epochs: int, rules: Sequence[str] = (), **recipe: Any
) -> Seen:
    cells = grid if isinstance(grid, list) else [grid]
    cells = [{"resolution": 28, "stem": "small", **cell} for cell in cells]
    return {
        "study": name,
        "question": "Does it hold on a GPU?",
        "dataset": dataset,
        "grid": cells,
        "across": {"epochs": epochs},
        "rules": list(rules),
        "recipe": {"batch_size": 128, "learning_rate": 0.1} | recipe,
        "latency": {"phases": []},
    }


def _run(folder: Path, file: dict[str, Any], into: str, **more: str) -> list[Any]:
    path = folder / f"{file['study']}.yaml"
    path.write_text(yaml.safe_dump(file))
    done = _scaling(folder, "run", str(path), "--devices", DEVICE, "--results", str(folder / into), **more)
    print(done.stdout[-600:], done.stderr[-600:], file=sys.stderr)  # noqa: T201
    _keep(folder / into, f"{file['study']}-{into}")
    return _records(folder / into)


def _records(results: Path, name: str = "records.jsonl") -> list[Any]:
    lines = [line for path in sorted(results.rglob(name)) for line in path.read_text().splitlines()]
    return sorted((json.loads(line) for line in lines), key=lambda record: json.dumps(record.get("trial", "")))


def _bits(records: Sequence[Any]) -> Any:
    """All that a training computed."""
    parts = ("trial", "validation_raw", "validation_ema", "test_raw", "test_ema", "failure")
    epochs = [[{**epoch, "seconds": None} for epoch in one.get("history", ())] for one in records]
    return [[*(one.get(part) for part in parts), history] for one, history in zip(records, epochs, strict=True)]


def _short(record: dict[str, Any]) -> Seen:
    """A record without what is the same in all."""
    left_out = {"trial", "request", "history", "blocks_ms", "samples_ms"}
    here = record.get("environment", {})
    return {k: v for k, v in record.items() if k not in left_out | {"environment"}} | {"device": here.get("device")}


def _keep(folder: Path, name: str) -> None:
    """Copies records out of a folder that goes."""
    for path in folder.rglob("*.jsonl"):
        target = _OUT / "records" / f"{name}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())


def _command(*arguments: object) -> list[str]:
    return scaling(*map(str, arguments))


def _environment(**more: str) -> dict[str, str]:
    """A user's: nothing is hidden that this process sees."""
    made = environment(KERAS_BACKEND=BACKEND, **more)
    del made["CUDA_VISIBLE_DEVICES"]
    return made | {name: os.environ[name] for name in ("CUDA_VISIBLE_DEVICES",) if name in os.environ}


def _scaling(folder: Path, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*arguments), cwd=folder, env=_environment(**more), capture_output=True, text=True)


def _told(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    except OSError:
        return ""


CHECKS: dict[str, Callable[[], Any]] = {
    "doctor": doctor,
    "resnet_rs_50": lambda: steps(gpu_steps.NETWORKS[:1], copies=2),
    "efficientnet_b0": lambda: steps(gpu_steps.NETWORKS[2:3], copies=2),
    "resume": resume,
    "memory": memory,
    "precisions": precisions,
    "many_8": lambda: many(8 if GPU else 2, "a"),
    "many_8_again": lambda: many(8 if GPU else 2, "a"),
    "many_1": lambda: many(1, "a"),
    "study": study,
    "resnet_rs_152": lambda: steps(gpu_steps.NETWORKS[1:2], copies=1, sides=("deterministic",)),
    "efficientnet_b4": lambda: steps(gpu_steps.NETWORKS[3:], copies=1, sides=("deterministic",)),
}
"""In the order of what is wanted most where time is short."""

_OUT = Path()


def main() -> None:
    """Runs the checks that are named, or all."""
    global _OUT, _at_work
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="*", help=f"of {', '.join(CHECKS)}; joined by + they run side by side")
    parser.add_argument("--out", type=Path, default=Path("gpu_check"))
    options = parser.parse_args()
    _OUT = options.out.absolute()
    _OUT.mkdir(parents=True, exist_ok=True)
    seen: Seen = {}
    for group in options.checks or CHECKS:
        _at_work = len(group.split("+"))
        with ThreadPoolExecutor() as pool:
            for name, future in [(one, pool.submit(_seen, one)) for one in group.split("+")]:
                seen[name] = future.result()
                (_OUT / "gpu_check.json").write_text(json.dumps(seen, indent=1, default=str))


def _seen(name: str) -> Any:
    global _at_work
    began = time.monotonic()
    try:
        found = CHECKS[name]()
        found = list(found) if isinstance(found, Iterator) else found
    except Exception as error:
        found = {"error": repr(error)[-3000:]}
    with _turn:
        _at_work -= 1
        _turn.notify_all()
    print(f"== {name}: {time.monotonic() - began:.0f} s", json.dumps(found, default=str)[:1200], flush=True)  # noqa: T201
    return {"seconds": time.monotonic() - began, "seen": found}


if __name__ == "__main__":
    main()
