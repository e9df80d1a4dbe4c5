"""The runtimes that an exported network runs in: how each takes a Keras model, and how it is called.

All compute in float32, on the CPU but for Keras, with as many threads as there are cores.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import io
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scaling import machine
from scaling.errors import UserError, did_you_mean

Call: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From images `(n, resolution, resolution, channels)` in [0, 255] to `(n, classes)`."""


@dataclass(frozen=True)
class Runtime:
    """A runtime, and the form of file that it reads.

    Attributes:
        name: as commands have it.
        title: for people.
        suffix: of its files; empty: a folder.
        packages: that it needs beyond what this toolkit does, as Python and pip call them.
        write: a Keras model as such a file.
        load: such a file as a function.
    """

    name: str
    title: str
    suffix: str
    packages: tuple[tuple[str, str], ...]
    write: Callable[[Any, Path], None]
    load: Callable[[Path], Call]

    def check(self, writes: bool = False) -> None:
        """Stops where a package is missing.

        Args:
            writes: whether a model is to be converted, too.

        Raises:
            UserError: naming it.
        """
        needed = self.packages if writes else self.packages[:1]
        if missing := [pip for module, pip in needed if importlib.util.find_spec(module) is None]:
            raise UserError(
                f"{self.title} needs {', '.join(missing)}: pip install "
                f'{" ".join(missing)}, or "scaling-study[deploy]" for all runtimes'
            )


def _save(model: Any, path: Path) -> None:
    model.save(path)


def _export(form: str) -> Callable[[Any, Path], None]:
    def write(model: Any, path: Path) -> None:
        with _quiet():
            model(np.zeros((1, *model.input_shape[1:]), np.float32))  # which some converters need
            model.export(str(path), format=form, verbose=False)

    return write


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what converters print and log of their progress; their errors are raised all the same."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _keras(path: Path) -> Call:
    import keras

    return _compiled(keras.models.load_model(path))


def _compiled(model: Any) -> Call:
    """A Keras model as one program of TensorFlow."""
    import tensorflow as tf

    call = tf.function(lambda images: model(images, training=False))
    return lambda images: np.asarray(call(images))


def _saved_model(path: Path) -> Call:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return lambda images: np.asarray(loaded.serve(images))


def _litert(path: Path) -> Call:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=_threads())
    (given,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    shape: list[tuple[int, ...]] = []

    def call(images: NDArray[np.float32]) -> NDArray[np.float32]:
        if shape != [images.shape]:
            interpreter.resize_tensor_input(given["index"], images.shape)
            interpreter.allocate_tensors()
            shape[:] = [images.shape]
        interpreter.set_tensor(given["index"], images)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(result["index"]))

    return call


def _onnx(path: Path) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: np.asarray(session.run(None, {name: images})[0])


def _openvino(path: Path) -> Call:
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    settings = {"INFERENCE_NUM_THREADS": _threads(), "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    compiled: dict[tuple[int, ...], Any] = {}

    def call(images: NDArray[np.float32]) -> NDArray[np.float32]:
        if images.shape not in compiled:
            compiled.clear()
            model.reshape(list(images.shape))
            compiled[images.shape] = core.compile_model(model, "CPU", settings).create_infer_request()
        return np.array(next(iter(compiled[images.shape].infer(images).values())))

    return call


def _threads() -> int:
    return len(machine.core_numbers())


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime("keras", "Keras", ".keras", (), _save, _keras),
        Runtime("saved_model", "TensorFlow's SavedModel", "", (), _export("tf_saved_model"), _saved_model),
        Runtime("litert", "LiteRT", ".tflite", (("ai_edge_litert", "ai-edge-litert"),), _export("litert"), _litert),
        Runtime(
            "onnx",
            "ONNX Runtime",
            ".onnx",
            (("onnxruntime", "onnxruntime"), ("tf2onnx", "tf2onnx")),
            _export("onnx"),
            _onnx,
        ),
        Runtime("openvino", "OpenVINO", ".xml", (("openvino", "openvino"),), _export("openvino"), _openvino),
    )
}
"""By name."""


def version(name: str) -> dict[str, str]:
    """The package of a runtime, with its version."""
    return {pip: importlib.metadata.version(pip) for _, pip in RUNTIMES[name].packages[:1]}


def runtime_of(path: Path) -> Runtime:
    """The runtime of an exported file, by its ending.

    Raises:
        UserError: where there is no such file, or none that was exported.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file")
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return RUNTIMES["saved_model"]
        raise UserError(f"{path}: a folder that is no SavedModel")
    known = {runtime.suffix: runtime for runtime in RUNTIMES.values() if runtime.suffix}
    if path.suffix not in known:
        raise UserError(
            f"{path}: {path.suffix or 'no ending'} is no exported network{did_you_mean(path.suffix, known)}"
        )
    return known[path.suffix]


def remove(path: Path) -> None:
    """Deletes an exported network that could not be written whole."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
        path.with_suffix(".bin").unlink(missing_ok=True)
