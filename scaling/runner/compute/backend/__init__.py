"""What differs between TensorFlow and JAX, and nothing else: devices, holding a state, gradients, compiling, memory.

The backend is Keras' own (`KERAS_BACKEND`); each has a room here with the same names in it.
"""

from __future__ import annotations

import keras

from scaling.runner.compute.backend.states import Batch, Settings, State, Tensor

if keras.backend.backend() == "tensorflow":
    from scaling.runner.compute.backend import tensorflow as _chosen
elif keras.backend.backend() == "jax":
    from scaling.runner.compute.backend import jax as _chosen  # type: ignore[no-redef]
else:
    raise ImportError(f"KERAS_BACKEND={keras.backend.backend()}: scaling trains with tensorflow or jax")

Failure = _chosen.Failure
OutOfMemory = _chosen.OutOfMemory
Replicas = _chosen.Replicas
after = _chosen.after
device_name = _chosen.device_name
everywhere = _chosen.everywhere
gradients = _chosen.gradients
mean = _chosen.mean
multiplier = _chosen.multiplier
peak_memory_gb = _chosen.peak_memory_gb
repeat = _chosen.repeat
replica = _chosen.replica
total = _chosen.total
use = _chosen.use
wait = _chosen.wait

__all__ = [
    "Batch",
    "Failure",
    "OutOfMemory",
    "Replicas",
    "Settings",
    "State",
    "Tensor",
    "after",
    "device_name",
    "everywhere",
    "gradients",
    "is_out_of_memory",
    "mean",
    "multiplier",
    "peak_memory_gb",
    "repeat",
    "replica",
    "total",
    "use",
    "wait",
]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device or the host had no memory left.

    On a processor not every lack of memory becomes an error: the kernel may kill the process, and TensorFlow's threads
    may crash where an allocation fails. Such a worker is found dead.
    """
    return isinstance(error, MemoryError) or (
        isinstance(error, OutOfMemory)
        and any(sign in str(error) for sign in ("RESOURCE_EXHAUSTED", "OOM", "out of memory", "Out of memory"))
    )
