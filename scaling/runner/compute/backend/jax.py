"""JAX: XLA programs over arrays; where several devices share a batch, XLA splits the program itself (GSPMD)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import keras

from scaling.errors import UserError
from scaling.runner.compute.backend.states import Batch, Reading, Settings, State, Step, Tensor, counted
from scaling.runner.compute.precision import Multiplier
from scaling.schema import Compiled


class _NoError(Exception):
    """Never raised."""


Failure: tuple[type[BaseException], ...] = (getattr(jax.errors, "JaxRuntimeError", _NoError),)
OutOfMemory: tuple[type[BaseException], ...] = (MemoryError, *Failure)


class Replicas:
    """The devices that share a program: the same state on each, and an equal part of every batch.

    A compiled function is written for the whole batch, so that `mean`, `total` and `everywhere` have nothing to join
    and batch norm and random numbers are those of one device.
    """

    synchronized_norm = False
    compilers: tuple[Compiled, ...] = ("xla",)

    def __init__(self, devices: Sequence[str] = ()) -> None:
        names = _seen(devices)
        self.count = max(1, len(names))
        self._parallel = keras.distribution.DataParallel(devices=names) if self.count > 1 else None

    def hold(self, arrays: Mapping[str, Sequence[Tensor]], into: State) -> State:
        """Arrays on the devices with these values; `into` is used up."""
        state = {name: [jax.numpy.array(value) for value in values] for name, values in arrays.items()}
        return state if self._parallel is None else jax.device_put(state, self._replicated())

    def step(self, function: Step, compiled: Compiled) -> Callable[[State, Batch, Settings], tuple[State, Any]]:
        """`function(state, batch, settings) -> (changes, results)`, compiled to add them to the state.

        The old state is used up.
        """

        def update(state: State, batch: Batch, settings: Settings) -> tuple[State, Any]:
            changes, results = function(state, batch, settings)
            return {name: jax.tree.map(jax.numpy.add, state[name], changes[name]) for name in state}, results

        jitted = jax.jit(update, donate_argnums=0, out_shardings=self._replicated())
        return lambda state, batch, settings: jitted(state, self._shared_out(batch), settings)

    def reading(self, function: Reading, compiled: Compiled) -> Reading:
        """`function(state, batch, settings)`, compiled."""
        jitted = jax.jit(function, out_shardings=self._replicated())
        return lambda state, batch, settings: jitted(state, self._shared_out(batch), settings)

    def _replicated(self) -> jax.sharding.Sharding | None:
        if self._parallel is None:
            return None
        return jax.sharding.NamedSharding(self._parallel.device_mesh.backend_mesh, jax.sharding.PartitionSpec())

    def _shared_out(self, batch: Batch) -> Batch:
        if self._parallel is None:
            return batch
        return {
            name: keras.distribution.distribute_tensor(array, self._parallel.get_data_layout(array.shape))
            for name, array in batch.items()
        }


def use(devices: Sequence[str], sharing: int = 1) -> None:
    """Makes this process ready for devices, before anything is computed; how many workers share them, XLA knows.

    Raises:
        UserError: if JAX does not see them.
    """
    kind = devices[0].partition(":")[0]
    try:
        seen = len(jax.devices(kind))
    except RuntimeError:
        seen = 0
    if seen < len(devices):
        raise UserError(f"devices {','.join(devices)}: JAX sees {seen} of kind {kind}; is it installed for them?")


def gradients(loss: Callable[..., Any], weights: list[Tensor], *rest: Any) -> tuple[list[Tensor], Tensor, Any]:
    """Gradients of `loss(weights, *rest) -> (value, more)`, the value, and the rest of what it returned."""
    (value, more), slopes = jax.value_and_grad(loss, has_aux=True)(weights, *rest)
    return slopes, value, more


def after(reasons: Sequence[Tensor], values: Sequence[Tensor]) -> list[Tensor]:
    """The values: XLA sees for itself when they are needed."""
    return list(values)


def repeat(body: Callable[[Tensor, Any], Any], start: Any, times: int) -> Any:
    """`body(i, carried) -> carried` for each i below `times`, one strictly after the other."""
    return jax.lax.fori_loop(0, times, body, start)


def mean(values: Any) -> Any:
    """The values: there is one replica, of all devices."""
    return values


total = mean


def everywhere(rows: Tensor) -> Tensor:
    """The rows: there is one replica, of all devices."""
    return rows


def replica() -> Tensor:
    """0: there is one replica, of all devices."""
    return 0


def wait(result: Tensor) -> None:
    """Returns when the device has computed `result`."""
    jax.block_until_ready(result)


def device_name() -> str | None:
    """The accelerators' name and number, None on a CPU."""
    return counted(str(device.device_kind) for device in jax.devices() if device.platform != "cpu")


def multiplier() -> Multiplier:
    """What multiplies here, the accelerators where there are any."""
    accelerators = [device for device in jax.devices() if device.platform != "cpu"]
    if not accelerators:
        return Multiplier("cpu")  # XLA does not use its instructions: convolutions forward took as long as in float32
    if accelerators[0].platform == "tpu":
        return Multiplier("tpu")
    told = [str(getattr(device, "compute_capability", "")).partition(".")[0] for device in accelerators]
    return Multiplier("gpu", capability=min(int(whole) if whole.isdecimal() else 0 for whole in told))


def _seen(devices: Sequence[str]) -> list[str]:
    """As Keras names them, numbered anew: a worker sees no devices but its own. `tpu` is all cores of a host."""
    if not devices:
        return []
    kind = devices[0].partition(":")[0]
    names: list[str] = keras.distribution.list_devices(kind)
    return names if kind == "tpu" else names[: len(devices)]


_told = 0.0


def peak_memory_gb() -> float | None:
    """The most memory in use on one device since the last call, in 1e9 bytes; None where it is not told.

    JAX keeps the most of the whole process: where that has not grown, the answer is not known.
    """
    global _told
    statistics = [device.memory_stats() or {} for device in jax.local_devices()]
    peak = max((float(counters.get("peak_bytes_in_use", 0)) / 1e9 for counters in statistics), default=0.0)
    before, _told = _told, max(_told, peak)
    return peak if peak > before else None
