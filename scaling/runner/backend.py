"""What differs between TensorFlow and JAX, and nothing else: holding a state, gradients, compiling, waiting, memory.

The backend is Keras' own (`KERAS_BACKEND`). A state is a dictionary of lists of arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import keras

Tensor: TypeAlias = Any
State: TypeAlias = dict[str, list[Tensor]]
Step: TypeAlias = Callable[..., tuple[State, Any]]

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()

    OutOfMemory: tuple[type[BaseException], ...] = (tf.errors.ResourceExhaustedError, MemoryError)

    def held(state: State) -> State:
        """The state as variables, which `compiled_step` updates in place."""
        return {name: [tf.Variable(value) for value in values] for name, values in state.items()}

    def gradients(loss: Callable[..., Any], weights: list[Tensor], *rest: Any) -> tuple[list[Tensor], Tensor, Any]:
        """Gradients of `loss(weights, *rest) -> (value, more)`, the value, and the rest of what it returned."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value, more = loss(weights, *rest)
        return tape.gradient(value, weights), value, more

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as one graph; variables among its arguments are read."""

        def read_first(*arguments: Any) -> Any:
            return function(*tf.nest.map_structure(tf.convert_to_tensor, arguments))

        return tf.function(read_first)

    def compiled_step(step: Step) -> Step:
        """`step(state, *arguments) -> (new state, results)` as one graph that updates a held state in place."""

        @tf.function
        def update(state: State, *arguments: Any) -> Any:
            after, results = step({name: [v.read_value() for v in held] for name, held in state.items()}, *arguments)
            for name, variables in state.items():
                for variable, value in zip(variables, after[name], strict=True):
                    variable.assign(value)
            return results

        return lambda state, *arguments: (state, update(state, *arguments))

    def wait(result: Tensor) -> None:
        """Returns when the device has computed `result`."""
        result.numpy()

    def device_name() -> str | None:
        """The accelerator's name, None on a CPU."""
        for accelerator in tf.config.list_physical_devices("GPU") + tf.config.list_physical_devices("TPU"):
            return str(tf.config.experimental.get_device_details(accelerator).get("device_name", accelerator.name))
        return None

elif keras.backend.backend() == "jax":
    import jax

    class _NoError(Exception):
        """Never raised."""

    OutOfMemory = (MemoryError, getattr(jax.errors, "JaxRuntimeError", _NoError))

    def held(state: State) -> State:
        """The state as arrays on the device; `compiled_step` gives their memory to the new state."""
        return {name: [jax.numpy.array(value) for value in values] for name, values in state.items()}

    def gradients(loss: Callable[..., Any], weights: list[Tensor], *rest: Any) -> tuple[list[Tensor], Tensor, Any]:
        """Gradients of `loss(weights, *rest) -> (value, more)`, the value, and the rest of what it returned."""
        (value, more), slopes = jax.value_and_grad(loss, has_aux=True)(weights, *rest)
        return slopes, value, more

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as one XLA program."""
        return jax.jit(function)

    def compiled_step(step: Step) -> Step:
        """`step(state, *arguments) -> (new state, results)` as one XLA program; the old state is used up."""
        return jax.jit(step, donate_argnums=0)

    def wait(result: Tensor) -> None:
        """Returns when the device has computed `result`."""
        jax.block_until_ready(result)

    def device_name() -> str | None:
        """The accelerator's name, None on a CPU."""
        device = jax.devices()[0]
        return None if device.platform == "cpu" else str(device.device_kind)

else:
    raise ImportError(f"KERAS_BACKEND={keras.backend.backend()}: scaling trains with tensorflow or jax")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device or the host had no memory left."""
    return isinstance(error, MemoryError) or (
        isinstance(error, OutOfMemory)
        and any(sign in str(error) for sign in ("RESOURCE_EXHAUSTED", "OOM", "out of memory"))
    )
