"""Which devices there are, which were asked for, and which worker gets which. Needs no Keras.

A device is named `gpu:0`, `cpu:0` or `tpu` (all of a host's cores). Numbers count what this process may see: with
`CUDA_VISIBLE_DEVICES=4,5`, `gpu:0` is the fifth GPU of the machine. Several `cpu` devices are parts of one processor:
good for trying out how a batch is shared, not faster.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

from scaling.errors import UserError, did_you_mean

CPU = "cpu:0"
DEV = Path("/dev")

GPU_MEMORY = 0.9
"""The part of a GPU's memory that its workers may fill; the rest is for what drives it, once in each process."""

PROGRAMS_BYTES = 2**31
"""The most that compiled programs take on disk; the longest unused go. A small network's takes 0.5 MB."""


def parse(text: str | None, found: Sequence[str] | None = None) -> tuple[str, ...]:
    """The devices that a user asks for.

    Args:
        text: `gpu:0,gpu:1` or `0,1`, `gpu` (all of them), `cpu`, `cpu:0,cpu:1`, `tpu`; None: the accelerators there
            are, else the processor.
        found: accelerators of this machine; None: what `detect` finds.

    Raises:
        UserError: if a name is unknown, repeated, not of this machine, or of another kind than the rest.
    """
    there = detect() if found is None else tuple(found)
    if text is None:
        return there or (CPU,)
    devices = tuple(device for word in text.split(",") for device in _named(word.strip().lower(), text, there))
    if repeated := sorted({device for device in devices if devices.count(device) > 1}):
        raise UserError(f"--devices {text}: {', '.join(repeated)} more than once")
    if len(kinds := sorted({kind_of(device) for device in devices})) > 1:
        raise UserError(f"--devices {text}: {' and '.join(kinds)} cannot share a study; choose one kind")
    return devices


def detect() -> tuple[str, ...]:
    """The accelerators of this machine that this process may use, without loading what drives them."""
    if gpus := _visible_gpus():
        return tuple(f"gpu:{number}" for number in range(len(gpus)))
    return ("tpu",) if any(DEV.glob("accel[0-9]*")) or os.environ.get("TPU_WORKER_ID") else ()


def split(devices: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """One group of devices for each worker; several workers may share one processor, or one GPU.

    Raises:
        UserError: if some workers would get more than others, or none.
    """
    if tuple(devices) == (CPU,):
        return [(CPU,)] * workers
    if kind_of(devices[0]) == "gpu" and workers % len(devices) == 0:
        return [(devices[worker % len(devices)],) for worker in range(workers)]
    if len(devices) % workers:
        choices = [str(n) for n in range(1, len(devices) + 1) if len(devices) % n == 0]
        more = f", or a multiple of {len(devices)}" if kind_of(devices[0]) == "gpu" else ""
        raise UserError(
            f"--workers {workers}: {len(devices)} devices ({', '.join(devices)}) cannot be shared out evenly "
            f"(choices: {', '.join(choices)}{more})"
        )
    share = len(devices) // workers
    return [tuple(devices[start : start + share]) for start in range(0, len(devices), share)]


def visible(group: Sequence[str], sharing: int = 1) -> dict[str, str]:
    """Environment variables for a worker process, to be set before Keras is imported: it sees its own devices only.

    GPU memory is taken as it is needed, so that what was used can be told, and never more than the worker's part of
    it, so that whether a batch fits does not depend on what other workers do. JAX on GPUs is told to compute the same
    bits each time, as TensorFlow is where it is imported.

    Args:
        group: the worker's devices.
        sharing: how many workers these devices have.
    """
    kind = kind_of(group[0])
    if kind == "gpu":
        gpus = _visible_gpus()
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
        return {
            "CUDA_VISIBLE_DEVICES": ",".join(gpus[int(device.partition(":")[2])] for device in group),
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            "XLA_FLAGS": flags,
            **_memory_fraction(sharing),
            **_compiled_programs(),
        }
    if kind == "cpu":
        only = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(len(group))}
        return only | _compiled_programs(_instructions())
    return {"JAX_PLATFORMS": "tpu,cpu"} | _compiled_programs()


def gpu_memory_mb() -> float | None:
    """The memory of the first GPU that this process may use, in 2**20 bytes; None where its tool does not tell."""
    chosen = _visible_gpus()[:1]
    ask = ["nvidia-smi", f"--id={','.join(chosen)}", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        return float(subprocess.run(ask, capture_output=True, text=True, timeout=20, check=True).stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def kind_of(device: str) -> str:
    """`gpu`, `cpu` or `tpu`."""
    return device.partition(":")[0]


def _named(word: str, text: str, there: Sequence[str]) -> tuple[str, ...]:
    if word == "cpu":
        return (CPU,)
    if re.fullmatch(r"cpu:\d+", word):
        return (word,)
    device = f"gpu:{word}" if word.isdecimal() else word
    if device == "gpu" and (gpus := tuple(name for name in there if kind_of(name) == "gpu")):
        return gpus
    if device not in there:
        raise UserError(f"--devices {text}: no {word or 'device'!r} here{did_you_mean(device, (*there, 'cpu'))}")
    return (device,)


def _compiled_programs(apart: str = "") -> dict[str, str]:
    """Where JAX keeps the programs that it has compiled, unless the user has said: the next worker or run loads them.

    Args:
        apart: a folder for programs that other machines with this home cannot run. JAX itself tells its versions, its
            flags and kinds of accelerators apart.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return {}
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {
        "JAX_COMPILATION_CACHE_DIR": str(cache / "scaling" / "xla" / apart),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(PROGRAMS_BYTES),  # with a limit, JAX locks the folder
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.5",
    }


def _instructions() -> str:
    """A name for the processor's set of instructions."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()}-{zlib.crc32(' '.join(sorted(flags.split())).encode()):08x}"


def _memory_fraction(sharing: int) -> dict[str, str]:
    """JAX's limit, from what the user has set, by the old name or the new one, or from `GPU_MEMORY`."""
    old, new = "XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_CLIENT_MEM_FRACTION"
    name = old if os.environ.get(old) else new
    return {name: f"{float(os.environ.get(name) or GPU_MEMORY) / sharing:.4f}"}


def _visible_gpus() -> list[str]:
    """As `CUDA_VISIBLE_DEVICES` names them; a number that is none hides it and all after it, as CUDA has it."""
    gpus = _gpus()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return gpus
    seen = []
    for word in (word.strip() for word in chosen.split(",")):
        if not (word in gpus or word.startswith(("GPU-", "MIG-"))):
            break
        seen.append(word)
    return seen if gpus else []


def _gpus() -> list[str]:
    """Numbers of this machine's NVIDIA GPUs."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True).stdout
        return re.findall(r"^GPU (\d+):", listed, flags=re.MULTILINE)
    except (OSError, subprocess.SubprocessError):
        return [str(n) for n in range(len([path for path in DEV.glob("nvidia*") if path.name[6:].isdecimal()]))]
