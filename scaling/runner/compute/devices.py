"""Which devices there are, which were asked for, and which worker gets which. Needs no Keras.

A device is named `gpu:0`, `cpu:0` or `tpu` (all of a host's cores). Numbers count what this process may see: with
`CUDA_VISIBLE_DEVICES=4,5`, `gpu:0` is the fifth GPU of the machine. Several `cpu` devices are parts of one processor:
good for trying out how a batch is shared, not faster.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scaling.errors import UserError, did_you_mean

CPU = "cpu:0"
DEV = Path("/dev")


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
    """One group of devices for each worker; several workers may share one processor.

    Raises:
        UserError: if some workers would get more than others, or none.
    """
    if tuple(devices) == (CPU,):
        return [(CPU,)] * workers
    if len(devices) % workers:
        choices = [str(n) for n in range(1, len(devices) + 1) if len(devices) % n == 0]
        raise UserError(
            f"--workers {workers}: {len(devices)} devices ({', '.join(devices)}) cannot be shared out evenly "
            f"(choices: {', '.join(choices)})"
        )
    share = len(devices) // workers
    return [tuple(devices[start : start + share]) for start in range(0, len(devices), share)]


def visible(group: Sequence[str]) -> dict[str, str]:
    """Environment variables for a worker process, to be set before Keras is imported: it sees its own devices only.

    GPU memory is taken as it is needed, so that what was used can be told; JAX on GPUs is told to compute the same bits
    each time, as TensorFlow is where it is imported.
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
        }
    if kind == "cpu":
        return {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(len(group))}
    return {"JAX_PLATFORMS": "tpu,cpu"}


def kind_of(device: str) -> str:
    """`gpu`, `cpu` or `tpu`."""
    return device.partition(":")[0]


def _named(word: str, text: str, there: Sequence[str]) -> tuple[str, ...]:
    if word == "cpu":
        return (CPU,)
    if re.fullmatch(r"cpu:\d+", word):
        return (word,)
    device = f"gpu:{word}" if word.isdecimal() else word
    if device == "gpu" and (gpus := tuple(one for one in there if kind_of(one) == "gpu")):
        return gpus
    if device not in there:
        raise UserError(f"--devices {text}: no {word or 'device'!r} here{did_you_mean(device, (*there, 'cpu'))}")
    return (device,)


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
        return [str(n) for n in range(len([one for one in DEV.glob("nvidia*") if one.name[6:].isdecimal()]))]
