"""Counting networks that are no data: in a process of its own, which their code runs in, and the answer is kept.

    python -m scaling.models.counting

reads requests as JSON lines, a variant with channels and classes, and answers each with `params`, `macs` and
`activations`, or an `error`.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from scaling.errors import UserError
from scaling.models.complexity import Complexity
from scaling.models.family import Head
from scaling.schema import Variant

CACHE = "scaling/counts"
"""Below `~/.cache` (`XDG_CACHE_HOME`): a file a count, named after what was counted and the digest of its code."""


class Counter:
    """Counts one family, whose code its process has once imported; it starts when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def count(self, variant: Variant, head: Head) -> Complexity:
        """What a variant costs.

        Raises:
            UserError: where it cannot be built, with the network and what its code raised.
        """
        request = {"variant": variant.model_dump(mode="json"), "channels": head.channels, "classes": head.classes}
        line = json.dumps(request, sort_keys=True)
        kept = _cache() / f"{hashlib.sha256(line.encode()).hexdigest()}.json"
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Complexity(**json.loads(kept.read_text(encoding="utf-8")))
        answer = self._asked(line)
        if "error" in answer:
            raise UserError(f"{answer['error']} (building {variant.name})")
        with contextlib.suppress(OSError):  # it is only counted again
            kept.parent.mkdir(parents=True, exist_ok=True)
            draft = kept.with_suffix(f".{os.getpid()}")
            draft.write_text(json.dumps(answer), encoding="utf-8")
            draft.replace(kept)
        return Complexity(**answer)

    def _asked(self, line: str) -> dict[str, Any]:
        process = self._process = self._process or _started()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process was started without pipes")
        try:
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            self._process = None
            raise ValueError("family cannot be counted: the process that builds it has died")
        counts: dict[str, Any] = json.loads(answer)
        return counts


def _started() -> subprocess.Popen[str]:
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "scaling.models.counting"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(process.kill)
    return process


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE


def counted(model: Any) -> Complexity:
    """The cost of a Keras model for one image, from the operations of its TensorFlow graph.

    Products of matrices and convolutions count; activations are the outputs of those that have weights.
    """
    import tensorflow as tf

    image = tf.TensorSpec((1, *model.input_shape[1:]), "float32")
    graph = tf.function(lambda images: model(images, training=False)).get_concrete_function(image).graph
    total = Complexity(params=sum(math.prod(weight.shape) for weight in model.trainable_variables))
    for operation in _operations(graph):
        if products := _products(operation):
            macs, elements, weighted = products
            total += Complexity(macs=macs, activations=elements if weighted else 0)
    return total


def _operations(graph: Any) -> Any:
    """Of a graph and of the functions that it calls."""
    yield from graph.get_operations()
    for function in graph._functions.values():
        if hasattr(function, "graph"):
            yield from function.graph.get_operations()


def _products(operation: Any) -> tuple[int, int, bool] | None:
    """Multiply-accumulates and output elements of an operation that has any, and whether a variable is in it."""
    if operation.type not in ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Einsum"):
        return None
    left, right = (tuple(operand.shape) for operand in operation.inputs[:2])
    out = math.prod(operation.outputs[0].shape)
    weighted = any(_is_weight(operand) for operand in operation.inputs[:2])
    match operation.type:
        case "Conv2D":
            return out * math.prod(right[:3]), out, weighted
        case "DepthwiseConv2dNative":
            return out * math.prod(right[:2]), out, weighted
        case "Einsum":
            labels = operation.get_attr("equation").decode().partition("->")[0].split(",")
            sizes = dict(zip("".join(labels), (*left, *right), strict=True))
            return math.prod(sizes.values()), out, weighted
        case _:
            transposed = operation.node_def.attr["transpose_a" if operation.type == "MatMul" else "adj_x"].b
            return out * left[-2 if transposed else -1], out, weighted


def _is_weight(tensor: Any) -> bool:
    """Whether a tensor is a variable's value, perhaps cast or reshaped on the way."""
    while tensor.op.type in ("Cast", "Reshape", "Identity", "Transpose"):
        tensor = tensor.op.inputs[0]
    return bool(tensor.op.type == "ReadVariableOp")


def main() -> None:
    """Answers requests until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a family prints is no answer
    from scaling.models import outside

    for line in sys.stdin:
        request = json.loads(line)
        variant = Variant.model_validate(request["variant"])
        try:
            answer = vars(outside.count_here(variant, Head(request["channels"], request["classes"])))
        except Exception as error:
            message = str(error).strip().partition("\n")[0] or type(error).__name__
            told = (
                message
                if message.startswith("family")
                else f"family {variant.family!r}: {type(error).__name__}: {message}"
            )
            answer = {"error": told}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
