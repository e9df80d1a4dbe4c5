"""TensorFlow: graphs over variables, `tf.distribute` where several devices share a batch."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from scaling import machine
from scaling.errors import UserError
from scaling.runner.compute.backend.states import Batch, Reading, Settings, State, Step, Tensor, counted
from scaling.runner.compute.devices import GPU_MEMORY, gpu_memory_mb
from scaling.runner.compute.precision import Multiplier
from scaling.schema import Compiled

# The same bits again from the same trial; no cost was measurable on a processor.
tf.config.experimental.enable_op_determinism()

Failure: tuple[type[BaseException], ...] = (tf.errors.OpError,)
OutOfMemory: tuple[type[BaseException], ...] = (tf.errors.ResourceExhaustedError, MemoryError)


class Replicas:
    """The devices that share a program: the same state on each, and an equal part of every batch.

    Inside a compiled function the code is that of one replica; `mean`, `total` and `everywhere` join them.
    `compilers` are the ways to compile, the one to begin with first.
    """

    def __init__(self, devices: Sequence[str] = ()) -> None:
        self._strategy = _strategy(tuple(devices))
        self.count = int(self._strategy.num_replicas_in_sync)
        self.synchronized_norm = self.count > 1
        on_tpu = _kind(devices) == "TPU"
        self.compilers: tuple[Compiled, ...] = (
            ("xla",) if on_tpu else ("graph",) if self.count > 1 else ("graph", "xla")
        )
        self._alone = self.count == 1 and not on_tpu

    def hold(self, arrays: Mapping[str, Sequence[Tensor]], into: State) -> State:
        """Variables with these values: those of `into` where there are any, so that what is compiled for them stays."""
        if not into:
            return {name: [self._variable(np.array(value)) for value in values] for name, values in arrays.items()}
        for name, variables in into.items():
            for variable, value in zip(variables, arrays[name], strict=True):
                variable.assign(np.array(value))  # a copy, as it may become the variable's memory
        return into

    def step(self, function: Step, compiled: Compiled) -> Callable[[State, Batch, Settings], tuple[State, Any]]:
        """`function(state, batch, settings) -> (changes, results)`, compiled to add them to the held state in place.

        New values in new memory would lie between those of the next step, which then needs a fifth more of it.
        """

        def update(state: State, batch: Batch, settings: Settings) -> Any:
            before = _read(state)
            changes, results = function(before, batch, settings)
            for name, variables in state.items():
                for variable, value, change in zip(variables, before[name], changes[name], strict=True):
                    with tf.control_dependencies(value.consumers()):  # while one of them waits, this would make a copy
                        variable.assign_add(change)
            return results

        run = self.reading(update, compiled, read=False)
        return lambda state, batch, settings: (state, run(state, batch, settings))

    def reading(self, function: Reading, compiled: Compiled, read: bool = True) -> Reading:
        """`function(state, batch, settings)`, compiled; what it returns must be the same on all replicas."""
        bound: list[Any] = [None, None]  # variables are captured: as arguments they would cost 2 ms a call

        def bind(state: State) -> Any:
            def on_replica(batch: Batch, settings: Settings) -> Any:
                return function(_read(state) if read else state, batch, settings)

            if self._alone:
                return tf.function(on_replica, jit_compile=compiled == "xla" or None, autograph=False)
            return tf.function(lambda *given: self._strategy.run(on_replica, args=given), autograph=False)

        def run(state: State, batch: Batch, settings: Settings) -> Any:
            if bound[0] is not state:
                bound[:] = state, bind(state)
            results = bound[1](self._shared_out(batch), settings)
            return tf.nest.map_structure(lambda result: self._strategy.experimental_local_results(result)[0], results)

        return run

    def _variable(self, value: Tensor) -> tf.Variable:
        if self._alone:
            return tf.Variable(value)
        with self._strategy.scope():
            # Each replica reads and writes its own, without asking the others: they compute the same.
            return tf.Variable(
                value,
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )

    def _shared_out(self, batch: Batch) -> Batch:
        """Each replica's part; every process has the whole batch and takes what its replicas compute."""
        if self._alone:
            return batch
        parts = {name: np.split(np.asarray(array), self.count) for name, array in batch.items()}
        return {
            name: self._strategy.experimental_distribute_values_from_function(
                lambda context, name=name: tf.constant(parts[name][context.replica_id_in_sync_group])
            )
            for name in parts
        }


def use(devices: Sequence[str], sharing: int = 1) -> None:
    """Makes this process ready for devices, before anything is computed.

    Args:
        devices: names as of `scaling.runner.compute.devices`.
        sharing: how many workers they have; each may fill its part of a GPU's memory.

    Raises:
        UserError: if TensorFlow does not see them.
    """
    kind = _kind(devices)
    if _several_processes():
        _strategy(tuple(devices))  # they must meet before anything is computed
    elif kind == "CPU" and len(devices) > 1:
        parts = [tf.config.LogicalDeviceConfiguration()] * len(devices)
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    elif kind == "GPU":
        gpus = tf.config.list_physical_devices(kind)
        if len(gpus) < len(devices):
            raise UserError(
                f"devices {','.join(devices)}: TensorFlow sees {len(gpus)} GPUs; is it installed with CUDA?"
            )
        if sharing > 1 and (memory := gpu_memory_mb()):
            part = tf.config.LogicalDeviceConfiguration(memory_limit=int(GPU_MEMORY * memory / sharing))
            tf.config.set_logical_device_configuration(gpus[0], [part])


def gradients(loss: Callable[..., Any], weights: list[Tensor], *rest: Any) -> tuple[list[Tensor], Tensor, Any]:
    """Gradients of `loss(weights, *rest) -> (value, more)`, the value, and the rest of what it returned."""
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value, more = loss(weights, *rest)
    return tape.gradient(value, weights), value, more


def after(reasons: Sequence[Tensor], values: Sequence[Tensor]) -> list[Tensor]:
    """The values, each once its reason is there: what is computed early from all of them is held in memory for long."""

    def waiting(reason: Tensor, value: Tensor) -> Tensor:
        with tf.control_dependencies([reason]):
            return tf.identity(value)

    return [waiting(reason, value) for reason, value in zip(reasons, values, strict=True)]


def repeat(body: Callable[[Tensor, Any], Any], start: Any, times: int) -> Any:
    """`body(i, carried) -> carried` for each i below `times`, one strictly after the other."""
    if tf.distribute.get_replica_context().num_replicas_in_sync == 1:
        # One at a time, or their memory adds up.
        return tf.while_loop(
            lambda i, _: i < times,
            lambda i, carried: (i + 1, body(i, carried)),
            (tf.constant(0), start),
            parallel_iterations=1,
            maximum_iterations=times,
        )[1]
    carried = start
    for i in range(times):  # replicas cannot meet inside a loop of the graph
        with tf.control_dependencies(tf.nest.flatten(carried)):
            so_far = tf.no_op()
        with tf.control_dependencies([so_far]):
            carried = body(tf.constant(i), carried)
    return carried


def mean(values: Any) -> Any:
    """The mean over replicas of a nest of tensors, on each of them."""
    return _reduced(values, tf.distribute.ReduceOp.MEAN)


def total(values: Any) -> Any:
    """The sum over replicas of a nest of tensors, on each of them."""
    return _reduced(values, tf.distribute.ReduceOp.SUM)


def everywhere(rows: Tensor) -> Tensor:
    """The rows of all replicas, on each of them."""
    context = tf.distribute.get_replica_context()
    return rows if context.num_replicas_in_sync == 1 else context.all_gather(rows, axis=0)


def replica() -> Tensor:
    """This replica's number; 0 where there is one."""
    context = tf.distribute.get_replica_context()
    return 0 if context.num_replicas_in_sync == 1 else context.replica_id_in_sync_group


def wait(result: Tensor) -> None:
    """Returns when the device has computed `result`."""
    result.numpy()


def device_name() -> str | None:
    """The accelerators' name and number, None on a CPU."""
    seen = tf.config.list_physical_devices("GPU") + tf.config.list_physical_devices("TPU")
    return counted(
        tf.config.experimental.get_device_details(device).get("device_name", device.device_type) for device in seen
    )


def multiplier() -> Multiplier:
    """What multiplies here, the accelerators where there are any."""
    if tf.config.list_physical_devices("TPU"):
        return Multiplier("tpu")
    if gpus := tf.config.list_physical_devices("GPU"):
        told = [tf.config.experimental.get_device_details(gpu).get("compute_capability") for gpu in gpus]
        return Multiplier("gpu", capability=min(capability[0] if capability else 0 for capability in told))
    return Multiplier("cpu", instructions=machine.bfloat16_instructions() or ())


def peak_memory_gb() -> float | None:
    """The most memory in use on one device since the last call, in 1e9 bytes; None where it is not told."""
    peaks = []
    for number in range(len(tf.config.list_logical_devices("GPU"))):
        peaks.append(tf.config.experimental.get_memory_info(f"GPU:{number}")["peak"] / 1e9)
        tf.config.experimental.reset_memory_stats(f"GPU:{number}")
    return max(peaks, default=None)


@functools.cache  # two would number their collectives alike and wait for each other's
def _strategy(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    kind = _kind(devices)
    if _several_processes():
        return tf.distribute.MultiWorkerMirroredStrategy()
    if kind == "TPU":
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu="local")
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    if len(devices) > 1:
        # Numbered anew: a worker sees no devices but its own.
        return tf.distribute.MirroredStrategy([f"{kind}:{number}" for number in range(len(devices))])
    return tf.distribute.get_strategy()


def _several_processes() -> bool:
    return bool(os.environ.get("TF_CONFIG"))


def _kind(devices: Sequence[str]) -> str:
    return devices[0].partition(":")[0].upper() if devices else ""


def _read(state: State) -> State:
    return {name: [variable.read_value() for variable in variables] for name, variables in state.items()}


def _reduced(values: Any, by: tf.distribute.ReduceOp) -> Any:
    context = tf.distribute.get_replica_context()
    return values if context.num_replicas_in_sync == 1 else context.all_reduce(by, values)
